"""Typed values from text cells, such as those of CSV."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "LARGEST_WHOLE",
    "MISSING_CELLS",
    "TrainedColumn",
    "is_long",
    "plain_numbers",
    "plain_value",
    "plain_values",
    "settle_objects",
    "typed_cells",
    "without_blanks",
    "without_missing_cells",
]

#: What pandas reads as a missing value in a file.
MISSING_CELLS = frozenset(
    {
        *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan"),
        *("1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None"),
        *("n/a", "nan", "null"),
    }
)
#: Beyond it, float64 does not represent every whole number.
LARGEST_WHOLE = 2**53
#: Longest text that is read as a number, which bounds the time of parsing.
_LONGEST_NUMBER = 400

# RE2, behind `pyarrow.compute`, takes linear time for every pattern.
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
_WHOLE_NUMBER = r"^[+-]?\d+$"
_PADDED = r"^[+-]?0\d"
_BOOLEANS = {"true": True, "false": False}
_ZERO_ONE = {0.0: False, 1.0: True}


@dataclass(frozen=True)
class TrainedColumn:
    """The type of a trained column, for readers of files.

    Attributes
    ----------
    storage : str
        As in `windu.schema.columns.ColumnSchema`.
    literal_texts : frozenset of str
        Texts such as ``"NA"`` that were values in training, not missing ones.
    """

    storage: str
    literal_texts: frozenset[str] = frozenset()


def typed_cells(
    cells: pd.DataFrame,
    trained: Mapping[Any, TrainedColumn] | None = None,
    *,
    missing: Collection[str] = (),
    decimal: str = ".",
    thousands: str | None = None,
) -> pd.DataFrame:
    """Return a table of texts as a table of values.

    A column that training knew is read cell by cell as it was then, so that a batch
    reads as the whole. Any other is numeric or boolean only where all of its cells
    are, and where no code such as ``007`` would lose its zeros.

    Parameters
    ----------
    cells : pandas.DataFrame of shape (n_samples, n_columns)
        Columns of texts; others stay as they are.
    trained : mapping of column name to TrainedColumn, default=None
        The columns of training.
    missing : collection of str, default=()
        More texts that stand for a missing value.
    decimal, thousands : str
        How numbers are written.

    Returns
    -------
    pandas.DataFrame of shape (n_samples, n_columns)
        With the same index.
    """
    gone = MISSING_CELLS.union(missing)
    columns = {}
    for position, name in enumerate(cells.columns):
        values = cells.iloc[:, position]
        if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
            column = (trained or {}).get(name)
            values = without_missing_cells(values, gone, column)
            values = _typed(values, column, decimal, thousands)
        columns[position] = values
    table = pd.DataFrame(columns, index=cells.index, copy=False)
    return table.set_axis(cells.columns, axis=1)


def without_missing_cells(
    values: pd.Series, missing: Collection[str], column: TrainedColumn | None
) -> pd.Series:
    """Return a column in which texts that stand for a missing value are NaN."""
    literal = frozenset() if column is None else column.literal_texts
    gone = values.isin(frozenset(missing) - literal)
    return values.where(~gone, np.nan) if gone.any() else values


def _typed(
    values: pd.Series, column: TrainedColumn | None, decimal: str, thousands: str | None
) -> pd.Series:
    if column is not None and column.storage not in ("numeric", "boolean"):
        return values
    codes, distinct = pd.factorize(values)
    texts = distinct.astype(object).tolist()
    if not texts:
        return pd.Series(np.nan, values.index, name=values.name, dtype="float64")
    if not all(isinstance(text, str) for text in texts):
        return values
    plain = _with_points(texts, decimal, thousands)
    if column is None:
        parsed = _booleans(texts)
        if parsed is None:
            parsed = None if _has_padded(plain) else _all_numbers(plain)
        if parsed is None:
            return values
    else:
        parsed = _cell_by_cell(texts, plain, column.storage)
    cells = np.append(parsed, np.array([None], dtype=object))[codes]
    return settle_objects(pd.Series(cells, values.index, name=values.name))


def _with_points(texts: list[str], decimal: str, thousands: str | None) -> list[str]:
    if thousands:
        texts = [text.replace(thousands, "") for text in texts]
    if decimal == ".":
        return texts
    # A trailing or leading point is not part of a number.
    return ["" if "." in text else text.replace(decimal, ".") for text in texts]


def _booleans(texts: list[str]) -> np.ndarray | None:
    values = [_BOOLEANS.get(text.lower()) for text in texts]
    return None if None in values else np.array(values, dtype=object)


def _has_padded(texts: list[str]) -> bool:
    stripped = pc.utf8_trim_whitespace(pa.array(texts, pa.large_string()))
    return bool(pc.any(pc.match_substring_regex(stripped, _PADDED)).as_py())


def _all_numbers(texts: list[str]) -> np.ndarray | None:
    numbers, readable = plain_numbers(texts)
    return numbers if readable.all() else None


def _cell_by_cell(texts: list[str], plain: list[str], storage: str) -> np.ndarray:
    """Return what each text reads as; one that cannot be read stays a text."""
    numbers, readable = plain_numbers(plain)
    values = np.array(texts, dtype=object)
    if storage == "numeric":
        values[readable] = numbers[readable]
        return values
    for position, text in enumerate(texts):
        if text.lower() in _BOOLEANS:
            values[position] = _BOOLEANS[text.lower()]
        elif readable[position]:
            values[position] = _ZERO_ONE.get(float(numbers[position]), text)
    return values


def plain_numbers(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return texts as numbers, exactly, and which of them are numbers.

    Parameters
    ----------
    texts : list of str
        Each read alone, in time that grows with its length.

    Returns
    -------
    numbers : ndarray of object of shape (n_texts,)
        `int` where all are whole, else `float`; None where a text is no number.
    readable : ndarray of bool of shape (n_texts,)
        Which texts are numbers.

    Examples
    --------
    >>> from windu.io.cells import plain_numbers
    >>> plain_numbers(["7", "1e2", "x"])[0].tolist()
    [7.0, 100.0, None]
    """
    short = [text if len(text) <= _LONGEST_NUMBER else "" for text in texts]
    try:
        array = pc.utf8_trim_whitespace(pa.array(short, pa.large_string()))
    except UnicodeEncodeError:
        # Half of a surrogate pair is not a number.
        short = [text if text.isascii() else "" for text in short]
        array = pc.utf8_trim_whitespace(pa.array(short, pa.large_string()))
    readable = pc.match_substring_regex(array, _NUMBER).to_numpy(zero_copy_only=False)
    numbers = np.full(len(texts), None, dtype=object)
    matching = array.filter(pa.array(readable))
    if not len(matching):
        return numbers, readable
    if pc.all(pc.match_substring_regex(matching, _WHOLE_NUMBER)).as_py():
        numbers[readable] = [int(text) for text in matching.to_pylist()]
    else:
        numbers[readable] = pc.cast(matching, pa.float64()).to_pylist()
    return numbers, readable


