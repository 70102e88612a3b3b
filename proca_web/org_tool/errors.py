"""How the tool says that something is wrong. Messages never hold a secret, a passphrase or anything decrypted."""


class ToolError(Exception):
    """The run cannot go on: the message says what is wrong, where, and what to do."""

    exit_code = 1


class UsageFault(ToolError):
    """The command was given something it cannot work with; nothing was read or written."""

    exit_code = 2


class Alarm(ToolError):
    """What the platform shows about keys is not what it must be; the message says what, and what to do."""

    def __str__(self) -> str:
        return f"ALARM: {super().__str__()}"


class RowRefused(Exception):
    """One row is set aside, the run goes on; the message is the reason a person reads in the quarantine file."""


class RowKnown(Exception):
    """One row was imported in an earlier run: it is passed over, nothing is wrong."""
