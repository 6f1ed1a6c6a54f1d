"""What is known of the rows of a pipeline before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from windu._compat.row_order import match_rows
from windu.components.target_leakage import leakage_alarms
from windu.evaluation.balance import balance
from windu.evaluation.held_out import sampled
from windu.evaluation.overlap import duplicates, on_both_sides
from windu.schema.columns import TableSchema

__all__ = ["describe_data"]


def describe_data(
    X: pd.DataFrame,
    y: Any,
    held_back: Mapping[str, tuple[pd.DataFrame, Any]],
    table: TableSchema,
    task: str | None,
    *,
    at_random: bool = True,
) -> dict[str, Any]:
    """Return statistics of rows, and alarms where the target may have leaked.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Rows to learn from.
    y : Series, DataFrame or None
        Their target.
    held_back : mapping of str to (DataFrame, target)
        Rows of other parts, by name.
    table : TableSchema
        The schema of `X`.
    task : str or None
        None without a target.
    at_random : bool, default=True
        Whether rows were held back at random, so that rows of one group may stand on
        both sides.

    Returns
    -------
    dict
        Plain data: ``rows`` of each part, ``distinct`` values of each column,
        ``target`` (rows of each class, or quantiles), ``duplicates``, and ``alarms``, a
        list of objects with ``alarm``, ``columns`` and ``message``.

    Examples
    --------
    >>> from windu.datasets import load_penguins
    >>> from windu.evaluation import describe_data
    >>> from windu.schema.inference import infer_table
    >>> X, y = load_penguins(return_X_y=True)
    >>> X = X.assign(name="the " + y)
    >>> found = describe_data(X, y, {}, infer_table(X), "multiclass")
    >>> found["rows"], found["alarms"][0]["columns"]
    ({'train': 344}, ['name'])
    """
    parts = {"train": (X, y), **held_back}
    for frame, target in parts.values():
        match_rows({"X": frame, "y": target})
    description: dict[str, Any] = {
        "rows": {name: len(frame) for name, (frame, _) in parts.items()},
        "distinct": {str(name): _distinct(X[name]) for name in X.columns},
        "duplicates": duplicates(X, y),
        "alarms": on_both_sides(X, y, held_back, table, at_random=at_random),
    }
    if task is not None:
        description["target"] = balance(parts, task)
        description["alarms"] = (
            leakage_alarms(X, y, table, task, sampled) + description["alarms"]
        )
    return description


def _distinct(column: pd.Series) -> int | None:
    try:
        return int(column.nunique())
    except TypeError:
        # Lists and dicts cannot be compared.
        return None
