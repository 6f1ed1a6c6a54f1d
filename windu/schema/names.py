"""The names of columns: what they must be, and how messages list them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.exceptions import SchemaError
from windu.schema.report import Difference, ValidationReport

__all__ = [
    "check_columns",
    "check_names",
    "duplicates",
    "infinite_cells",
    "is_infinite",
    "listed",
]

#: How many names a message lists before it says how many more there are.
MAX_LISTED = 20


def check_columns(frame: pd.DataFrame) -> None:
    """Raise where no schema could be inferred from the names of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table to learn from.

    Raises
    ------
    SchemaError
        For names that occur twice, or are neither texts nor whole numbers.
    """
    check_names(frame)
    if twice := duplicates(frame):
        raise SchemaError(
            f"Column names must be different. Got {listed([d.column for d in twice])} "
            "more than once. Rename or drop one of them.",
            ValidationReport(twice, len(frame)),
        )


def check_names(frame: pd.DataFrame) -> None:
    """Raise where a name can be no column's of a schema.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any table.

    Raises
    ------
    SchemaError
        For names that are neither texts nor whole numbers.
    """
    names: list[Any] = frame.columns.tolist()
    strange = [
        n for n in names if not isinstance(n, (str, int)) or n is True or n is False
    ]
    if strange:
        raise SchemaError(
            "Column names must be texts or whole numbers. Got "
            f"{listed(strange)}. Rename them; names of several levels become texts "
            "with X.columns = ['_'.join(map(str, name)) for name in X.columns]."
        )


def duplicates(frame: pd.DataFrame) -> list[Difference]:
    """Return one difference for each name that more than one column has.

    Parameters
    ----------
    frame : pandas.DataFrame
        Named by texts and whole numbers; 1 and "1" are the same name.

    Returns
    -------
    list of Difference
        Empty for most tables.
    """
    texts = frame.columns.astype(str)
    if not texts.has_duplicates:
        return []
    counts = texts.value_counts(sort=False)
    names = dict(zip(texts, frame.columns, strict=True))
    return [
        Difference(
            names[text], "duplicate", "raise", "be there once", f"{n} of this name"
        )
        for text, n in counts[counts > 1].items()
    ]


def infinite_cells(frame: pd.DataFrame) -> dict[Any, int]:
    """Return the first row that holds an infinite number, a column.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.

    Returns
    -------
    dict of column name to int
        Position of the first row; columns without infinities are left out.
    """
    first_rows = {}
    for position, dtype in enumerate(frame.dtypes):
        if getattr(dtype, "kind", "O") in "fO":
            infinite = is_infinite(frame.iloc[:, position])
            if infinite.any():
                first_rows[frame.columns[position]] = int(infinite.argmax())
    return first_rows


def is_infinite(values: pd.Series) -> np.ndarray:
    """Return which values are infinite numbers.

    Parameters
    ----------
    values : pandas.Series
        Floats, objects, or anything else, which is never infinite.

    Returns
    -------
    ndarray of bool of shape (n_samples,)
        False for missing values.
    """
    if values.dtype == object:
        return values.isin([np.inf, -np.inf]).to_numpy()
    if getattr(values.dtype, "kind", "O") != "f":
        return np.zeros(len(values), dtype=bool)
    return np.isinf(values.to_numpy("float64", na_value=np.nan))


def listed(names: list[Any]) -> str:
    """Return names as text, the first of many.

    Parameters
    ----------
    names : list
        At least one.

    Returns
    -------
    str
        Separated by commas.
    """
    text = ", ".join(repr(name) for name in names[:MAX_LISTED])
    more = len(names) - MAX_LISTED
    return text + (f" and {more} more" if more > 0 else "")
