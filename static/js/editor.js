// What the form of a page gains with JavaScript: it says so when a draft could not be kept. Nothing is stored here.
"use strict";

(() => {
  const form = document.getElementById("page-form");
  const saved = document.getElementById("saved");

  function failed() {
    const words = saved.querySelector("[data-words]") || document.createElement("span");
    words.dataset.words = "";
    words.textContent = form.dataset.failed;
    saved.prepend(words, " ");
  }

  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:response:error", failed);
})();
