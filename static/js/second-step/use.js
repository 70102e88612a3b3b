// A button that puts a passkey in place of a code: the device asks its owner, then the form is sent with its answer.
"use strict";

import { there, use } from "./passkeys.js";

function start(way) {
  const form = way.closest("form");
  const fault = way.querySelector("[data-fault]");
  const button = way.querySelector("button");
  button.addEventListener("click", async () => {
    fault.hidden = true;
    button.disabled = true;
    try {
      form.elements.passkey.value = await use(way.dataset.passkey);
      form.submit();
    } catch {
      button.disabled = false;
      fault.hidden = false;
    }
  });
  way.hidden = false;
}

if (there) for (const way of document.querySelectorAll("[data-passkey]")) start(way);
