"""Whether the rows of a target, weights and other metadata are those of the table.

Everything is cut and passed on by position, by scikit-learn as well. An index can show
that two arguments do not have the same rows at the same positions; this is the one
place that decides it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import count
from typing import Any, Literal, NoReturn

import numpy as np
import pandas as pd

from windu.exceptions import PartError, TargetError, WinduWarning

__all__ = ["match_rows"]

Verdict = Literal["same", "by position", "doubtful", "another order", "other rows"]

_TARGETS = ("y", "Y", "y_true")
#: Labels of one of these kinds never equal labels of another.
_KINDS = {
    **dict.fromkeys(("integer", "floating", "mixed-integer-float"), "number"),
    **{"string": "text", "datetime64": "date", "timedelta64": "duration"},
}


def match_rows(
    arguments: Mapping[str, Any], *, frame: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Return arguments of the same rows, with one index.

    The first argument that has an index is compared with the others that have one and
    as many rows. Equal indexes match. The same labels in another order, and labels of
    other rows, are refused. An index that only counts rows says nothing about them, so
    rows are matched by position where one of the two

    - counts from 0 to n - 1, or
    - has no name, holds whole numbers, and stands beside labels of another kind, or
      beside numbers that it can have been cut together with: the other index is
      sorted, and lost rows before this one was counted anew.

    Arguments without an index (arrays, lists, polars) are returned as they are, and so
    is what has another number of rows, which is checked elsewhere.

    Parameters
    ----------
    arguments : mapping of str to object
        The table first, then the target and metadata, by the names that users know.
    frame : pandas.DataFrame, default=None
        What the table was converted to, if it was. The returned arguments have its
        index, and not the first one.

    Returns
    -------
    dict of str to object
        The same values. What was matched by position has the new index, so that it
        still matches after rows are cut.

    Raises
    ------
    TargetError
        If the rows of a target are not those of the first argument.
    PartError
        If the rows of something else are not.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu._compat.row_order import match_rows
    >>> X = pd.DataFrame({"a": [1, 2]}, index=["p", "q"])
    >>> matched = match_rows({"X": X, "y": pd.Series([0, 1])})
    >>> matched["y"].index.tolist()
    ['p', 'q']
    >>> match_rows({"X": X, "y": pd.Series([0, 1], index=["q", "p"])})
    Traceback (most recent call last):
    ...
    windu.exceptions.TargetError: The rows of X and y must be in the same order. ...
    """
    indexes = {name: _index_of(value) for name, value in arguments.items()}
    matched = dict(arguments)
    if frame is not None and not isinstance(frame.index, pd.RangeIndex):
        # Arrow tables and columns that are Series have an index as well.
        indexes[next(iter(arguments))] = frame.index
    first = next((name for name, own in indexes.items() if own is not None), None)
    if first is None:
        return matched
    rows = indexes[first]
    assert rows is not None
    new = rows if frame is None or len(frame) != len(rows) else frame.index
    for name, own in indexes.items():
        if own is None or len(own) != len(rows):
            continue
        if own is not rows and not (own.dtype == rows.dtype and own.equals(rows)):
            _check(first, rows, name, own, arguments[name])
            matched[name] = arguments[name].set_axis(new)
        elif new is not rows:
            matched[name] = arguments[name].set_axis(new)
    return matched


def _index_of(value: Any) -> pd.Index | None:
    index = getattr(value, "index", None)
    return index if isinstance(index, pd.Index) else None


def _check(first: str, rows: pd.Index, name: str, own: pd.Index, value: Any) -> None:
    verdict = _compare(rows, own)
    if verdict == "doubtful":
        warnings.warn(
            f"The rows of {first} and {name} should have one index. Got labels that "
            "both have, at other positions, and one index that only counts the rows: "
            f"rows are matched by position. If that is right, pass "
            f"{_without_index(first, name, value)}. If not, give both the index of "
            "their rows.",
            WinduWarning,
            # The line that calls `WinduEstimator.fit`.
            stacklevel=7,
        )
    if verdict in ("another order", "other rows"):
        _refuse(first, rows, name, own, value, verdict)


