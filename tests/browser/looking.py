"""How a machine looks at a page: axe, what is too small for a thumb, what is wider than the window."""

from pathlib import Path

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text("utf-8")
THUMB = 44

PRESSED = "a, button, input, select, textarea, summary, label:has(input)"
# Links inside a sentence may be small (WCAG 2.5.8); a box is pressed by its label, a field by all of its width.
TOO_SMALL = """([pressed, least]) => [...document.querySelectorAll(pressed)]
  .filter((e) => e.checkVisibility() && e.type !== 'hidden' && !e.closest('.hidden, .skip'))
  .filter((e) => !(e.matches('[type=checkbox], [type=radio]') && e.closest('label')))
  .filter((e) => !(e.matches('a') && getComputedStyle(e).display === 'inline' && e.closest('p, li, dd, pre')))
  .filter((e) => !(e.matches('h2 > a') && getComputedStyle(e, '::after').position === 'absolute'))
  .filter((e) => { const r = e.getBoundingClientRect(); return r.height < least - 0.5 || r.width < least - 0.5 })
  .map((e) => `${e.outerHTML.slice(0, 90)}: ${Math.round(e.getBoundingClientRect().height)}`)"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# A frame of another origin cannot be looked into; axe would only ask it in vain.
RUN_AXE = "(rules) => axe.run(document, {resultTypes: ['violations'], iframes: false, rules})"
