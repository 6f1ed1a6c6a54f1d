"""The names of columns: what they must be, and how messages list them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.exceptions import SchemaError

__all__ = ["check_columns", "infinite_cells", "is_infinite", "listed"]

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
    texts = frame.columns.astype(str)
    if texts.has_duplicates:
        twice = list(dict.fromkeys(texts[texts.duplicated()]))
        raise SchemaError(
            f"Column names must be different. Got {listed(twice)} more than once. "
            "Rename or drop one of them."
        )


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
    found = {}
    for position, dtype in enumerate(frame.dtypes):
        if getattr(dtype, "kind", "O") in "fO":
            infinite = is_infinite(frame.iloc[:, position])
            if infinite.any():
                found[frame.columns[position]] = int(infinite.argmax())
    return found


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
