// An org's key: its two public halves, the name people compare, and which public keys are never used (protocol 5).
// A secret is 32 bytes in one Uint8Array; whoever asked for it overwrites it.
"use strict";

import { Refused, decode, digest, encode, nacl, random, wipe } from "./bytes.js";

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const FINGERPRINT = /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){7}$/;

export function publicOf(secret) {
  return nacl.scalarMult.base(secret);
}

// The Ed25519 pair that signs rotations; it follows from the X25519 secret.
export function signPair(secret) {
  const seed = digest(32, "org-sign", secret);
  const pair = nacl.sign.keyPair.fromSeed(seed);
  wipe(seed);
  return pair;
}

export function signPublicOf(secret) {
  const pair = signPair(secret);
  wipe(pair.secretKey);
  return pair.publicKey;
}

// A fresh key of an org, pinned to the Home Org that the page names.
export function newKey({ org, home_identity = "", home_box = "", origin = "" }) {
  const secret = random(32);
  return { org, home_identity, home_box, origin, secret, public: publicOf(secret), signPublic: signPublicOf(secret) };
}

// D(20, "fingerprint", public) in Crockford base32, 8 groups of 4.
export function fingerprint(publicKey) {
  let number = digest(20, "fingerprint", publicKey).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let letters = "";
  for (let place = 0; place < 32; place += 1) {
    letters = CROCKFORD[Number(number & 31n)] + letters;
    number >>= 5n;
  }
  return letters.match(/.{4}/g).join("-");
}

// Refuse what must never be sealed to or opened from: wrong size, alias of another key, low order.
export function checkPublic(publicKey) {
  if (publicKey.length !== 32 || !isCanonical(publicKey)) throw new Refused("public");
  const scalar = random(32);
  const shared = nacl.scalarMult(scalar, publicKey);
  const low = shared.every((byte) => byte === 0);
  wipe(scalar, shared);
  if (low) throw new Refused("public");
  return publicKey;
}

// Below 2^255 - 19, read little-endian; the highest bit has to be clear, too.
function isCanonical(publicKey) {
  if (publicKey[31] !== 0x7f) return publicKey[31] < 0x7f;
  return publicKey[0] < 0xed || publicKey.subarray(1, 31).some((byte) => byte !== 0xff);
}

// A Home pin as people give it: the 43-character identity, or its fingerprint.
export function readPin(text) {
  const pin = text.trim();
  if (FINGERPRINT.test(pin.toUpperCase())) return pin.toUpperCase();
  return encode(decode(pin, 32));
}

// The pinned identity as bytes. A pin that is a fingerprint vouches for the identity the page offers, or for none.
export function pinnedIdentity(pin, offered) {
  if (!pin) throw new Refused("no-pin");
  if (!FINGERPRINT.test(pin)) return decode(pin, 32);
  const identity = offered && decode(offered, 32);
  if (!identity || fingerprint(identity) !== pin) throw new Refused("other-home");
  return identity;
}
