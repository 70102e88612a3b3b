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
from itertools import cycle, islice
from random import Random
from typing import Any
from urllib.parse import urlencode

CLIENTS = 4
PREPARED_A_SECOND = 1200


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


def run(port: int, requests: Requests, expected: bytes, seconds: float, *, again: bool = True) -> Figures:
    """Send for so many seconds; answers that do not begin with `expected` are counted as wrong.

    `again=False`: each request is sent once, and a client that has sent all of its own stops.
    """
    context = multiprocessing.get_context("fork")
    gathered, ready = context.Queue(), context.Barrier(CLIENTS)
    seed = os.getpid() * 1000 + int(time.time())
    prepared = int(seconds * PREPARED_A_SECOND)
    processes = []
    for each in range(CLIENTS):
        # Made before the clock runs: what the generator costs would count against the server it shares the cores with.
        own = list(islice(requests(seed + each), prepared))
        arguments = (port, own, expected, seconds, again, gathered, ready)
        processes.append(context.Process(target=_client, args=arguments))
    for process in processes:
        process.start()
    results = [gathered.get() for _ in processes]
    for process in processes:
        process.join()
    times = sorted(duration for durations, _, _ in results for duration in durations)
    rate = sum(len(durations) / elapsed for durations, _, elapsed in results)
    return Figures(rate, _at(times, 0.5), _at(times, 0.99), sum(wrong for _, wrong, _ in results))


def _client(
    port: int, requests: list[bytes], expected: bytes, seconds: float, again: bool, gathered: Any, ready: Any
) -> None:
    durations, wrong = [], 0
    ready.wait()
    begin = end = time.perf_counter()
    for request in cycle(requests) if again else requests:
        if end - begin >= seconds:
            break
        start = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request)
            answer = connection.recv(65536)
            while connection.recv(65536):
                pass
        end = time.perf_counter()
        durations.append((end - start) * 1000)
        wrong += not answer.startswith(expected)
    gathered.put((durations, wrong, end - begin))


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
