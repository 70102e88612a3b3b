"""The numbers of the screen as rows of a file, no more than it shows."""

from collections.abc import Iterator

from proca_web.services.petitions.numbers.statistics import Lines, Statistics

HEAD = ("what", "of", "number")


def of(numbers: Statistics) -> Iterator[tuple[str, str, str]]:
    """A head, then a row for each number."""
    yield HEAD
    for what in ("people", "here", "today", "yesterday", "week"):
        yield what, "", str(getattr(numbers, what))
    sent = numbers.sent
    for what in ("submitted", "mailed", "confirmed", "shared", "waiting"):
        yield "sent", what, str(getattr(sent, what))
    for why, number in sent.ends.items():
        yield "sent", why, str(number)
    for bar in numbers.days:
        yield "day", f"{bar.at:%Y-%m-%d}", str(bar.number)
    for bar in numbers.hours:
        yield "hour", bar.at.isoformat(timespec="minutes"), str(bar.number)
    yield from _lines("source", numbers.sources)
    yield from _lines("country", numbers.areas)
    for page in numbers.pages:
        yield "page", page.name, str(page.people)


def _lines(what: str, lines: Lines) -> Iterator[tuple[str, str, str]]:
    for line in lines.lines:
        yield what, line.value, str(line.number)
    if lines.rest:
        yield what, "(others)", str(lines.rest)
