"""Exit codes: one number for each kind of error."""

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

#: An unexpected error, such as one of a model.
UNFORESEEN = 1
#: typer uses 2 for wrong arguments.
CONFIG = 3
TABLE = 4
STORE = 5
#: Every other error that windu explains.
OTHER_ERROR = 6
#: As shells do: 128 plus the number of the signal.
INTERRUPTED = 130
TERMINATED = 143

_CODES = (
    ((ConfigError, StepError), CONFIG),
    ((SchemaError, TableError, TargetError), TABLE),
    ((PersistenceError, MetastoreError), STORE),
)


def code_of(error: Exception) -> int:
    """Return the exit code of an error of windu.

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
