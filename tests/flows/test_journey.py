"""The journey of the benchmarks in short: who signs is mailed, confirms, is counted, thanked; and its figures."""

from bench.hour import journey
from bench.hour.crowd import Person


def test_a_short_journey_ends_with_everybody_thanked() -> None:
    made = journey.travel("sqlite", 20.0, 1.0, workers=1)
    assert (made.signed, made.mailed, made.confirmed, made.counted, made.thanked) == (20,) * 5
    assert made.wrong == 0
    assert 0.17 < made.handed_over < 60
    assert 0.0 < made.count < 60
    assert made.connections > 0
    assert min(made.web, made.worker) > 0
    assert "20 signed, 20 mailed, 20 confirmed, 20 counted, 20 thanked of 20" in made.said()


def test_its_figures_are_those_of_what_happened() -> None:
    people = [Person(n, n + 0.1, n + 0.3, n + 1.0, n + 1.5) for n in range(1, 41)]
    people.append(Person(41, 41.1))  # whose mail never came
    counts = [(n / 2, max(0, (n - 5) // 2)) for n in range(4, 91)]
    cores = {"web": 1.0, "worker": 0.5, "relay": 0.1, "crowd": 0.2}
    made = journey._journey(people, counts, cores, {"wrong": 1, "connections": 8})
    assert (made.signed, made.mailed, made.confirmed, made.counted, made.thanked) == (41, 40, 40, 42, 40)
    assert (round(made.sign, 3), round(made.handed_over, 3), round(made.thank, 3)) == (0.1, 0.3, 0.5)
    assert made.count == 1.5
    assert made.backlog < 0.3
    people[20].mailed = people[20].confirmed = 0.0
    stuck = journey._journey(people, counts, cores, {"wrong": 1, "connections": 8})
    assert stuck.backlog_at_end >= 1
