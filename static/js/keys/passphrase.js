// Generated passphrases: seven words of a list of 7,776, 90 bits; on entry case, spaces and dashes are forgiven.
"use strict";

import { Refused } from "./bytes.js";

export const WORDS = 7;
const LIST = 7776;
const SHORTEST = 12;
const LONG = 20;
const FEWEST_CHARACTERS = 5;
// The largest multiple of the list's length that two bytes can hold: what is drawn above it would favour some words.
const FAIR = 65536 - (65536 % LIST);
// White space as Python reads it; JavaScript's \s lacks some of it and has one more.
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const SPACES = new RegExp(`${SPACE}+`, "gu");
const AT_THE_ENDS = new RegExp(`^${SPACE}+|${SPACE}+$`, "gu");

// The list, whole: a cut one would give weaker passphrases without a word.
export function readWords(text) {
  const words = text.split("\n").filter(Boolean);
  if (new Set(words).size !== LIST || words.length !== LIST) throw new Refused("words");
  return words;
}

export async function loadWords(url) {
  const answer = await fetch(url, { credentials: "omit" });
  if (!answer.ok) throw new Refused("words");
  return readWords(await answer.text());
}

// Seven random words, by rejection sampling.
export function generate(words) {
  const chosen = [];
  const draw = new Uint16Array(1);
  while (chosen.length < WORDS) {
    crypto.getRandomValues(draw);
    if (draw[0] < FAIR) chosen.push(words[draw[0] % LIST]);
  }
  draw.fill(0);
  return chosen;
}

// What is derived from: seven words of the list as their bare letters, any other passphrase as typed.
export function normalise(typed, words) {
  return reading(typed.normalize("NFKC"), words);
}

// In the order in which a file is tried: an older one may be sealed under an own passphrase as it was typed.
export function readings(typed, words) {
  return [...new Set([normalise(typed, words), reading(typed, words)])];
}

function reading(typed, words) {
  const letters = typed.toLowerCase().replaceAll("-", "").replace(SPACES, "");
  return readsAsWords(letters, words) ? letters : typed.replace(AT_THE_ENDS, "");
}

function readsAsWords(letters, words) {
  const known = new Set(words.map((word) => word.replaceAll("-", "")));
  const longest = Math.max(...words.map((word) => word.length));
  if (letters.length > WORDS * longest) return false;
  // For each place: with how many words one can get there.
  const counts = [new Set([0])];
  for (let end = 1; end <= letters.length; end += 1) {
    counts.push(new Set());
    for (let start = Math.max(0, end - longest); start < end; start += 1) {
      if (known.has(letters.slice(start, end))) for (const count of counts[start]) counts[end].add(count + 1);
    }
  }
  return counts[letters.length].has(WORDS);
}

// What can honestly be said of an own passphrase: "short", "repeated" (both refused), "fair" or "long".
export function judge(typed) {
  const characters = [...typed.normalize("NFKC").replace(AT_THE_ENDS, "")];
  if (characters.length < SHORTEST) return "short";
  if (new Set(characters).size < FEWEST_CHARACTERS) return "repeated";
  return characters.length < LONG ? "fair" : "long";
}
