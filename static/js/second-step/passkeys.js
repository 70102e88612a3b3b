// Passkeys as the browser has them: options from the server in, a device's answer as text out. Nothing is kept.
"use strict";

const api = globalThis.PublicKeyCredential;

export const there = Boolean(api?.parseCreationOptionsFromJSON && api?.parseRequestOptionsFromJSON && navigator.credentials);

async function optionsFrom(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, redirect: "error" });
  if (!answer.ok) throw new Error("refused");
  return answer.json();
}

export async function make(url) {
  const publicKey = api.parseCreationOptionsFromJSON(await optionsFrom(url));
  return JSON.stringify((await navigator.credentials.create({ publicKey })).toJSON());
}

export async function use(url) {
  const publicKey = api.parseRequestOptionsFromJSON(await optionsFrom(url));
  return JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON());
}
