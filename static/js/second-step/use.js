// A button that puts a passkey in place of a code: the device asks its owner, then the form is sent with its answer.
"use strict";

import { there, use } from "./passkeys.js";

export function start(way) {
  if (!there) return;
  const form = way.closest("form");
  const fault = way.querySelector("[data-fault]");
  const button = way.querySelector("button");
  button.addEventListener("click", async () => {
    fault.hidden = true;
    button.disabled = true;
    try {
      form.elements.passkey.value = await use(way.dataset.passkey);
      form.requestSubmit();
    } catch {
      fault.hidden = false;
    }
    button.disabled = false;
  });
  way.hidden = false;
}

for (const note of document.querySelectorAll("[data-without-script]")) note.hidden = there;
for (const way of document.querySelectorAll("[data-passkey]")) start(way);
