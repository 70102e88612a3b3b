// Making a passkey: the device makes a key pair and keeps the secret half; the form is sent with the public one.
"use strict";

import { make, there } from "./passkeys.js";

const form = document.querySelector("form[data-new-passkey]");
const fault = form.querySelector("[data-fault]");
const button = form.querySelector('[type="submit"]');

document.querySelector("[data-without-script]").hidden = true;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  fault.hidden = true;
  if (!there) {
    form.querySelector("[data-unable]").hidden = false;
    return;
  }
  button.disabled = true;
  try {
    form.elements.passkey.value = await make(form.dataset.newPasskey);
    form.submit();
  } catch {
    button.disabled = false;
    fault.hidden = false;
  }
});
