"""What a command says to the shell when it ends: one number a kind of error."""

from __future__ import annotations

from windu.exceptions import (
    ConfigError,
    MetastoreError,
    PersistenceError,
    SchemaError,
    StepError,
    TableError,
    TargetError,
)

__all__ = [
    "CONFIG",
    "INTERRUPTED",
    "STORE",
    "TABLE",
    "TERMINATED",
    "UNFORESEEN",
    "code_of",
]

#: Something that windu has no words for, such as a model that fails on its own.
UNFORESEEN = 1
#: 2 is what typer says of wrong arguments.
CONFIG = 3
TABLE = 4
STORE = 5
#: Every other error that windu explains.
OTHER_ERROR = 6
#: As shells say it: 128 and the number of the signal.
INTERRUPTED = 130
TERMINATED = 143

_CODES = (
    ((ConfigError, StepError), CONFIG),
    ((SchemaError, TableError, TargetError), TABLE),
    ((PersistenceError, MetastoreError), STORE),
)


def code_of(error: Exception) -> int:
    """Return the exit code of an error of windu's.

    Parameters
    ----------
    error : WinduError
        Any.

    Returns
    -------
    int
        As in the guide.

    Examples
    --------
    >>> from windu.cli.exit_codes import code_of
    >>> from windu.exceptions import ConfigError, PartError
    >>> code_of(ConfigError("...")), code_of(PartError("..."))
    (3, 6)
    """
    return next(
        (code for kinds, code in _CODES if isinstance(error, kinds)), OTHER_ERROR
    )
