// The page that is printed: the seven words, large, and as a code that a telephone reads. Drawn into a canvas, so that
// no attribute of the document ever spells them; emptied as soon as the person goes on.
"use strict";

import encodeQR from "../../vendor/qr-0.7.0.js";

const DOT = 8;

export function fill(paper, words, { fingerprint, file }) {
  paper.querySelector("[data-fingerprint]").textContent = fingerprint;
  paper.querySelector("[data-file]").textContent = file;
  list(paper.querySelector("[data-words]"), words);
  draw(paper.querySelector("canvas"), encodeQR(words.join(" "), "raw", { ecc: "medium", border: 4 }));
  paper.hidden = false;
}

export function empty(paper) {
  paper.hidden = true;
  list(paper.querySelector("[data-words]"), []);
  draw(paper.querySelector("canvas"), []);
}

// Words as items of a list that the template numbers.
export function list(place, words) {
  place.replaceChildren(...words.map((word) => {
    const item = document.createElement("li");
    item.textContent = word;
    return item;
  }));
}

function draw(canvas, rows) {
  canvas.width = canvas.height = rows.length * DOT; // setting it clears what was drawn
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000";
  rows.forEach((row, y) => row.forEach((dark, x) => dark && pen.fillRect(x * DOT, y * DOT, DOT, DOT)));
}
