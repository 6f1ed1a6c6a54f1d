"""Target leakage: columns that alone determine the target, as if written after it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from windu.exceptions import DataWarning
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.kinds import as_texts, numbers_of
from windu.schema.report import is_silenced
from windu.tasks import read_target

__all__ = ["leakage_alarms", "warn_of_leakage"]

#: Share of the error of a constant prediction that a leaking column must remove.
LIMITS = {True: 0.98, False: 0.99}
_MAX_ROWS = 3000
#: With fewer rows, or fewer of a class, a column may fit by chance.
_MIN_ROWS = 100
_MIN_OF_CLASS = 8
#: Largest number of labels or outputs to check.
_MAX_TARGETS = 20
_FOLDS = 5
#: Most columns are ruled out by a few rows, where a leaking one may look worse.
_FIRST_ROWS = 500
_SLACK = 0.05
#: A row of another class makes two changes along a column.
_CHANGES = 0.1
#: Share of the changes, or of the variance between neighbors, that chance alone gives.
_CHANCE = 0.5


def leakage_alarms(
    X: pd.DataFrame,
    y: Any,
    table: TableSchema,
    task: str,
    sampled: Callable[[int, int], np.ndarray],
) -> list[dict[str, Any]]:
    """Return an alarm for the columns that alone determine the target.

    A small tree on the numbers of a column, or the most frequent class (mean) of each
    of its levels, is judged by cross-validation against a constant: by the balanced
    accuracy where there are classes, else by the squared error of ranks.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)
        Rows to learn from.
    y : Series or DataFrame
        Their target.
    table : TableSchema
        The schema of `X`.
    task : str
        What y is.
    sampled : callable
        Given a number of rows and the most that are used, returns positions.

    Returns
    -------
    list of dict
        At most one a label or output.
    """
    # The first rows are checked first, so they must be representative.
    at = np.random.default_rng(0).permutation(sampled(len(X), _MAX_ROWS))
    alarms = []
    targets = list(_targets(y, task, at))
    columns = [
        (column, *_prepared(values, column, at))
        for column, (_, values) in zip(table.columns, X.items(), strict=True)
        if column.kind not in ("constant", "unsupported") and column.storage != "empty"
    ]
    for name, values in targets[:_MAX_TARGETS]:
        classes = task != "regression"
        if not _can_judge(values, classes):
            continue
        leaks = [
            str(column.name)
            for column, numeric, codes in columns
            if _determines(codes, values, numeric, classes)
        ]
        if leaks:
            alarms.append(_alarm(leaks, name))
    return alarms


def warn_of_leakage(
    frame: pd.DataFrame, y: Any, table: TableSchema, task: str | None
) -> None:
    """Warn of columns that alone determine the target.

    Parameters
    ----------
    frame : DataFrame of shape (n_samples, n_columns)
        The training table.
    y : object
        Its target, as `windu.tasks.read_target` takes it.
    table : TableSchema
        The schema of `frame`.
    task : str or None
        What y is; None where there is no target.

    Warns
    -----
    DataWarning
        With the columns. Nothing is computed where such warnings are ignored.
    """
    if task is None or is_silenced(DataWarning):
        return
    for alarm in leakage_alarms(frame, y, table, task, _evenly):
        warnings.warn(alarm["message"], DataWarning, stacklevel=2)


def _evenly(n_rows: int, most: int) -> np.ndarray:
    """Return the positions of some rows, from all parts of the table."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.linspace(0, n_rows - 1, most).astype(int)


def _alarm(columns: list[str], target: str | None) -> dict[str, Any]:
    is_single = len(columns) == 1
    target_text = "the target" if target is None else f"the target {target!r}"
    return {
        "alarm": "giveaway",
        "columns": columns,
        "message": (
            f"A column must be known before the target is. Got {columns}, "
            f"{'which' if is_single else 'each of which'} alone gives {target_text} "
            "almost without "
            "error: the target may have leaked into it. Drop "
            f"{'it' if is_single else 'them'}, unless new rows will have "
            f"{'it' if is_single else 'them'}."
        ),
    }


def _targets(
    y: Any, task: str, at: np.ndarray
) -> Iterator[tuple[str | None, np.ndarray]]:
    """Yield the name and the codes or numbers of each target of some rows."""
    target = read_target(y)
    if target.form == "labels":
        rows = [set(target.values[i]) for i in at]
        for name in sorted({label for row in rows for label in row}, key=str):
            yield str(name), np.array([name in row for row in rows]).astype(int)
        return
    values = np.asarray(target.values)[at]
    if values.ndim == 2:
        names = getattr(y, "columns", range(values.shape[1]))
        for name, column in zip(names, values.T, strict=True):
            yield str(name), _coded(column, task)
        return
    yield None, _coded(values, task)


def _coded(values: np.ndarray, task: str) -> np.ndarray:
    if task == "regression":
        # Ranks: a few large numbers would decide alone, and any scale may leak.
        return np.asarray(pd.Series(values.astype(float)).rank())
    return np.asarray(pd.factorize(values)[0])


