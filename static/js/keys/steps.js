// The ceremony's page: one step is shown at a time and has the focus; and what this tab holds meanwhile, in memory only.
"use strict";

import { loadWords } from "./passphrase.js";

export const root = document.getElementById("ceremony");
export const page = root.dataset;

// `words` until they are on paper; `file`, sealed, until it was opened again; `key`, taken from it, until it is proven.
export const held = { list: null, words: [], file: null, saved: false, key: null, registered: null };

export function find(path) {
  return root.querySelector(path);
}

export async function wordList() {
  held.list ??= await loadWords(page.words);
  return held.list;
}

export function show(name) {
  for (const step of root.querySelectorAll("[data-step]")) step.hidden = step.dataset.step !== name;
  const step = find(`[data-step="${name}"]`);
  if (step.dataset.number) find("progress").value = step.dataset.number;
  find("progress").hidden = !step.dataset.number;
  // Neither the other way nor what was before is a distraction once this one has begun.
  for (const id of ["offline", "in-use"]) document.getElementById(id)?.toggleAttribute("hidden", name !== "begin");
  step.querySelector("h2").focus();
}

export function fillIn(name, text) {
  for (const place of root.querySelectorAll(`[data-fill="${name}"]`)) place.textContent = text;
}
