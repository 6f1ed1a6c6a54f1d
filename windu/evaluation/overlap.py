"""Rows that stand twice, and rows and groups that stand on both sides of a split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from windu.schema.columns import TableSchema
from windu.schema.kinds import is_identifier_name

__all__ = ["duplicates", "on_both_sides"]

#: A smaller share of the held-back rows is told, but is no alarm.
_MIN_SHARE = 0.05
#: So many times as many as would meet by chance.
_OVER_CHANCE = 10
#: Names of groups have at most so many rows each, in the mean.
_ROWS_A_GROUP = 20
_MIN_GROUPS = 20


def duplicates(X: pd.DataFrame, y: Any) -> dict[str, int]:
    """Return how many rows stand twice.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Rows.
    y : Series, DataFrame or None
        Their target.

    Returns
    -------
    dict of str to int
        ``rows``: those that an earlier one equals, target and all; ``inputs``: those
        that an earlier one equals without the target; ``contradictions``: those whose
        input stands with another target as well.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu.evaluation.overlap import duplicates
    >>> frame = pd.DataFrame({"a": [1, 1, 2, 1]})
    >>> duplicates(frame, pd.Series(["no", "no", "no", "yes"]))
    {'rows': 1, 'inputs': 2, 'contradictions': 3}
    """
    rows = pd.Series(_hashed(X))
    if y is None:
        same = int(rows.duplicated().sum())
        return {"rows": same, "inputs": same, "contradictions": 0}
    all_hashes = pd.Series(_with_target(rows.to_numpy(), y))
    several = all_hashes.groupby(rows).transform("nunique") > 1
    return {
        "rows": int(all_hashes.duplicated().sum()),
        "inputs": int(rows.duplicated().sum()),
        "contradictions": int(several.sum()),
    }


def on_both_sides(
    X: pd.DataFrame,
    y: Any,
    held_back: Mapping[str, tuple[pd.DataFrame, Any]],
    table: TableSchema,
    *,
    at_random: bool,
) -> list[dict[str, Any]]:
    """Return alarms for rows and groups that stand on both sides of a split.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Rows to learn from.
    y : Series, DataFrame or None
        Their target.
    held_back : mapping of str to (DataFrame, target)
        By name of the part.
    table : TableSchema
        The schema of `X`.
    at_random : bool
        Whether rows were held back at random; else groups may stand on both sides.

    Returns
    -------
    list of dict
        Rows are an alarm where there are far more than would meet by chance, which
        few columns with few values make likely.
    """
    if not held_back:
        return []
    alarms = []
    rows = _hashed(X) if y is None else _with_target(_hashed(X), y)
    chance = _chance(X, y)
    for part, (frame, target) in held_back.items():
        hashed = _hashed(frame[list(X.columns)])
        held_out_hashes = hashed if target is None else _with_target(hashed, target)
        share = float(np.isin(held_out_hashes, rows).mean())
        if share >= _MIN_SHARE and share > _OVER_CHANCE * chance:
            alarms.append(
                {
                    "alarm": "rows",
                    "columns": [],
                    "part": part,
                    "share": share,
                    "message": (
                        f"Rows of the {part} part must not be trained on. Got "
                        f"{share:.1%} of them among the rows to learn from: its scores "
                        "look better than they are. Drop duplicates in preprocess, or "
                        "split by group."
                    ),
                }
            )
    groups = _groups(X, held_back, table) if at_random else []
    return alarms + groups


def _groups(
    X: pd.DataFrame,
    held_back: Mapping[str, tuple[pd.DataFrame, Any]],
    table: TableSchema,
) -> list[dict[str, Any]]:
    """Return an alarm for columns that name groups, which were torn apart."""
    torn = []
    for column in table.columns:
        named = column.kind == "identifier" or is_identifier_name(column.name)
        values = X[column.name].dropna()
        n_values = values.nunique() if named else 0
        if n_values < _MIN_GROUPS or len(values) > _ROWS_A_GROUP * n_values:
            continue
        held_out_values = pd.concat(
            [frame[column.name].dropna() for frame, _ in held_back.values()]
        )
        if len(held_out_values) and held_out_values.isin(values).mean() >= _MIN_SHARE:
            torn.append(str(column.name))
    if not torn:
        return []
    return [
        {
            "alarm": "groups",
            "columns": torn,
            "message": (
                f"Rows of one group should stand on one side of the split. Got {torn}, "
                "whose values stand on both: scores may look better than they are for "
                f"new groups. Pass split={{'group': {torn[0]!r}, ...}}."
            ),
        }
    ]


def _chance(X: pd.DataFrame, y: Any) -> float:
    """Return with how many rows one meets by chance, were columns independent."""
    columns = [X.iloc[:, i] for i in range(X.shape[1])]
    if y is not None:
        frame = y if isinstance(y, pd.DataFrame) else pd.DataFrame({"y": y})
        columns += [frame.iloc[:, i] for i in range(frame.shape[1])]
    meets = 0.0
    for column in columns:
        counts = np.bincount(pd.factorize(_hashable(column))[0] + 1)
        meets += float(np.log((counts / len(column)) @ (counts / len(column))))
    return len(X) * float(np.exp(meets))


def _hashed(frame: pd.DataFrame) -> np.ndarray:
    columns = {i: _hashable(frame.iloc[:, i]) for i in range(frame.shape[1])}
    hashed = pd.util.hash_pandas_object(pd.DataFrame(columns), index=False)
    return np.asarray(hashed.to_numpy())


def _with_target(rows: np.ndarray, y: Any) -> np.ndarray:
    frame = y if isinstance(y, pd.DataFrame) else pd.DataFrame({"y": y})
    pairs = pd.DataFrame({"X": rows, "y": _hashed(frame)})
    return np.asarray(pd.util.hash_pandas_object(pairs, index=False).to_numpy())


def _hashable(column: pd.Series) -> pd.Series:
    """Return a column whose values can be compared, and of one type."""
    if column.dtype == object or isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(str)
    return column
