// How keys and numbers become bytes and text, and how every hash names its purpose (protocol 0). Pure; keeps nothing.
"use strict";

import "../../vendor/tweetnacl-1.0.3.min.js";

export const nacl = globalThis.nacl;

const UTF8 = new TextEncoder();
// The last character of 2 or 3 carries bits that no byte uses: zero in canonical text.
const LAST = { 2: "AQgw", 3: "AEIMQUYcgkosw048" };

// What is refused, by a name the page has a sentence for. Never holds what was in it.
export class Refused extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

export function wipe(...arrays) {
  for (const array of arrays) if (array) new Uint8Array(array.buffer).fill(0);
}

export function random(size) {
  return crypto.getRandomValues(new Uint8Array(size));
}

// UTF-8; half a character, which JSON can spell and UTF-8 cannot write, is refused rather than replaced.
export function utf8(text) {
  if (!text.isWellFormed()) throw new Refused("encoding");
  return UTF8.encode(text);
}

// base64url without padding.
export function encode(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// Read base64url strictly: canonical, unpadded and, where given, of exactly `size` bytes.
export function decode(text, size) {
  const used = typeof text === "string" ? text.length % 4 : 1;
  if (used === 1 || !/^[A-Za-z0-9_-]*$/.test(text)) throw new Refused("encoding");
  if (used && !LAST[used].includes(text.at(-1))) throw new Refused("encoding");
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  if (size !== undefined && bytes.length !== size) throw new Refused("encoding");
  return bytes;
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

export function equal(one, other) {
  return one.length === other.length && nacl.verify(one, other);
}

// Eight bytes, big-endian.
export function be64(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}

// A variable field: be32(length) and the bytes; text is UTF-8.
export function sized(data) {
  const raw = typeof data === "string" ? utf8(data) : data;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, raw.length);
  return join(length, raw);
}

// L(x): the bytes that open every hashed or signed message of that purpose.
export function label(purpose) {
  return utf8(`proca-web:${purpose}:v1\0`);
}

// D(n, x, d). The joined message is overwritten: it may hold a secret.
export function digest(size, purpose, data) {
  const message = join(label(purpose), data);
  const hash = nacl.hash(message);
  const short = hash.slice(0, size);
  wipe(message, hash);
  return short;
}

// K(x, key, d).
export async function keyed(purpose, key, data) {
  const algorithm = { name: "HMAC", hash: "SHA-512" };
  const handle = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", handle, join(label(purpose), data))).slice(0, 32);
}