def _refuse(
    first: str, rows: pd.Index, name: str, own: pd.Index, value: Any, verdict: Verdict
) -> NoReturn:
    pairs = zip(count(), rows, own, strict=False)
    row, label, label_in_name = next(
        (row, expected, right)
        for row, expected, right in pairs
        if not _equal(expected, right)
    )
    position = f"first at row {row}: {label!r} in {first}, {label_in_name!r} in {name}"
    plain = _without_index(first, name, value)
    if verdict == "other rows":
        message = (
            f"{first} and {name} must have the same rows. Got other index labels, "
            f"{position}. Select the same rows from both, or pass {plain} if its rows "
            f"are those of {first} by position."
        )
    else:
        # Labels that occur twice cannot be selected one by one.
        sort = f"{name}.loc[{first}.index], or " if rows.is_unique else ""
        message = (
            f"The rows of {first} and {name} must be in the same order. Got the same "
            f"index labels in another order, {position}. Pass {sort}{plain} if its "
            "rows "
            f"are those of {first} by position."
        )
    raise TargetError(message, [row]) if name in _TARGETS else PartError(message)


def _without_index(first: str, name: str, value: Any) -> str:
    """Return how to say that rows are those of the first argument by position."""
    if isinstance(value, pd.DataFrame):
        # An array would lose the names and dtypes of the columns.
        return f"{name}.set_axis({first}.index)"
    return f"{name}.to_numpy()"


def _equal(expected: Any, right: Any) -> bool:
    if pd.api.types.is_scalar(expected) and pd.isna(expected):
        return bool(pd.api.types.is_scalar(right) and pd.isna(right))
    return bool(expected == right)


def _compare(expected: pd.Index, right: pd.Index) -> Verdict:
    """Return how the rows of two indexes of one length belong together."""
    left_numbers, right_numbers = _whole_numbers(expected), _whole_numbers(right)
    if _may_share_labels(expected, right):
        if left_numbers is None or right_numbers is None:
            left_codes, right_codes = _codes(expected, right)
        else:
            left_codes, right_codes = left_numbers, right_numbers
        if np.array_equal(left_codes, right_codes):
            return "same"
        if np.array_equal(np.sort(left_codes), np.sort(right_codes)):
            return "another order"
    left_counts = _counts_rows(expected, left_numbers)
    right_counts = _counts_rows(right, right_numbers)
    if not left_counts and not right_counts:
        return "other rows"
    if left_numbers is None or right_numbers is None:
        return "by position"
    is_cut = (left_counts and _cut_alike(left_numbers, right_numbers)) or (
        right_counts and _cut_alike(right_numbers, left_numbers)
    )
    if left_counts and right_counts and not _is_whole(left_numbers, right_numbers):
        # Two windows of one table differ by a constant.
        one_shift = len(expected) > 1 and np.ptp(left_numbers - right_numbers) == 0
        return "by position" if is_cut and not one_shift else "other rows"
    if is_cut or not np.isin(left_numbers, right_numbers).any():
        return "by position"
    return "doubtful" if _is_whole(left_numbers, right_numbers) else "other rows"


def _whole_numbers(index: pd.Index) -> np.ndarray | None:
    if _kind(index) != "integer":
        return None
    try:
        return np.asarray(index.to_numpy(dtype="int64"))
    except (OverflowError, TypeError, ValueError):
        # Missing labels, or more than 64 bits.
        return None


def _counts_rows(index: pd.Index, numbers: np.ndarray | None) -> bool:
    """Tell whether an index may be a row count, or a selection of one."""
    if numbers is None:
        return False
    return _is_whole(numbers) or (index.name is None and bool((numbers >= 0).all()))


def _is_whole(*indexes: np.ndarray) -> bool:
    """Tell whether one of the indexes counts from 0 to n - 1."""
    return any(np.array_equal(numbers, np.arange(len(numbers))) for numbers in indexes)


def _cut_alike(counted: np.ndarray, labels: np.ndarray) -> bool:
    """Tell whether labels can be a sorted index, cut at the positions counted.

    The index had lost rows, so its labels run ahead of the positions, ever more.
    """
    order = np.argsort(counted, kind="stable")
    ahead = (labels - counted)[order]
    if (np.diff(counted[order]) <= 0).any():
        return False
    return bool(ahead[:1].min(initial=0) >= 0 and (np.diff(ahead) >= 0).all())


def _may_share_labels(expected: pd.Index, right: pd.Index) -> bool:
    if expected.nlevels != right.nlevels:
        return False
    kinds = {_KINDS.get(_kind(expected)), _KINDS.get(_kind(right))}
    return None in kinds or len(kinds) == 1


def _kind(index: pd.Index) -> str:
    # Only for objects does pandas inspect the labels.
    return "string" if isinstance(index.dtype, pd.StringDtype) else index.inferred_type


def _codes(expected: pd.Index, right: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Return one whole number for each label, equal where labels are equal."""
    labels = np.concatenate(
        [index.to_numpy(dtype=object) for index in (expected, right)]
    )
    codes = pd.factorize(labels)[0]
    return codes[: len(expected)], codes[len(expected) :]
