// The page of one key: its file and passphrase answer a challenge, as the first proof or as a later drill.
"use strict";

import { wipe } from "./bytes.js";
import { opener, ownFile } from "./opening.js";
import { loadWords } from "./passphrase.js";
import { prove, trusted } from "./proving.js";
import { fold } from "./telling.js";

const root = document.getElementById("answer");

function start() {
  const { org, fingerprint, homeIdentity, url, csrf, words } = root.dataset;
  const form = root.querySelector("form");
  const done = root.querySelector("[data-done]");
  let list;
  // What was found out is about the file that was tried: with another one it is open again.
  form.addEventListener("input", () => (done.hidden = true));
  form.addEventListener("submit", () => (done.hidden = true));
  opener(form, {
    words: async () => (list ??= await loadWords(words)),
    expected(part) {
      ownFile(part, org, fingerprint);
      trusted(part, homeIdentity);
    },
    async opened(key) {
      const said = await prove(url, csrf, key, trusted(key, homeIdentity));
      wipe(key.secret);
      if (!said.drilled) return location.reload();
      done.hidden = false;
      done.focus();
      document.getElementById("tried").textContent = done.dataset.justNow;
    },
  });
  addEventListener("pagehide", () => form.reset());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  fold(document.getElementById("with-command"));
  root.hidden = false;
  document.getElementById("without-script").hidden = true;
}

if (root && globalThis.crypto?.subtle) start();