_PLAIN_TYPES = frozenset((str, int, bool, type(None)))


def plain_value(value: Any) -> Any:
    """Return a value of a table as one that JSON can hold; missing ones as None."""
    if value is None or (np.ndim(value) == 0 and pd.isna(value)):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Decimal):
        is_whole = value.is_finite() and value == value.to_integral_value()
        return int(value) if is_whole else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def plain_values(values: Iterable[Any]) -> list[Any]:
    """Return values of a table as `plain_value` does each."""
    return [
        value
        if type(value) in _PLAIN_TYPES or (type(value) is float and value == value)
        else plain_value(value)
        for value in values
    ]


def is_long(value: Any) -> bool:
    """Tell whether a value is a whole number that float64 may not hold.

    Parameters
    ----------
    value : object
        Any value of a table.
    """
    is_integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return is_integer and not -LARGEST_WHOLE <= int(value) <= LARGEST_WHOLE


def settle_objects(values: pd.Series) -> pd.Series:
    """Return a column of Python objects with the dtype that holds them all exactly.

    Parameters
    ----------
    values : pandas.Series of object
        A column.

    Returns
    -------
    pandas.Series
        int64, uint64, float64, bool, datetime64 or `str` where it holds each value
        as it is; else the column itself. Whole numbers with missing values between
        them become floats only if no two of them would become the same.
    """
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in ("integer", "floating", "mixed-integer-float"):
        return _settled_numbers(values, kind)
    if kind == "boolean":
        return values if values.isna().any() else values.astype(bool)
    if kind in ("string", "datetime", "datetime64", "timedelta", "timedelta64"):
        return _inferred(values)
    if kind == "empty":
        return values if len(values) == 0 else values.astype("float64")
    return values


def _inferred(values: pd.Series) -> pd.Series:
    try:
        return pd.Series(values.tolist(), values.index, name=values.name)
    except (ValueError, TypeError, OverflowError):
        # Several zones, or dates that have no resolution in common.
        return values


def _settled_numbers(values: pd.Series, kind: str) -> pd.Series:
    missing = values.isna()
    present = values[~missing]
    if kind != "floating":
        integers = [int(x) for x in present if isinstance(x, (int, np.integer))]
        low, high = min(integers, default=0), max(integers, default=0)
        if kind == "integer" and not missing.any():
            if low >= -(2**63) and high < 2**63:
                return values.astype("int64")
            return values.astype("uint64") if low >= 0 and high < 2**64 else values
        if low < -LARGEST_WHOLE or high > LARGEST_WHOLE:
            return values
    numbers = np.full(len(values), np.nan)
    numbers[~missing.to_numpy()] = present.to_numpy(dtype="float64")
    return pd.Series(numbers, values.index, name=values.name)


def without_blanks(values: pd.Series) -> pd.Series:
    """Return a column in which empty texts are missing, as they are in files.

    Parameters
    ----------
    values : pandas.Series
        Of any dtype.

    Returns
    -------
    pandas.Series
        The column itself where there are none.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        if dtype.categories.dtype.kind != "O" or "" not in dtype.categories:
            return values
        return values.cat.remove_categories("")
    if dtype == object:
        blank = np.fromiter((cell == "" for cell in map(_text_or_none, values)), bool)
    elif isinstance(dtype, pd.StringDtype):
        texts = pa.array(values.array, from_pandas=True)
        if pc.min(pc.binary_length(texts)).as_py() != 0:
            return values
        blank = (values == "").to_numpy(dtype=bool, na_value=False)
    else:
        return values
    return values.where(~blank) if blank.any() else values


def _text_or_none(cell: Any) -> str | None:
    return cell if isinstance(cell, str) else None
