"""Confirmation mails a second from one worker process into a local SMTP sink."""

import argparse
import multiprocessing
import socket
import statistics
import time

from sqlalchemy import text

from bench import rows
from bench.instance import instance, kinds
from proca_web.adapters.database import reading
from proca_web.jobs.mail import send_mail

MAILS = 2000


def run(options: argparse.Namespace) -> dict[str, object]:
    """SQLite and, where reachable, PostgreSQL."""
    return {kind: _one(kind, options) for kind in kinds()}


def _one(kind: str, options: argparse.Namespace) -> dict[str, float]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        port = listener.getsockname()[1]
        sink = multiprocessing.get_context("fork").Process(target=_sink, args=(listener,), daemon=True)
        sink.start()
        mail = {"PROCA_MAIL_SERVER": "127.0.0.1", "PROCA_MAIL_PORT": str(port), "PROCA_MAIL_TLS": "none"}
        rates = []
        with instance(kind, **mail) as made:
            for _ in range(options.rounds):
                rows.add(made, MAILS)
                start = time.perf_counter()
                send_mail(made.app)
                rates.append(MAILS / (time.perf_counter() - start))
            with made.app.app_context(), reading() as session:
                left = session.execute(text("SELECT count(*) FROM transients WHERE state <> 'waiting'")).scalar()
        sink.terminate()
    rate = statistics.median(rates)
    print(f"{kind:10} {rate:7.0f} mails/s and process; {left} not sent", flush=True)
    return {"rate": rate}


def _sink(listener: socket.socket) -> None:
    """Says yes to everything; as little SMTP as a client needs."""
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as stream:
            stream.write(b"220 sink\r\n")
            stream.flush()
            for line in stream:
                command = line[:4].upper()
                if command == b"DATA":
                    stream.write(b"354 go on\r\n")
                    stream.flush()
                    while stream.readline() != b".\r\n":
                        pass
                stream.write(b"221 bye\r\n" if command == b"QUIT" else b"250 ok\r\n")
                stream.flush()
                if command == b"QUIT":
                    break
