"""Statistics of rows before training: balance, overlap, drift, leakage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.row_order import match_rows
from windu.components import IndicatorEncoder
from windu.components.target_leakage import leakage_alarms
from windu.evaluation.held_out import sampled
from windu.schema.columns import TableSchema
from windu.schema.kinds import is_identifier_name
from windu.tasks import read_target

__all__ = ["balance", "describe_data", "duplicates", "on_both_sides"]

#: A smaller share of the held-back rows is told, but is no alarm.
_MIN_SHARE = 0.05
#: So many times as many as would meet by chance.
_OVER_CHANCE = 10
#: Names of groups have at most so many rows each, in the mean.
_ROWS_A_GROUP = 20
_MIN_GROUPS = 20


def duplicates(X: pd.DataFrame, y: Any) -> dict[str, int]:
    """Return the number of duplicate rows.

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
    >>> from windu.evaluation.data import duplicates
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
    """Return alarms for rows and groups on both sides of a split.

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
    """Return an alarm for columns whose groups were split."""
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
    """Return the expected number of equal rows if columns were independent."""
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


_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
#: Largest number of classes to report, the most frequent ones.
_MAX_CLASSES = 200


def balance(parts: Mapping[str, tuple[Any, Any]], task: str) -> dict[str, Any]:
    """Return the target of each part.

    Parameters
    ----------
    parts : mapping of str to (X, y)
        By name.
    task : str
        What y is.

    Returns
    -------
    dict
        ``classes``: one object a part, rows by class or label; for regression
        ``quantiles``: one object a part, by output and quantile.

    Examples
    --------
    >>> from windu.evaluation.data import balance
    >>> balance({"train": (None, ["no", "yes", "no"])}, "binary")
    {'classes': {'train': {'no': 2, 'yes': 1}}}
    """
    if task == "regression":
        return {"quantiles": {name: _quantiles(y) for name, (_, y) in parts.items()}}
    first = next(iter(parts.values()))[1]
    several = read_target(first).form == "table"
    # Yes and no are those of training.
    encoder = IndicatorEncoder().fit(first) if several else None
    return {"classes": {name: _counts(y, encoder) for name, (_, y) in parts.items()}}


def _counts(y: Any, encoder: IndicatorEncoder | None) -> dict[str, int]:
    target = read_target(y)
    if encoder is not None:
        yes = encoder.transform(y).sum(axis=0)
        counts = pd.Series(yes, index=encoder.classes_)
    elif target.form == "labels":
        counts = pd.Series(
            [label for row in target.values for label in row]
        ).value_counts()
    else:
        counts = pd.Series(np.asarray(target.values)).value_counts()
    shown = counts[:_MAX_CLASSES]
    return {str(name): int(rows) for name, rows in shown.items()}


def _quantiles(y: Any) -> dict[str, dict[str, float]]:
    values = np.asarray(read_target(y).values, dtype=float)
    columns = values.reshape(len(values), -1).T
    names = getattr(y, "columns", [getattr(y, "name", None) or "target"])
    return {
        str(name): {
            f"{q:g}": float(value)
            for q, value in zip(
                _QUANTILES, np.quantile(column, _QUANTILES), strict=True
            )
        }
        for name, column in zip(names, columns, strict=True)
    }


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
