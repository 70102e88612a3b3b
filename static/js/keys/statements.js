// What an org's key says: the change to its successor, and the answer that proves it is held (protocol 5).
// A challenge is opened only when it is exactly one, and never shown: this can not serve to read a stored row.
"use strict";

import { Refused, be64, decode, encode, equal, join, keyed, label, nacl, sized, utf8, wipe } from "./bytes.js";
import { checkPublic, publicOf, signPair } from "./orgkey.js";

const FORMAT = "proca-web-challenge";
const BOX = 185;
const SIZES = { id: 16, public: 32, ephemeral: 32, nonce: 24, box: BOX };
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

// "TIME.SIGNATURE": the old key says which key comes next.
export function rotation(oldSecret, { org, oldPublic, newPublic, newSign, time }) {
  const pair = signPair(oldSecret);
  const message = join(label("org-rotate"), sized(org), oldPublic, newPublic, newSign, be64(time));
  const signature = nacl.sign.detached(message, pair.secretKey);
  wipe(pair.secretKey);
  return `${time}.${encode(signature)}`;
}

// The answer to a challenge posed by the *pinned* identity to this key. Refused: "challenge", or "late".
export async function answer(challenge, key, identity, now = Date.now()) {
  const parts = readChallenge(challenge);
  if (!equal(parts.public, publicOf(key.secret)) || challenge.org !== key.org) throw new Refused("challenge");
  const opened = open(parts, key.secret);
  try {
    const about = await expected(parts, key.org, identity);
    if (!equal(opened.subarray(0, about.length), about)) throw new Refused("challenge");
    if (now >= parts.until * 1000) throw new Refused("late");
    const secret = join(opened.subarray(about.length), parts.id);
    try {
      return await keyed("pop-answer", secret, join(identity, parts.public));
    } finally {
      wipe(secret);
    }
  } finally {
    wipe(opened);
  }
}

function readChallenge(challenge) {
  const until = challenge?.expires_at;
  const known = challenge?.format === FORMAT && challenge.version === 1 && typeof challenge.org === "string";
  if (!known || typeof until !== "string" || !MOMENT.test(until)) throw new Refused("challenge");
  const seconds = Date.parse(until) / 1000;
  // 30 February is read as a day of March; written back it differs.
  if (!Number.isInteger(seconds) || new Date(seconds * 1000).toISOString() !== until.replace("Z", ".000Z")) {
    throw new Refused("challenge");
  }
  try {
    const parts = Object.entries(SIZES).map(([name, size]) => [name, decode(challenge[name], size)]);
    return { ...Object.fromEntries(parts), until: seconds };
  } catch {
    throw new Refused("challenge");
  }
}

// Whatever does not open is refused in the same words as what opens and is no challenge.
function open(parts, secret) {
  try {
    checkPublic(parts.ephemeral);
  } catch {
    throw new Refused("challenge");
  }
  const shared = nacl.box.before(parts.ephemeral, secret);
  const opened = nacl.secretbox.open(parts.box, parts.nonce, shared);
  wipe(shared);
  if (!opened) throw new Refused("challenge");
  return opened;
}

// The first 137 bytes: who asks whom, about which key, until when.
async function expected(parts, org, identity) {
  const orgHash = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(org)));
  return join(label("pop"), identity, orgHash, parts.public, parts.id, be64(parts.until));
}
