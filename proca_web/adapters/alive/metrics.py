"""The instance's figures in the text format that Prometheus and others read.

Made from the database when asked: whichever process answers, the numbers are the same, and none is kept anywhere.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from proca_web.services.instance.figures import Figures
from proca_web.services.instance.health import Worker

_OF_MAIL = ("kind", "transport")  # the instance's transport has no name
MIMETYPE = "text/plain; version=0.0.4; charset=utf-8"


def rendered(figures: Figures, worker: Worker, alarms: dict[str, bool]) -> bytes:
    """One line a number. `alarms`: whether each kind stands."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(figures, worker, alarms))
    return generate_latest(registry)


class _Snapshot:
    """What the library collects, once."""

    def __init__(self, figures: Figures, worker: Worker, alarms: dict[str, bool]) -> None:
        self._figures, self._worker, self._alarms = figures, worker, alarms

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        waiting = GaugeMetricFamily("proca_mails_waiting", "Mails that are not out yet", labels=_OF_MAIL)
        delay = "Age of the oldest mail no relay has answered"
        delays = GaugeMetricFamily("proca_mail_delay_seconds", delay, labels=_OF_MAIL)
        for transport, kinds in figures.mails.items():
            for kind, mails in kinds.items():
                waiting.add_metric([kind, transport], mails.number)
                delays.add_metric([kind, transport], mails.seconds)
        yield from (waiting, delays)
        yield _labelled("proca_events_today", "Signatures to which this happened today (UTC)", "event", figures.today)
        yield _labelled("proca_alarm", "1 while an alarm stands", "kind", self._alarms)
        yield _labelled("proca_mail_connections", "Connections that are open", "transport", figures.connections)
        yield _sends(figures)
        oldest = figures.oldest_readable_seconds
        yield GaugeMetricFamily("proca_readable_addresses", "Addresses that can be read now", figures.readable)
        yield GaugeMetricFamily("proca_readable_oldest_seconds", "For how long the oldest of them could be", oldest)
        yield GaugeMetricFamily("proca_worker_alive", "1 while a worker is seen", self._worker.is_alive)


def _sends(figures: Figures) -> Metric:
    labels = ["transport", "provider", "result"]
    family = CounterMetricFamily(
        "proca_mails", "Mails by large receiver (else other) and by how they ended", None, labels
    )
    for names, number in sorted(figures.sends.items()):
        family.add_metric(names, number)
    return family


def _labelled(name: str, says: str, label: str, numbers: dict[str, int] | dict[str, bool]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for value, number in numbers.items():
        family.add_metric([value], number)
    return family
