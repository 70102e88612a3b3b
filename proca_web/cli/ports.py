"""A port that somebody else holds is told in one sentence, with one that is free, before anything is made."""

import socket

import click

PORT = click.IntRange(1, 65535)
_TRIED = 50


def refuse_taken(host: str, port: int) -> None:
    """Raise ClickException when nothing can listen there."""
    error = _fault(host, port)
    if error is not None:
        near = range(port + 1, min(port + _TRIED, PORT.max or port))
        free = next((number for number in near if _fault(host, number) is None), port + 1)
        raise click.ClickException(
            f"port {port} cannot be used ({error.strerror}); try: python3 -m proca_web demo --port {free}"
        ) from error


def _fault(host: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
