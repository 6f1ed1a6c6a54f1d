"""Targets of any container as arrays, and the dtypes that bring them back."""

from __future__ import annotations

from enum import Enum
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from windu.exceptions import TargetError

__all__ = [
    "as_numbers",
    "as_pandas",
    "as_values",
    "cast",
    "check_one_type",
    "check_rows",
    "dtype_from",
    "dtype_text",
    "holds_label_lists",
    "is_collection",
    "without_enums",
]

_Extension = pd.api.extensions.ExtensionDtype
_ARROW, _LEVELS, _RANKS = "arrow:", "levels:", "ranks:"


def cast(values: pd.Series, dtype: str) -> pd.Series:
    """Return values with a dtype; the texts of pandas 3 are objects in pandas 2.

    Parameters
    ----------
    values : pandas.Series
        Of values that the dtype can hold.
    dtype : str
        As pandas prints it, pandas 3 also where pandas 2 is installed.

    Returns
    -------
    pandas.Series
        Missing values stay missing: to pandas 2 ``"str"`` is a function that makes
        texts of them.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu._compat.targets import cast
    >>> cast(pd.Series(["a", None], dtype=object), "str").isna().tolist()
    [False, True]
    """
    if dtype == "str" and not isinstance(pd.api.types.pandas_dtype(dtype), _Extension):
        texts = values.astype(object).map(str, na_action="ignore")
        return texts.where(values.notna(), np.nan)
    return values.astype(dtype)  # type: ignore[call-overload]


def dtype_text(dtype: Any) -> str:
    """Return a dtype as text; unlike ``str`` it knows where texts are kept.

    Parameters
    ----------
    dtype : numpy or pandas dtype
        Of categories without these themselves.

    Returns
    -------
    str
        For `dtype_from`.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu._compat.targets import dtype_text
    >>> dtype_text(pd.CategoricalDtype([1, 2], ordered=True))
    'ranks:int64'
    """
    if isinstance(dtype, pd.CategoricalDtype):
        return (_RANKS if dtype.ordered else _LEVELS) + dtype_text(
            dtype.categories.dtype
        )
    if isinstance(dtype, pd.ArrowDtype):
        return f"{_ARROW}{dtype.pyarrow_dtype}"
    text = str(dtype)
    return f"{text}[{dtype.storage}]" if text in ("str", "string") else text


def dtype_from(text: str, levels: Any = None) -> Any:
    """Return the dtype that `dtype_text` wrote.

    Parameters
    ----------
    text : str
        As from `dtype_text`.
    levels : list, default=None
        The categories, for a dtype of categories.

    Returns
    -------
    numpy or pandas dtype
        The dtype.

    Examples
    --------
    >>> from windu._compat.targets import dtype_from
    >>> dtype_from("ranks:int64", [2, 1]).categories.tolist()
    [2, 1]
    """
    for start in (_LEVELS, _RANKS):
        if text.startswith(start):
            categories = pd.Index(levels, dtype=dtype_from(text.removeprefix(start)))
            return pd.CategoricalDtype(categories, ordered=start == _RANKS)
    if text.startswith(_ARROW):
        import pyarrow

        return pd.ArrowDtype(pyarrow.type_for_alias(text.removeprefix(_ARROW)))
    if text.startswith("str["):
        return pd.StringDtype(text[4:-1], na_value=np.nan)
    return pd.api.types.pandas_dtype(text) if text != "object" else np.dtype(object)


#: Inferred types of pandas that stand for one type.
_ONE_TYPE = {
    *("string", "bytes", "boolean", "integer", "floating", "decimal"),
    "mixed-integer-float",
}


def as_pandas(y: Any) -> Any:
    """Convert other containers to numpy, pandas or a list.

    Parameters
    ----------
    y : object
        A polars Series or frame, an Arrow array, a sparse matrix; anything else comes
        back as it is.

    Returns
    -------
    object
        Lists for a column of lists.
    """
    if hasattr(y, "to_pandas"):
        nested = str(getattr(y, "dtype", "")).startswith(("List", "Array"))
        return y.to_list() if nested else y.to_pandas()
    return y.toarray() if hasattr(y, "toarray") else y


def as_values(y: Any) -> np.ndarray:
    """Return a column or table as an array.

    Parameters
    ----------
    y : Series, array, list
        Values of any dtype.

    Returns
    -------
    ndarray
        Of the dtype that numpy has for the values; texts and mixtures are objects.

    Raises
    ------
    TargetError
        For rows of unequal length, and for what is no array.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu._compat.targets import as_values
    >>> as_values(pd.Series([1, 2], dtype="Int8"))
    array([1, 2], dtype=int8)
    >>> as_values([1, "a"])
    array([1, 'a'], dtype=object)
    """
    if isinstance(y, pd.Series):
        if isinstance(y.dtype, np.dtype):
            return y.to_numpy()
        if y.isna().any():
            return y.to_numpy(dtype=object, na_value=np.nan)
        if isinstance(y.dtype, pd.CategoricalDtype):
            return as_values(y.astype(y.dtype.categories.dtype))
        dtype = getattr(y.dtype, "numpy_dtype", np.dtype(object))
        return y.to_numpy(dtype=dtype if dtype.kind in "iufb" else object)
    try:
        array = np.asarray(y)
        if array.dtype.kind in "US" and isinstance(y, (list, tuple)):
            # numpy turns numbers among texts into texts; the user must be told.
            kind = str if array.dtype.kind == "U" else bytes
            objects = np.array(y, dtype=object)
            same = all(isinstance(value, kind) for value in objects.ravel())
            return array if same else objects
        if array.dtype.kind in "iuf" and isinstance(y, (list, tuple)):
            # And booleans among numbers into numbers.
            objects = np.array(y, dtype=object)
            kinds = {isinstance(value, (bool, np.bool_)) for value in objects.flat}
            return objects if len(kinds) > 1 and array.ndim == 1 else array
        return array
    except ValueError as error:
        raise TargetError(
            f"y must be a column, a table, or lists of labels. Got {type(y).__name__}: "
            f"{error}."
        ) from error


