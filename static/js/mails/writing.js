// The preview follows what is typed; without this file its buttons do. Nothing is stored or sent anywhere else.
"use strict";

const form = document.getElementById("mail-form");
const looks = [...document.querySelectorAll(".looks button")];
let chosen = looks[0];
let waiting = 0;

function choose(look) {
  chosen = look;
  for (const each of looks) each.setAttribute("aria-pressed", String(each === look));
}

// A new frame each time: in the old one every look would be a step of the browser's way back.
function renewFrame() {
  const frame = document.querySelector("iframe.shown");
  const fresh = frame.cloneNode();
  fresh.removeAttribute("src");
  frame.replaceWith(fresh);
}

if (form && chosen) {
  choose(chosen);
  form.addEventListener("submit", (event) => {
    if (!looks.includes(event.submitter)) return;
    choose(event.submitter);
    renewFrame();
  });
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(chosen), 500);
  });
}
