// What public pages gain with JavaScript; everything works without. No network call but htmx's own and the counter's.
"use strict";

(function () {
  const notice = (text) => {
    const place = document.getElementById("notice");
    if (!place) return;
    const line = document.createElement("p");
    line.className = "fault";
    line.textContent = text;
    place.replaceChildren(line);
    place.focus();
  };

  // A fault that is not our own answer (a proxy's page, no network) must not replace what somebody typed.
  document.addEventListener("htmx:before:swap", (event) => {
    const ctx = event.detail.ctx;
    const status = ctx.response ? ctx.response.status : 200;
    if (status >= 400 && status !== 422 && !(ctx.hx && ctx.hx.retarget)) {
      event.preventDefault();
      notice(document.body.dataset.failed);
    }
  });
  document.addEventListener("htmx:error", () => {
    notice(document.body.dataset.offline);
  });

  // After a swap the reader's place is the answer: the first fault, or the next step.
  document.addEventListener("htmx:after:swap", () => {
    const place = document.querySelector("[aria-invalid=true]") || document.querySelector("section.next");
    if (place) place.focus();
    show();
  });

  function show() {
    for (const item of document.querySelectorAll(".needs-script")) {
      const native = item.querySelector("[data-share]");
      item.hidden = Boolean(native) && !navigator.share;
    }
    const form = document.getElementById("sign-form");
    if (form && "IntersectionObserver" in window) {
      new IntersectionObserver((entries) => {
        document.body.classList.toggle("form-in-view", entries.some((entry) => entry.isIntersecting));
      }).observe(form);
    } else if (!form) {
      document.body.classList.add("form-in-view");
    }
  }

  document.addEventListener("click", (event) => {
    const share = event.target.closest("[data-share]");
    if (share) navigator.share({ title: share.dataset.title, url: share.dataset.url }).catch(() => {});
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = copy.dataset.done; }, () => {});
    }
  });

  // The count moves while people read: one small file, only while the page is looked at.
  const counter = document.querySelector("[data-count-url]");
  if (counter) {
    const language = document.documentElement.lang;
    setInterval(() => {
      if (document.hidden) return;
      fetch(counter.dataset.countUrl, { credentials: "omit" })
        .then((answer) => (answer.ok ? answer.json() : null))
        .then((now) => {
          if (!now) return;
          counter.querySelector("[data-count]").textContent = now.count.toLocaleString(language);
          counter.querySelector("[data-goal]").textContent = now.goal.toLocaleString(language);
          const bar = counter.querySelector("progress");
          bar.max = now.goal;
          bar.value = now.count;
        })
        .catch(() => {});
    }, 15000);
  }

  show();
})();
