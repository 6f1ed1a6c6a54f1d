"""Warnings of what may be a mistake in the columns of a training table."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from windu.exceptions import DataWarning
from windu.schema.columns import ColumnSchema, TableSchema

__all__ = ["is_silenced", "warn_of_columns", "warn_of_dropped"]

#: How many columns a warning lists before it says how many more there are.
_MAX_LISTED = 20
_SILENCE = "warnings.simplefilter('ignore', windu.DataWarning) silences this."


def is_silenced(category: type[Warning]) -> bool:
    """Tell whether the first filter that names a category ignores it everywhere.

    Parameters
    ----------
    category : type of Warning
        Such as `DataWarning`.
    """
    for action, message, filtered, module, line in warnings.filters:
        everywhere = message is None and module is None and not line
        if everywhere and issubclass(category, filtered):
            return action == "ignore"
    return False


def warn_of_columns(table: TableSchema) -> None:
    """Warn of columns that may not mean what they were taken for.

    Parameters
    ----------
    table : TableSchema
        Inferred from the training table.

    Warns
    -----
    DataWarning
        Once for all columns.
    """
    lines = [
        f"The column {column.name!r} {column.note}."
        for column in table.columns
        if column.note is not None
    ]
    _warn(lines)


def warn_of_dropped(columns: Iterable[ColumnSchema]) -> None:
    """Warn of columns that hold values, and that no feature is made of.

    Parameters
    ----------
    columns : iterable of ColumnSchema
        The columns that are dropped.

    Warns
    -----
    DataWarning
        Once for all columns.
    """
    _warn([line for column in columns if (line := _of_dropped(column)) is not None])


def _of_dropped(column: ColumnSchema) -> str | None:
    if column.kind == "identifier":
        return (
            f"The column {column.name!r} is dropped as an identifier ({column.why}). "
            "If its values mean something, make features of them before fit, or pass "
            "featurizer=None or one of your own; else drop the column."
        )
    if column.kind == "unsupported":
        return (
            f"The column {column.name!r} is dropped: {column.why}. Make columns of "
            "numbers, texts or dates of it before fit, or drop it."
        )
    return None


def _warn(lines: list[str]) -> None:
    if not lines:
        return
    more = len(lines) - _MAX_LISTED
    shown = lines[:_MAX_LISTED] + ([f"... and {more} more."] if more > 0 else [])
    warnings.warn("\n".join([*shown, _SILENCE]), DataWarning, stacklevel=2)
