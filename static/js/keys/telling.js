// What a form of the key pages tells: that it works, and what was wrong, beside what caused it. All texts are the
// template's: `data-reason` names the refusal, `data-field` the field it is about.
"use strict";

export function clear(form) {
  for (const place of form.querySelectorAll(".fault")) {
    place.hidden = true;
    place.textContent = "";
  }
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

// A server's own sentence comes first; else the template's for this reason; else its general one.
export function tell(form, error) {
  const known = form.querySelector(`[data-reason="${error.reason}"]`) ?? form.querySelector('[data-reason="failed"]');
  const field = known.dataset.field && form.querySelector(`[data-about="${known.dataset.field}"]`);
  const place = field ? document.getElementById(`${field.id}-fault`) : form.querySelector("p.fault");
  place.textContent = error.sentence ?? known.textContent;
  place.hidden = false;
  if (field) {
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", place.id);
  }
  (field ?? place).focus();
}

// One deed at a time; while it lasts the button shows it and a screen reader hears it.
export function whenSubmitted(form, deed) {
  const button = form.querySelector('[type="submit"]');
  const status = form.querySelector("[data-busy]");
  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    clear(form);
    button.setAttribute("aria-busy", "true");
    status.textContent = status.dataset.busy;
    try {
      await deed();
    } catch (error) {
      tell(form, error);
    } finally {
      busy = false;
      button.removeAttribute("aria-busy");
      status.textContent = "";
    }
  });
}

// Passphrases are hidden by style and not in a password field: a browser would offer to store, and sync, what is in one.
export function canReveal(form) {
  const box = form.querySelector("[data-reveal]");
  const field = form.querySelector("[data-passphrase]");
  box.addEventListener("change", () => field.classList.toggle("veiled", !box.checked));
  form.addEventListener("reset", () => field.classList.add("veiled"));
}

// What stands open for those without a script is folded, unless something in it was just refused.
export function fold(details) {
  details.open = "wanted" in details.dataset;
}
