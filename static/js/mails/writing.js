// The preview follows what is typed; without this file its buttons do. Nothing is stored or sent anywhere else.
"use strict";

const form = document.getElementById("mail-form");
const looks = [...document.querySelectorAll(".looks button")];
let chosen = looks[0];
let waiting = 0;

function mark() {
  for (const look of looks) look.setAttribute("aria-pressed", String(look === chosen));
}

if (form && chosen) {
  mark();
  for (const look of looks) {
    look.addEventListener("click", () => {
      chosen = look;
      mark();
    });
  }
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(chosen), 500);
  });
}
