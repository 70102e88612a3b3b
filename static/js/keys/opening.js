// A form that takes a key file and its passphrase and hands on the opened key. File and passphrase stay in this tab.
"use strict";

import { Refused, wipe } from "./bytes.js";
import { MOST_BYTES, publicPart, read, unlock } from "./keyfile.js";
import { canReveal, whenSubmitted } from "./telling.js";

// `expected` refuses a file by its public part, before the passphrase is tried; `opened` must overwrite the secret.
export function opener(form, { words, expected, opened }) {
  const file = form.querySelector('[type="file"]');
  const passphrase = form.querySelector("[data-passphrase]");
  canReveal(form);
  whenSubmitted(form, async () => {
    const content = await chosen(file);
    expected(publicPart(content));
    if (!passphrase.value.trim()) throw new Refused("no-passphrase");
    const key = await unlock(content, passphrase.value, await words());
    try {
      await opened(key);
    } catch (error) {
      wipe(key.secret);
      throw error;
    }
    form.reset();
  });
}

async function chosen(input) {
  const file = input.files[0];
  if (!file) throw new Refused("no-file");
  if (file.size > MOST_BYTES) throw new Refused("no-key-file");
  return read(await file.text());
}

// Refuses the file of another org, or of another key than `fingerprint` where one is expected.
export function ownFile(part, org, fingerprint) {
  if (part.org !== org) throw new Refused("other-org");
  if (fingerprint && part.fingerprint !== fingerprint) throw new Refused("other-key");
}