def as_numbers(values: np.ndarray) -> np.ndarray:
    """Return decimals, which numpy keeps as objects, as floats; all else as it is.

    Parameters
    ----------
    values : ndarray
        Of any dtype.

    Returns
    -------
    ndarray
        The same array, or one of floats.
    """
    if values.dtype == object and pd.api.types.infer_dtype(values) == "decimal":
        return values.astype("float64")
    return values


def is_collection(value: Any) -> bool:
    """Tell whether a value holds the labels of one row."""
    return isinstance(value, (list, tuple, set, frozenset, np.ndarray))


def holds_label_lists(y: Any) -> bool:
    """Tell whether each row has a collection of labels, and y is no matrix.

    Parameters
    ----------
    y : Series, array, list
        Lists of numbers that all have the same length are a matrix.
    """
    if isinstance(y, pd.Series):
        return y.dtype == object and bool(len(y)) and is_collection(y.iloc[0])
    if isinstance(y, np.ndarray):
        return (
            y.dtype == object and y.ndim == 1 and bool(len(y)) and is_collection(y[0])
        )
    if not isinstance(y, (list, tuple)) or not any(is_collection(v) for v in y):
        return False
    if not all(is_collection(v) for v in y):
        # A missing value among lists is named later, by its row.
        return True
    same_length = len({len(v) for v in y}) == 1 and any(len(v) for v in y)
    numbers = all(isinstance(x, (bool, int, float, np.number)) for v in y for x in v)
    return not (same_length and numbers) or any(
        isinstance(v, (set, frozenset)) for v in y
    )


def without_enums(values: np.ndarray) -> np.ndarray:
    """Return labels with the plain value of each member of an `IntEnum` or `StrEnum`.

    Parameters
    ----------
    values : ndarray
        Labels; anything but objects comes back as it is.

    Raises
    ------
    TargetError
        For members of another `Enum`, which have no order and equal no plain value.
    """
    if values.dtype != object:
        return values
    if not any(issubclass(kind, Enum) for kind in set(map(type, values.ravel()))):
        return values
    rows = [i for i, v in enumerate(values.ravel()) if isinstance(v, Enum)]
    odd_row = next(
        (i for i in rows if not isinstance(values.ravel()[i], (int, str))), None
    )
    if odd_row is not None:
        member = values.ravel()[odd_row]
        raise TargetError(
            "y must hold plain labels. Got a member of the Enum "
            f"{type(member).__name__}, {member!r} at row {odd_row}. Pass "
            "[label.value for label in y], or label.name.",
            [odd_row],
        )
    plain = [v.value if isinstance(v, Enum) else v for v in values.ravel()]
    return np.asarray(pd.Series(plain)).reshape(values.shape)


def check_one_type(values: np.ndarray) -> None:
    """Raise a `TargetError` if labels are of several types, or of none that is one.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Objects without missing values.

    Raises
    ------
    TargetError
        With the first row of each type.
    """
    kind = pd.api.types.infer_dtype(values)
    if kind in _ONE_TYPE:
        return
    first: dict[Any, int] = {}
    for row, value in enumerate(values):
        first.setdefault(_group_of(value), row)
    rows = list(first.values())
    types_found = "; ".join(
        f"{type(values[row]).__name__}, first {values[row]!r} at row {row}"
        for row in rows
    )
    if len(first) > 1:
        raise TargetError(
            f"The labels of y must be of one type. Got {len(first)}: {types_found}. "
            "Convert "
            "them, for instance y.astype(str).",
            rows,
        )
    if kind.startswith(("date", "time")) or type(values[0]).__hash__ is None:
        raise TargetError(
            "The labels of y must be texts, booleans, categories or numbers. Got "
            f"{types_found}. Convert them, for instance y.astype(str).",
            rows,
        )


def _group_of(value: Any) -> type:
    for kind in (str, bytes, bool, Number):
        if isinstance(value, kind):
            return kind
    return bool if isinstance(value, np.bool_) else type(value)


def check_rows(bad: np.ndarray, problem: str, y: Any) -> None:
    """Raise a `TargetError` that names the bad rows, if there are any.

    Parameters
    ----------
    bad : ndarray of shape (n_samples,)
        Booleans.
    problem : str
        What these rows hold.
    y : object
        The target, for its index.

    Raises
    ------
    TargetError
        With the rows.
    """
    if not bad.any():
        return
    rows = [int(row) for row in np.flatnonzero(bad)]
    names = (
        y.index[rows[:10]].tolist() if isinstance(y, (pd.Series, pd.DataFrame)) else []
    )
    index = f" (index {names})" if names and names != rows[:10] else ""
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    raise TargetError(
        f"Input y contains {problem}. Every row needs a target; {len(rows)} of "
        f"{len(bad)} "
        f"rows have none that can be used: rows {rows[:10]}{more}{index}. Drop these "
        "rows from X and y, or fill them.",
        rows,
    )
