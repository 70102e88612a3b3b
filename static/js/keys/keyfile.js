// An org's key file: the secret sealed under a passphrase, with everything needed to check what it opens (protocol 5).
// It is made and opened in this tab only; nothing here sends or stores anything.
"use strict";

import { Refused, decode, digest, encode, equal, join, nacl, random, sized, utf8, wipe } from "./bytes.js";
import { fingerprint, publicOf, readPin, signPublicOf } from "./orgkey.js";
import { normalise, readings } from "./passphrase.js";

export const ROUNDS = 600000;
export const MOST_ROUNDS = 5000000;
export const MOST_BYTES = 65536;
const FORMAT = "proca-web-orgkey";
const KDF = "pbkdf2-hmac-sha256";
const HEADER = [
  "format", "version", "org", "public", "sign_public", "fingerprint", "home_identity", "home_box", "origin", "created_at",
];
const TEXTS = [...HEADER.filter((name) => name !== "version"), "nonce", "seal", "check"];
const SEALED = 65; // 0x01, the secret, the header's hash
const TAG = 16;

// A recovery key's file is told from the main one's by its name.
export function fileName(content, role) {
  const kind = role === "recovery" ? "recovery-" : "";
  return `${content.org}-${kind}${content.fingerprint.slice(0, 9).replace("-", "")}.orgkey.json`;
}

export function dumps(content) {
  return `${JSON.stringify(content, null, 2)}\n`;
}

// The key file as an object. The key's secret stays the caller's, who overwrites it.
export async function lock(key, passphrase, words, now = new Date()) {
  const salt = random(16);
  const content = {
    format: FORMAT,
    version: 1,
    org: key.org,
    public: encode(key.public),
    sign_public: encode(key.signPublic),
    fingerprint: fingerprint(key.public),
    home_identity: key.home_identity,
    home_box: key.home_box,
    origin: key.origin,
    created_at: now.toISOString().replace(/\.\d+Z$/, "Z"),
    kdf: { name: KDF, rounds: ROUNDS, salt: encode(salt) },
  };
  const nonce = random(24);
  const derived = await derive(normalise(passphrase, words), salt, ROUNDS);
  const inner = join(Uint8Array.of(1), key.secret, digest(32, "keyfile", headerTexts(content)));
  const seal = secretbox(inner, nonce, derived);
  wipe(inner, derived);
  const sealed = { ...content, nonce: encode(nonce), seal: encode(seal) };
  return { ...sealed, check: checkOf(sealed) };
}

// The opened key; its secret is the caller's to overwrite. Refused: "damaged" or "passphrase".
export async function unlock(content, passphrase, words) {
  inspect(content);
  const inner = await openSeal(content, readings(passphrase, words));
  const secret = inner.slice(1, 33);
  const whole = inner[0] === 1 && equal(inner.subarray(33), digest(32, "keyfile", headerTexts(content)));
  wipe(inner);
  const key = { ...publicPart(content), secret };
  if (whole && equal(publicOf(secret), key.public) && equal(signPublicOf(secret), key.signPublic)) return key;
  wipe(secret);
  throw new Refused("damaged");
}

// A key file from its text, its shape, bounds and check value tested; needs no passphrase.
export function read(text) {
  let content;
  try {
    content = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    throw new Refused("no-key-file");
  }
  inspect(content);
  return content;
}

export function publicPart(content) {
  return {
    org: content.org,
    public: decode(content.public, 32),
    signPublic: decode(content.sign_public, 32),
    fingerprint: content.fingerprint,
    home_identity: content.home_identity && readPin(content.home_identity),
  };
}

export function inspect(content) {
  checkShape(content);
  try {
    const sound =
      fingerprint(decode(content.public, 32)) === content.fingerprint &&
      decode(content.sign_public, 32) &&
      decode(content.kdf.salt, 16) &&
      decode(content.nonce, 24) &&
      decode(content.seal, SEALED + TAG) &&
      (!content.home_identity || readPin(content.home_identity)) &&
      (!content.home_box || decode(content.home_box, 32)) &&
      checkOf(content) === content.check;
    if (sound) return;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  throw new Refused("damaged");
}

// Everything outside the bounds is refused before anything is derived: a hostile file must not cost minutes.
function checkShape(content) {
  if (content?.format !== FORMAT || content.version !== 1) throw new Refused("no-key-file");
  const kdf = content.kdf;
  const wellFormed =
    TEXTS.every((name) => typeof content[name] === "string") &&
    kdf?.name === KDF &&
    typeof kdf.salt === "string" &&
    Number.isInteger(kdf.rounds);
  if (!wellFormed || kdf.rounds < ROUNDS || kdf.rounds > MOST_ROUNDS) throw new Refused("damaged");
}

// be32-prefixed texts of all fields before `nonce`, in that order.
function headerTexts(content) {
  const texts = [...HEADER.map((name) => content[name]), content.kdf.name, content.kdf.rounds, content.kdf.salt];
  return join(...texts.map((text) => sized(String(text))));
}

// Unkeyed: it only tells damage from a wrong passphrase.
function checkOf(content) {
  return encode(digest(8, "keyfile-check", join(headerTexts(content), sized(content.nonce), sized(content.seal))));
}

async function openSeal(content, tries) {
  for (const passphrase of tries) {
    const derived = await derive(passphrase, decode(content.kdf.salt, 16), content.kdf.rounds);
    const inner = nacl.secretbox.open(decode(content.seal), decode(content.nonce, 24), derived);
    wipe(derived);
    if (inner) return inner;
  }
  throw new Refused("passphrase");
}

async function derive(passphrase, salt, rounds) {
  const bytes = utf8(passphrase);
  const handle = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  wipe(bytes);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, handle, 256));
}

// nacl.secretbox keeps a copy of the plaintext that nobody can overwrite; with our own buffers everything is wiped.
function secretbox(inner, nonce, key) {
  const padded = join(new Uint8Array(32), inner);
  const sealed = new Uint8Array(padded.length);
  nacl.lowlevel.crypto_secretbox(sealed, padded, padded.length, nonce, key);
  wipe(padded);
  return sealed.slice(TAG);
}
