"""How the commands of `proca-org` end: every failure becomes one sentence on stderr and an exit code.

Never a traceback: it could show what a variable held.
"""

import codecs
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

import click

from proca_web.domain.plain_signs import PLAIN
from proca_web.org_tool.commands import say
from proca_web.org_tool.errors import ToolError

_INTERRUPTED = 130
_SIGNALLED = 128


class Terminated(BaseException):
    """The system told this process to end; like Ctrl-C, it must leave no half-written file."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = _SIGNALLED + number


class Commands(click.Group):
    """A group of commands that end with a sentence."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the tool; from its first word on, `--help` included, a terminal gets what it can show."""
        _print_any_word()
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; whatever it raises ends the process in words."""
        try:
            with _hearing_the_system():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except ToolError as error:
            _end(ctx, str(error), error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            _end(ctx, "interrupted; no file was written.", _INTERRUPTED)
        except Terminated as signalled:
            _end(ctx, "ended by the system; no file was written.", signalled.exit_code)
        except BrokenPipeError:
            _forget_stdout()
            ctx.exit(1)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _end(ctx, f"{where}{error.strerror or 'the system refused'}.", 1)
        except Exception as error:
            _end(ctx, f"a fault of this program ({type(error).__name__}); please report it.", 1)


def _end(ctx: click.Context, sentence: str, exit_code: int) -> NoReturn:
    say(f"proca-org: {sentence}")
    ctx.exit(exit_code)


@contextmanager
def _hearing_the_system() -> Iterator[None]:
    """While a command runs, a request to end is an exception, so that drafts are removed on the way out."""
    before = {}
    for number in (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")):
        with suppress(ValueError):  # not the main thread: a program that embeds the tool hears signals itself
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminate(number: int, _: FrameType | None) -> None:
    raise Terminated(number)


def _print_any_word() -> None:
    """Whatever a terminal knows, no word ends a command; a file's name is bytes, which are printed as they are."""
    codecs.register_error("proca-words", _as_shown)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="proca-words")


def _as_shown(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letter = error.object[error.start]
    is_byte_of_a_name = "\udc80" <= letter <= "\udcff"
    shown = os.fsencode(letter) if is_byte_of_a_name else letter.encode("ascii", "backslashreplace")
    return PLAIN.get(letter, shown), error.start + 1


def _forget_stdout() -> None:
    """Nobody reads our output any more: what is still buffered must not fail again while Python ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
