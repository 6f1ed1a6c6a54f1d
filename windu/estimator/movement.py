"""How far values moved when a part was replaced, as rows of one table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.schema import kinds

__all__ = ["COLUMNS", "movement"]

#: What a row of the report says.
COLUMNS = (
    "step",
    "name",
    "n_changed",
    "share_changed",
    "max_change",
    "max_relative_change",
    "differences",
)

_NUMBERS = ("numeric", "boolean", "empty")


def movement(
    step: str, name: Any, before: Any, after: Any, differences: str = ""
) -> dict[str, Any]:
    """Return how far the same rows are from what they were.

    Parameters
    ----------
    step : str
        The step that makes the values.
    name : str or int
        What they are.
    before, after : array-like of shape (n_samples,) or (n_samples, n_columns)
        Numbers or labels; a Series, frame, array, sparse matrix or list.
    differences : str, default=""
        What a schema says of them.

    Returns
    -------
    dict
        One value each of `COLUMNS`. Changes are the largest of all cells, absolute and
        relative to what was there; NaN for what is not a number.
    """
    table_before, table_after = _table(before), _table(after)
    absolute = relative = np.nan
    if table_before.shape != table_after.shape:
        changed = np.ones(table_before.shape[:1], dtype=bool)
    elif object in (table_before.dtype, table_after.dtype):
        changed = (_cells(table_before) != _cells(table_after)).any(axis=1)
    else:
        cells = (table_before != table_after) & ~(
            np.isnan(table_before) & np.isnan(table_after)
        )
        changed = cells.any(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = np.where(cells, np.abs(table_after - table_before), 0.0)
            absolute = _largest(moved)
            relative = _largest(np.where(cells, moved / np.abs(table_before), 0.0))
    n_changed = int(changed.sum())
    values = (n_changed, n_changed / len(changed), absolute, relative, differences)
    return dict(zip(COLUMNS, (step, name, *values), strict=True))


def _largest(moved: np.ndarray) -> float:
    # A value that is missing now, or was, has moved by no number.
    finite = moved[~np.isnan(moved)]
    return float(finite.max()) if finite.size else float("nan")


def _cells(table: np.ndarray) -> np.ndarray:
    """Return objects of which two missing ones are equal."""
    cells = table.astype(object)
    cells[pd.isna(cells)] = None
    return cells


def _table(values: Any) -> np.ndarray:
    """Return values as a 2-D array of floats, or of texts where they are no numbers."""
    if hasattr(values, "toarray"):
        values = values.toarray()
    if hasattr(values, "to_pandas"):
        values = values.to_pandas()
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return values.reshape(len(values), -1).astype(np.float64)
    if isinstance(values, list):
        # Rows of labels are compared as they stand.
        values = pd.Series([repr(row) for row in values], dtype=object)
    frame = pd.DataFrame(values)
    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    if all(kinds.storage_of(column) in _NUMBERS for column in columns):
        return np.column_stack([kinds.as_numbers(column) for column in columns])
    return np.column_stack([_texts(column) for column in columns])


def _texts(column: pd.Series) -> np.ndarray:
    return kinds.as_texts(column).astype(object).to_numpy()
