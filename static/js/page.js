// What public pages gain with JavaScript; everything works without. Nothing is stored in the browser, and no network
// call is made but htmx's own and the counter's.
"use strict";

(() => {
  const words = document.body.dataset;
  const status = document.getElementById("status");

  function say(text) {
    if (status) status.textContent = text;
  }

  // A fault goes beside the button that was pressed; what was typed stays.
  function notice(text) {
    const place = document.getElementById("notice");
    if (!place) return;
    const line = document.createElement("p");
    line.className = "fault";
    line.textContent = text;
    place.replaceChildren(line);
    place.focus();
  }

  document.addEventListener("htmx:before:request", () => say(words.sending));
  document.addEventListener("htmx:finally:request", () => say(""));
  document.addEventListener("htmx:error", () => notice(words.offline));

  // Only our own answers may replace a form: not a proxy's error page, nor the sign-in page of a hotel's network.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.hx.retarget || /^\s*<(form|section) id="(sign-form|check-inbox|thanks)"/.test(ctx.text)) return;
    event.preventDefault();
    notice(words.failed);
  });

  // After a swap the reader's place is the answer: the refusal, the first fault, what is asked, or the next step.
  document.addEventListener("htmx:after:swap", (event) => {
    const places = [event.detail.ctx.hx.retarget, "#sign-form .summary", "#sign-form [autofocus]", "section.next"];
    const place = places.map((path) => path && document.querySelector(path)).find(Boolean);
    if (place) place.focus();
    const titled = document.querySelector("[data-title]");
    if (titled) document.title = titled.dataset.title;
    show();
    recountSoon();
  });

  function show() {
    for (const item of document.querySelectorAll(".needs-script")) {
      item.hidden = item.querySelector("[data-share]") ? !navigator.share : !navigator.clipboard;
    }
  }

  document.addEventListener("click", (event) => {
    const share = event.target.closest("[data-share]");
    if (share) navigator.share({ title: share.dataset.said, url: share.dataset.url }).catch(() => {});
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => say(copy.textContent = copy.dataset.done), () => {});
  });

  // The count moves while people read: one small file, only while the page is looked at.
  async function recount(cache) {
    const counters = document.querySelectorAll("[data-count-url]");
    if (!counters.length || document.hidden || !navigator.onLine) return "";
    try {
      const answer = await fetch(counters[0].dataset.countUrl, { credentials: "omit", cache });
      if (!answer.ok) return "";
      const now = await answer.json();
      for (const counter of counters) fill(counter, now);
      return now.updated_at;
    } catch {
      return ""; // The next round tries again.
    }
  }

  function fill(counter, now) {
    const language = document.documentElement.lang;
    const bar = counter.querySelector("progress");
    counter.querySelector("[data-count]").textContent = now.confirmed.toLocaleString(language);
    const unconfirmed = counter.querySelector("[data-unconfirmed]");
    unconfirmed.textContent = now.unconfirmed.toLocaleString(language);
    unconfirmed.parentElement.hidden = !now.unconfirmed;
    counter.querySelector("[data-goal]").textContent = now.goal.toLocaleString(language);
    bar.max = now.goal;
    bar.value = now.count;
    for (const next of document.querySelectorAll("[data-to-go]")) {
      const left = next.dataset.toGo - now.count;
      next.textContent = left.toLocaleString(language);
      next.closest("p").hidden = left <= 0;
    }
  }

  // Who has just signed is counted within seconds: asked for after 1, 2, 4 and 8 of them, until the count has moved.
  function recountSoon() {
    if (!document.getElementById("thanks")) return;
    let first = "";
    let moved = false;
    for (const seconds of [1, 2, 4, 8]) {
      setTimeout(async () => {
        if (moved) return;
        const updated = await recount("no-cache");
        first ||= updated;
        moved = updated > first;
      }, seconds * 1000);
    }
  }

  if (document.querySelector("[data-count-url]")) setInterval(() => recount("default"), 15000);
  recountSoon();
  show();
})();
