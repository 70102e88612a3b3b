// Making an org's key in the browser, one step at a time. What proves the key is what the *saved* file opens to; its
// secret is overwritten once the proof is given, and when the page is left.
"use strict";

import { decode, encode, wipe } from "./bytes.js";
import { choosePassphrase, download, forgetMaking, listenToMaking, otherWords, showFile } from "./making.js";
import { opener, ownFile } from "./opening.js";
import { checkPublic } from "./orgkey.js";
import { prove, trusted } from "./proving.js";
import { post } from "./server.js";
import { rotation } from "./statements.js";
import { fillIn, find, held, page, root, show, wordList } from "./steps.js";
import { clear, fold, tell, whenSubmitted } from "./telling.js";

// Step 4
function openAgain() {
  find("[data-again]").hidden = !held.file;
  find("[data-back]").hidden = Boolean(held.file);
  show("reopen");
}

async function reopened(key) {
  find("#reopen").reset();
  Object.assign(held, { key, file: null, statement: null });
  fillIn("fingerprint", key.fingerprint);
  find('[data-part="rotation"]').hidden = !page.oldPublic;
  show("register");
  if (!page.oldPublic) await register();
}

// Step 5: the old key signs for the new one where it is at hand; then registration, question and answer.
async function signOver(old) {
  find("#old").reset();
  held.statement = rotation(old.secret, {
    org: page.org,
    oldPublic: checkPublic(decode(page.oldPublic, 32)),
    newPublic: held.key.public,
    newSign: held.key.signPublic,
    time: Math.floor(Date.now() / 1000),
  });
  wipe(old.secret);
  await register();
}

async function register() {
  const sending = find('[data-part="sending"]');
  const failed = find('[data-part="failed"]');
  find('[data-part="rotation"]').hidden = failed.hidden = true;
  sending.hidden = false;
  try {
    held.registered ??= await post(page.register, page.csrf, registration());
    await prove(held.registered.url, page.csrf, held.key, trusted(held.key, page.homeIdentity));
    wipe(held.key.secret);
    if (page.oldPublic) find('[data-part="unsigned"]').hidden = Boolean(held.statement);
    show("activate");
  } catch (error) {
    failed.hidden = false;
    clear(failed);
    // Somebody else was first, or the key is refused for good: trying again would change nothing.
    find("[data-try-again]").hidden = error.status < 500 && error.status !== 429;
    tell(failed, error);
  } finally {
    sending.hidden = true;
  }
}

function registration() {
  return {
    public: encode(held.key.public),
    fingerprint: held.key.fingerprint,
    sign_public: encode(held.key.signPublic),
    role: page.role,
    ...(held.statement && { rotation: held.statement }),
  };
}

// Step 6
async function activate() {
  const said = await post(`${held.registered.url}/activate`, page.csrf);
  if (said.due_at) fillIn("due", moment(said.due_at));
  show(said.state === "waiting" ? "waiting" : "done");
}

function moment(text) {
  const style = { dateStyle: "long", timeStyle: "short", timeZone: "UTC" };
  return new Date(text).toLocaleString(document.documentElement.lang, style);
}

const offline = document.getElementById("offline");
const pressed = {
  begin: () => show("begin"),
  passphrase: choosePassphrase,
  words: otherWords,
  reopen: openAgain,
  save: showFile,
  download,
  print: () => print(),
  offline: () => (offline.open = true),
  "without-old": register,
  again: register,
};

function press(event) {
  const button = event.target.closest("[data-press]");
  if (!button) return;
  Promise.resolve(pressed[button.dataset.press]()).catch((error) => tell(find('[data-part="begin"]'), error));
}

// Nothing secret outlives the page, not even in the browser's memory of pages one may go back to.
function forget() {
  if (held.key) wipe(held.key.secret);
  Object.assign(held, { words: [], file: null, key: null });
  forgetMaking();
  for (const form of root.querySelectorAll("form")) form.reset();
}

function start() {
  root.addEventListener("click", press);
  listenToMaking(openAgain);
  opener(find("#reopen"), {
    words: wordList,
    opened: reopened,
    expected(part) {
      ownFile(part, page.org, held.file?.fingerprint);
      trusted(part, page.homeIdentity);
    },
  });
  if (find("#old")) {
    const expected = (part) => ownFile(part, page.org, page.oldFingerprint);
    opener(find("#old"), { words: wordList, expected, opened: signOver });
  }
  whenSubmitted(find('[data-step="activate"] form'), activate);
  addEventListener("pagehide", forget);
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  fold(offline);
  root.hidden = false;
  document.getElementById("without-script").hidden = true;
}

// Absent without https. Then, and where this script does not run at all, the page says which way is left.
if (globalThis.crypto?.subtle) start();
