// The numbers renew themselves while somebody looks; without this file they stay as they were when the page came.
"use strict";

(() => {
  let opened = [];
  let focused = "";

  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden) event.preventDefault();
  });

  // What is no part of this page is another one: whoever is signed out meanwhile signs in again.
  document.addEventListener("htmx:before:swap", (event) => {
    if (!/^\s*<div id="numbers"/.test(event.detail.ctx.text)) {
      event.preventDefault();
      location.reload();
      return;
    }
    opened = [...document.querySelectorAll("#numbers details[open]")].map((each) => each.id);
    focused = document.activeElement.id;
  });

  // Tables that were unfolded stay so, and the reader's place with them.
  document.addEventListener("htmx:after:swap", () => {
    for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
    const place = focused && document.getElementById(focused);
    if (place && place !== document.activeElement) place.focus({ preventScroll: true });
  });
})();
