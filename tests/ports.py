"""Free ports of this computer. Below those the system deals out by itself, so that nobody is given one by chance."""

import random
import socket
from itertools import cycle

from tests.databases import RUN, WORKER

_LOWEST, _MOST = 20_000, 12_000
# Two workers and two runs begin at places of their own.
_begin = random.Random(f"{RUN} {WORKER}").randrange(_MOST)
_ports = cycle([_LOWEST + (_begin + place) % _MOST for place in range(_MOST)])


def free_port() -> int:
    """A port nobody uses at this moment, and none that this worker has given out before."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("unreachable: the ports go round")
