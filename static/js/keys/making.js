// Steps 2 and 3: a passphrase, and under it a fresh key, sealed into a file that is saved. The secret exists only while
// the file is made; the words leave this page as soon as the person goes on.
"use strict";

import { Refused, wipe } from "./bytes.js";
import { dumps, fileName, lock } from "./keyfile.js";
import { newKey } from "./orgkey.js";
import { empty, fill, list } from "./paper.js";
import { generate, judge } from "./passphrase.js";
import { fillIn, find, held, page, show, wordList } from "./steps.js";
import { canReveal, clear, whenSubmitted } from "./telling.js";

const choosing = find('[data-step="passphrase"] form');
const saving = find('[data-step="save"] form');
const own = choosing.querySelector("[data-passphrase]");
const paper = document.getElementById("paper");

export function listenToMaking(afterwards) {
  choosing.addEventListener("change", showKind);
  own.addEventListener("input", showVerdict);
  canReveal(choosing);
  whenSubmitted(choosing, makeFile);
  whenSubmitted(saving, async () => {
    if (!held.saved) throw new Refused("not-saved");
    forgetWords();
    afterwards();
  });
}

export async function choosePassphrase() {
  await otherWords();
  showKind();
  show("passphrase");
}

export async function otherWords() {
  held.words = generate(await wordList());
  list(choosing.querySelector("[data-words]"), held.words);
}

function isOwn() {
  return choosing.querySelector('[value="own"]').checked;
}

function showKind() {
  choosing.querySelector("[data-kind-words]").hidden = isOwn();
  choosing.querySelector("[data-kind-own]").hidden = !isOwn();
}

function showVerdict() {
  clear(choosing);
  const verdict = own.value ? judge(own.value) : "";
  for (const line of choosing.querySelectorAll("[data-verdict]")) line.hidden = line.dataset.verdict !== verdict;
}

function chosenPassphrase() {
  if (!isOwn()) return held.words.join(" ");
  const verdict = judge(own.value);
  if (["short", "repeated"].includes(verdict)) throw new Refused(verdict);
  return own.value;
}

async function makeFile() {
  const passphrase = chosenPassphrase();
  const key = newKey({ org: page.org, home_identity: page.homeIdentity, home_box: page.homeBox, origin: page.origin });
  try {
    held.file = await lock(key, passphrase, await wordList());
  } finally {
    wipe(key.secret);
  }
  held.saved = false;
  if (isOwn()) held.words = [];
  forgetTyped();
  showFile();
}

export function showFile() {
  const generated = held.words.length > 0;
  const about = { fingerprint: held.file.fingerprint, file: fileName(held.file, page.role) };
  fillIn("file", about.file);
  fillIn("fingerprint", about.fingerprint);
  fillIn("downloaded", "");
  find("[data-on-paper]").hidden = !generated;
  find("[data-in-mind]").hidden = generated;
  list(saving.querySelector("[data-words]"), held.words);
  if (generated) fill(paper, held.words, about);
  show("save");
}

export function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([dumps(held.file)], { type: "application/json" }));
  link.download = fileName(held.file, page.role);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  held.saved = true;
  clear(saving);
  fillIn("downloaded", find('[data-fill="downloaded"]').dataset.done);
}

function forgetTyped() {
  own.value = "";
  showVerdict();
  list(choosing.querySelector("[data-words]"), []);
}

function forgetWords() {
  held.words = [];
  list(saving.querySelector("[data-words]"), []);
  empty(paper);
}

export function forgetMaking() {
  forgetTyped();
  forgetWords();
}