def _can_judge(values: np.ndarray, classes: bool) -> bool:
    if len(values) < _MIN_ROWS:
        return False
    if not classes:
        return float(np.ptp(values)) > 0
    return int(np.sort(np.bincount(values))[::-1][1:2].sum()) >= _MIN_OF_CLASS


def _prepared(
    values: pd.Series, column: ColumnSchema, at: np.ndarray
) -> tuple[bool, np.ndarray]:
    """Return whether a column has numbers, and them or the codes of its levels."""
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "fiub":
        numbers = values.to_numpy()[at].astype("float64")
        numbers[np.isinf(numbers)] = np.nan
        return True, numbers
    values = values.iloc[at]
    if column.kind in ("numeric", "datetime") or is_numeric_dtype(values.dtype):
        numbers = np.asarray(numbers_of(values, column), dtype=float)
        return True, np.where(np.isfinite(numbers), numbers, np.nan)
    codes = pd.factorize(as_texts(values) if values.dtype == object else values)[0]
    # Levels of one row each count as one level.
    rare = np.bincount(codes + 1, minlength=1)[codes + 1] < 2
    return False, np.where(rare, codes.max(initial=0) + 2, codes + 1)


def _determines(x: np.ndarray, y: np.ndarray, numeric: bool, classes: bool) -> bool:
    """Tell whether a column alone predicts a target in held-out rows."""
    limit = LIMITS[classes]
    # A few rows suffice to detect noise, except for rare classes.
    first = slice(_FIRST_ROWS)
    if numeric and (_is_noise(x[first], y[first], classes) or _is_noise(x, y, classes)):
        return False
    # A fit that fails on training rows fails on others as well.
    for rows, bar in ((first, limit - _SLACK), (slice(None), limit)):
        own, target = x[rows], y[rows]
        if np.ptp(target) == 0:
            continue
        predicted = _predicted(own, target, own, numeric, classes)
        if _right(predicted, target, classes) < bar:
            return False
    folds = (StratifiedKFold if classes else KFold)(
        _FOLDS, shuffle=True, random_state=0
    )
    if classes:
        # Classes with too few rows for the folds count as one.
        rare = np.bincount(y)[y] < _FOLDS
        y = pd.factorize(np.where(rare, -1, y))[0]
    predictions = np.empty(len(y), dtype=y.dtype if classes else float)
    for train, test in folds.split(x, y):
        predictions[test] = _predicted(x[train], y[train], x[test], numeric, classes)
    return _right(predictions, y, classes) >= limit


def _is_noise(x: np.ndarray, y: np.ndarray, classes: bool) -> bool:
    """Tell whether a target changes along a column too often for a tree.

    The mean square of successive differences is that of von Neumann (1941), The
    Annals of Mathematical Statistics 12(4).
    """
    if not classes:
        spread = float(((y - y.mean()) ** 2).sum())
        along = y[np.argsort(x)]
        between = float((np.diff(along) ** 2).sum()) / 2
        return between > _CHANCE * spread
    along = y[np.argsort(x)]
    n_changes = int((along[1:] != along[:-1]).sum())
    shares = np.bincount(y) / len(y)
    by_chance = len(y) * (1 - float((shares**2).sum()))
    return n_changes > 2 * _leaves(y) + min(_CHANGES * len(y), _CHANCE * by_chance)


def _leaves(y: np.ndarray) -> int:
    return 2 * int(y.max()) + 8


def _predicted(
    x: np.ndarray, y: np.ndarray, new: np.ndarray, numeric: bool, classes: bool
) -> np.ndarray:
    if numeric:
        kind = DecisionTreeClassifier if classes else DecisionTreeRegressor
        leaves = _leaves(y) if classes else 64
        tree = kind(max_leaf_nodes=leaves, min_samples_leaf=2, random_state=0)
        return np.asarray(tree.fit(x[:, None], y).predict(new[:, None]))
    n_levels = int(max(x.max(), new.max())) + 1
    rows = np.bincount(x, minlength=n_levels)
    if not classes:
        sums = np.bincount(x, weights=y, minlength=n_levels)
        means = np.where(rows > 0, sums / np.maximum(rows, 1), y.mean())
        return np.asarray(means[new])
    counts = np.zeros((n_levels, int(y.max()) + 1), dtype=int)
    np.add.at(counts, (x, y), 1)
    often = np.where(rows > 0, counts.argmax(axis=1), counts.sum(axis=0).argmax())
    return np.asarray(often[new])


def _right(predictions: np.ndarray, y: np.ndarray, classes: bool) -> float:
    """Return the share of the error of a constant that is removed, at most 1."""
    if not classes:
        wrong = float(((y - y.mean()) ** 2).sum())
        return 1.0 - float(((y - predictions) ** 2).sum()) / wrong
    rows = np.bincount(y)
    n_classes = int((rows > 0).sum())
    if n_classes < 2:
        return 0.0
    right = np.bincount(y, weights=predictions == y)[rows > 0] / rows[rows > 0]
    return (float(right.mean()) * n_classes - 1) / (n_classes - 1)
