"""A load generator: processes that send prepared bytes over fresh connections and time each answer.

Written on raw sockets, so that it takes as little as possible of the cores it shares with the server.
"""

import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What a round of load came to."""

    rate: float
    p50: float
    p99: float
    wrong: int


Requests = Callable[[int], Iterator[bytes]]


def get(path: str) -> Requests:
    """The same GET again and again."""
    return lambda _seed: _repeat(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())


def sign(path: str) -> Requests:
    """Forms of eight fields, each from another person and another network."""
    return lambda seed: _forms(path, Random(seed))


def _repeat(request: bytes) -> Iterator[bytes]:
    while True:
        yield request


def _forms(path: str, random: Random) -> Iterator[bytes]:
    while True:
        number = random.getrandbits(60)
        body = urlencode(
            {
                "first_name": "Zofia",
                "last_name": "Ślązak-Żółć",
                "email": f"person{number}@example.org",
                "phone": "+48 22 555 01 23",
                "country": "PL",
                "postcode": "00-950",
                "street": "Aleje Jerozolimskie",
                "locality": "Warszawa",
                "opt_in": "yes",
                "lead_opt_in": "yes",
            }
        ).encode()
        network = f"{random.randint(11, 99)}.{random.randint(0, 255)}.{random.randint(0, 255)}.{random.randint(0, 255)}"
        yield (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {network}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def run(port: int, requests: Requests, expected: bytes, seconds: float, clients: int = CLIENTS) -> Figures:
    """Send for so many seconds; answers that do not begin with `expected` are counted as wrong."""
    gathered: multiprocessing.Queue[tuple[list[float], int]] = multiprocessing.Queue()
    arguments = [
        (port, requests(os.getpid() * 1000 + int(time.time()) + n), expected, seconds, gathered) for n in range(clients)
    ]
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_client, args=each) for each in arguments]
    for process in processes:
        process.start()
    results = [gathered.get() for _ in processes]
    for process in processes:
        process.join()
    times = sorted(duration for durations, _ in results for duration in durations)
    wrong = sum(wrong for _, wrong in results)
    return Figures(len(times) / seconds, _at(times, 0.5), _at(times, 0.99), wrong)


def _client(port: int, requests: Iterator[bytes], expected: bytes, seconds: float, gathered: object) -> None:
    durations, wrong = [], 0
    begin = end = time.perf_counter()
    while end - begin < seconds:
        request = next(requests)
        start = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request)
            answer = connection.recv(65536)
            while connection.recv(65536):
                pass
        end = time.perf_counter()
        durations.append((end - start) * 1000)
        wrong += not answer.startswith(expected)
    gathered.put((durations, wrong))  # type: ignore[attr-defined]


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


def median(rounds: list[Figures]) -> Figures:
    """The median of each figure over the rounds."""
    return Figures(
        statistics.median(figures.rate for figures in rounds),
        statistics.median(figures.p50 for figures in rounds),
        statistics.median(figures.p99 for figures in rounds),
        sum(figures.wrong for figures in rounds),
    )
