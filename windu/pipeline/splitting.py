"""Splits of a table into train, dev and test rows: at random, by group, by time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from windu._compat.row_order import match_rows
from windu.exceptions import (
    TableError,
    TargetError,
    WinduWarning,
    did_you_mean,
    did_you_mean_each,
)
from windu.tasks import infer_task, read_target

__all__ = ["Split", "split_rows", "split_target"]


class Split(NamedTuple):
    """Positions of rows, in their order in the table.

    Attributes
    ----------
    train, dev, test : ndarray of int
        Each row stands in one of them.
    """

    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray


def split_rows(
    frame: pd.DataFrame,
    y: Any = None,
    *,
    tables: Mapping[str, pd.DataFrame] | None = None,
    test: float | int | None = None,
    dev: float | int | None = None,
    seed: int | None = 0,
    group: str | None = None,
    time: str | None = None,
    column: str | None = None,
    stratify: bool | str | None = "auto",
) -> Split:
    """Split the rows of a table.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        The table without the target.
    y : array-like of shape (n_samples,), default=None
        The target, for `stratify`.
    tables : mapping of str to DataFrame, default=None
        Parts, ``"dev"`` or ``"test"``, that are tables of their own: they must have the
        columns of `frame`, and with `group` none of its groups.
    test, dev : float or int, default=None
        A share of all rows, or a number of rows; of groups with `group`.
    seed : int, default=0
        Of the generator of random numbers.
    group : str, default=None
        A column; rows with the same value stay on one side.
    time : str, default=None
        A column; the latest rows are the test, those before them the dev part. Rows of
        one time stay on one side.
    column : str, default=None
        A column that says ``"train"``, ``"dev"`` or ``"test"`` for each row.
    stratify : {"auto", True, False}, default="auto"
        Whether each part has the shares of the classes. ``"auto"`` does it for one
        column of classes that have enough rows.

    Returns
    -------
    Split
        Positions of the rows.

    Raises
    ------
    TableError
        If a column is not there or has missing values, or nothing is left to learn
        from.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu.pipeline.splitting import split_rows
    >>> days = pd.DataFrame({"day": [3, 1, 2, 4]})
    >>> split_rows(days, test=0.25, time="day").test
    array([3])
    """
    match_rows({"frame": frame, "y": y})
    tables, sizes = tables or {}, {"dev": dev, "test": test}
    ways = {"group": group, "time": time, "column": column}
    ways_given = [way for way, name in ways.items() if name is not None]
    if len(ways_given) > 1 or (tables and column is not None):
        raise TableError(
            f"A split must be of one kind. Got {ways_given + ['files'] * bool(tables)}."
        )
    if twice := [name for name in tables if sizes[name]]:
        raise TableError(
            f"A part must be said once. Got a file and a size of {twice}. Remove one."
        )
    for part, table in tables.items():
        _check_given(part, table, frame, group)
    for name in ways.values():
        _check_column(frame, name)
    if column is not None:
        return _by_column(frame[column])
    if not any(sizes.values()):
        if tables:
            none = np.array([], dtype=int)
            return Split(np.arange(len(frame)), none, none)
        raise TableError(
            "A split must hold something back. Got neither test nor dev. Write "
            "split: {test: 0.2}."
        )
    if group is not None:
        return _by_group(frame[group], sizes, seed)
    counts = {name: _count(size, len(frame), name) for name, size in sizes.items()}
    if time is not None:
        return _by_time(frame[time], counts)
    return _at_random(len(frame), y, counts, seed, stratify)


def split_target(
    frame: pd.DataFrame, target: str | list[str], source: str = "The table"
) -> tuple[Any, Any]:
    """Separate the target from the other columns.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A table.
    target : str or list of str
        Its column, or columns.
    source : str, default="The table"
        What the table is called in messages.

    Returns
    -------
    X : pandas.DataFrame
        The other columns.
    y : pandas.Series or pandas.DataFrame
        The target; a frame for a list.

    Raises
    ------
    TableError
        If a column is not there.
    TargetError
        If a value of the target is missing.
    """
    names = [target] if isinstance(target, str) else list(target)
    if gone := [name for name in names if name not in frame.columns]:
        hints = "".join(did_you_mean_each(gone, frame.columns))
        raise TableError(
            f"{source} must have the target {target!r}. Missing: {gone}. It has "
            f"{list(frame.columns)[:20]}.{hints}"
        )
    y = frame[target] if isinstance(target, str) else frame[names]
    missing = y.isna().to_numpy().reshape(len(frame), -1).any(axis=1)
    if missing.any():
        raise TargetError(
            f"{source} must have a target in every row. Missing in {missing.sum()} of "
            f"{len(frame)} rows, first at row {missing.argmax()}. Remove these rows in "
            "preprocess, or fill them.",
            np.flatnonzero(missing).tolist(),
        )
    return frame.drop(columns=names), y


def _check_given(
    part: str, table: pd.DataFrame, frame: pd.DataFrame, group: str | None
) -> None:
    """Raise unless a table fits the training table."""
    if gone := [name for name in frame.columns if name not in table.columns]:
        hints = "".join(did_you_mean_each(gone[:5], table.columns))
        raise TableError(
            f"The table of the part {part!r} must have the columns of data. Missing: "
            f"{gone}.{hints}"
        )
    if group is None or group not in frame.columns:
        return
    in_both = table[group].isin(frame[group]).to_numpy()
    if in_both.any():
        raise TableError(
            f"No group may be on both sides. Got {int(in_both.sum())} rows of the part "
            f"{part!r} whose {group!r} is in data as well, first "
            f"{table[group].iloc[int(in_both.argmax())]!r}. Remove them from one."
        )


def _check_column(frame: pd.DataFrame, name: str | None) -> None:
    if name is None:
        return
    if name not in frame.columns:
        raise TableError(
            f"The table must have the column {name!r} to split by. Got "
            f"{list(frame.columns)[:20]}.{did_you_mean(name, map(str, frame.columns))}"
        )
    missing = frame[name].isna().to_numpy()
    if missing.any():
        raise TableError(
            f"The column {name!r} to split by must have a value in each row. Missing "
            f"in {missing.sum()} rows, first at row {missing.argmax()}."
        )


def _count(size: float | int | None, n: int, name: str, unit: str = "rows") -> int:
    if size is None or size == 0:
        return 0
    share = isinstance(size, float)
    if not 0 < size < (1 if share else n):
        raise TableError(
            f"{name} must be a share between 0 and 1, or a number of {unit} below "
            f"{n}. Got {size!r}."
        )
    return max(1, round(size * n)) if share else int(size)


def _checked(split: Split) -> Split:
    if not len(split.train):
        raise TableError(
            "Some rows must be left to learn from. Got none. Hold less back."
        )
    return split


def _by_column(parts: pd.Series) -> Split:
    part_names = parts.astype(str).to_numpy()
    names = ("train", "dev", "test")
    wrong = sorted(set(part_names) - set(names))
    if wrong:
        raise TableError(
            f"The column {parts.name!r} must say one of {list(names)}. Got "
            f"{wrong[:5]}.{did_you_mean(wrong[0], names)}"
        )
    return _checked(Split(*(np.flatnonzero(part_names == name) for name in names)))


def _by_time(times: pd.Series, sizes: dict[str, int]) -> Split:
    if isinstance(times.dtype, pd.StringDtype) or times.dtype == object:
        read = pd.to_datetime(times, errors="coerce", format="mixed")
        if read.isna().any():
            raise TableError(
                f"The column {times.name!r} must hold times or numbers. Got "
                f"{times[read.isna()].iloc[0]!r}. Convert it in preprocess."
            )
        times = read
    rank = times.rank(method="dense").to_numpy()
    ordered = np.sort(rank)
    n_rows, n_test, n_dev = len(rank), sizes["test"], sizes["dev"]
    if n_test + n_dev >= n_rows:
        _checked(Split(*[np.array([], dtype=int)] * 3))
    # Rows with the time of the first row of a part belong to it.
    first_test = ordered[n_rows - n_test] if n_test else np.inf
    before = ordered[ordered < first_test]
    first_dev = before[-n_dev] if 0 < n_dev <= len(before) else first_test
    if n_dev > len(before):
        first_dev = -np.inf
    return _checked(
        Split(
            np.flatnonzero(rank < first_dev),
            np.flatnonzero((rank >= first_dev) & (rank < first_test)),
            np.flatnonzero(rank >= first_test),
        )
    )


def _by_group(groups: pd.Series, sizes: dict[str, Any], seed: int | None) -> Split:
    codes = pd.factorize(groups)[0]
    n_groups = int(codes.max()) + 1
    counts = [
        _count(size, n_groups, name, f"groups of {groups.name!r}")
        for name, size in sizes.items()
    ]
    if sum(counts) >= n_groups:
        raise TableError(
            f"Some groups must be left to learn from. Got {n_groups} groups, of which "
            f"{sum(counts)} are held back."
        )
    rest, groups_held = np.arange(len(codes)), []
    for count in counts[::-1]:
        at = np.array([], dtype=int)
        if count:
            cut = GroupShuffleSplit(1, test_size=count, random_state=seed)
            rest_rows, at = next(cut.split(rest, groups=codes[rest]))
            rest, at = rest[rest_rows], rest[at]
        groups_held.append(at)
    return Split(np.sort(rest), np.sort(groups_held[1]), np.sort(groups_held[0]))


def _at_random(
    n_rows: int, y: Any, sizes: dict[str, int], seed: int | None, stratify: Any
) -> Split:
    if sum(sizes.values()) >= n_rows:
        raise TableError(
            f"Some rows must be left to learn from. Got {n_rows} rows, of which "
            f"{sum(sizes.values())} are held back."
        )
    labels = _labels(y, sizes, stratify)
    rest, parts = np.arange(n_rows), {}
    for name in ("test", "dev"):
        parts[name] = np.array([], dtype=int)
        if sizes[name]:
            rest, parts[name] = train_test_split(
                rest,
                test_size=sizes[name],
                random_state=seed,
                stratify=None if labels is None else labels[rest],
            )
    return Split(np.sort(rest), np.sort(parts["dev"]), np.sort(parts["test"]))


def _labels(y: Any, sizes: dict[str, int], stratify: Any) -> np.ndarray | None:
    """Return the classes to stratify by."""
    if y is None or stratify is False or stratify is None:
        return None
    target = read_target(y)
    task, _ = infer_task(target, None)
    if task not in ("binary", "multiclass"):
        if stratify is True:
            raise TableError(f"stratify needs one column of classes. Got {task}.")
        return None
    labels = pd.factorize(np.asarray(target.values))[0]
    rows = np.bincount(labels)
    parts = [size for size in sizes.values() if size]
    # Each part needs a row of each class.
    if rows.min() > len(parts) and min(parts) >= len(rows):
        return labels
    reason = (
        f"the rarest has {rows.min()} rows"
        if rows.min() <= len(parts)
        else f"a part has {min(parts)} rows for {len(rows)} classes"
    )
    if stratify is True:
        raise TableError(
            f"Each part must have rows of each class for stratify. Got that {reason}. "
            "Set stratify: false."
        )
    warnings.warn(
        f"Rows are held back at random, not by class: {reason}.",
        WinduWarning,
        stacklevel=4,
    )
    return None
