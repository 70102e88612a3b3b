// Asks for the second step in the middle of something, which stays as it is: the form of the page that asks, in a dialog.
"use strict";

import { start } from "./use.js";

async function formOf(url) {
  const answer = await fetch(url, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.querySelector(`form[action^="${new URL(answer.url).pathname}"]`);
  if (!form) throw new Error("refused");
  return document.adoptNode(form);
}

function dialogWith(form, { error, cancel }) {
  const dialog = document.createElement("dialog");
  const box = document.createElement("article");
  const title = document.createElement("p");
  const fault = document.createElement("p");
  const away = document.createElement("button");
  title.textContent = error;
  title.id = "step-up-title";
  fault.className = "fault";
  fault.setAttribute("role", "alert");
  fault.hidden = true;
  away.type = "button";
  away.className = "secondary wide";
  away.textContent = cancel;
  away.addEventListener("click", () => dialog.close());
  dialog.setAttribute("aria-labelledby", title.id);
  form.prepend(fault);
  box.append(title, form, away);
  dialog.append(box);
  document.body.append(dialog);
  return { dialog, fault };
}

// Whether the second step was taken; false when its owner turned away.
export async function askAgain(said) {
  const form = await formOf(said.step_up);
  const { dialog, fault } = dialogWith(form, said);
  const back = document.activeElement;
  let taken = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body: new FormData(form) });
    taken = answer.ok;
    if (taken) return dialog.close();
    fault.textContent = (await answer.json().catch(() => null))?.error ?? said.error;
    fault.hidden = false;
    form.elements.passkey.value = ""; // each answer of a passkey is for one try
    form.elements.code.focus();
  });
  for (const way of form.querySelectorAll("[data-passkey]")) start(way);
  dialog.showModal();
  form.elements.code.focus();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  dialog.remove();
  back?.focus();
  return taken;
}
