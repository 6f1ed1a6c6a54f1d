"""The quick check: which columns of a table need a comparison of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.kinds import as_texts, is_castable
from windu.schema.names import is_infinite
from windu.schema.recast import is_parsed

__all__ = [
    "MAX_LOOKED_AT",
    "OF_VALUES",
    "CompiledCheck",
    "KnownLevels",
    "compiled_check",
    "known_levels",
    "known_or_new",
    "spelling_of",
]

#: Kinds of difference that need a look at every value.
OF_VALUES = ("null", "level", "range")
#: Up to so many rows, one copy of all floats is cheaper than a look at each column.
_FEW_ROWS = 1_000
#: Largest number of rows that are searched for unknown levels.
MAX_LOOKED_AT = 1_000
#: Least number of values to judge whether a column has mostly unknown levels.
_MIN_ROWS, _MIN_ROWS_OF_MANY = 5, 30


@dataclass(frozen=True)
class KnownLevels:
    """The levels of a column that training knew.

    Attributes
    ----------
    levels : frozenset of str
        All, or the most frequent ones of many.
    spellings : dict of str to str
        Each level by its spelling without case and blanks around it.
    share : float
        Share of the training values that are one of these levels.
    min_rows : int
        With fewer values, unknown levels are no more than life.
    """

    levels: frozenset[str]
    spellings: Mapping[str, str]
    share: float
    min_rows: int


def known_levels(column: ColumnSchema) -> KnownLevels | None:
    """Return the levels of a column that training knew, None where it has none.

    Parameters
    ----------
    column : ColumnSchema
        What was seen in training.
    """
    if column.storage != "text":
        return None
    if column.kind == "categorical" and column.levels:
        levels, share, min_rows = [str(x) for x in column.levels], 1.0, _MIN_ROWS
    elif column.kind == "high-cardinality" and column.frequent_levels:
        levels, share = column.frequent_levels, column.frequent_share or 0.0
        min_rows = _MIN_ROWS_OF_MANY
    else:
        return None
    spellings: dict[str, str] = {}
    if column.kind == "categorical":
        for level in levels:
            spellings.setdefault(spelling_of(level), level)
    return KnownLevels(frozenset(levels), spellings, share, min_rows)


def known_or_new(
    values: pd.Series, levels: KnownLevels
) -> tuple[np.ndarray, np.ndarray]:
    """Return which cells hold a value, and which of them one that training did not.

    Parameters
    ----------
    values : pandas.Series
        A column of texts.
    levels : KnownLevels
        Of training.

    Returns
    -------
    present, new : ndarray of bool of shape (n_samples,)
        An empty text is no value.
    """
    texts = values
    if not isinstance(values.dtype, pd.StringDtype):
        texts = as_texts(values)
    cells = pa.array(texts, pa.large_string(), from_pandas=True)
    present = pc.and_(pc.is_valid(cells), pc.fill_null(pc.not_equal(cells, ""), False))
    known = pc.is_in(cells, pa.array(list(levels.levels), pa.large_string()))
    new = pc.and_(present, pc.invert(known))
    return np.asarray(present, dtype=bool), np.asarray(new, dtype=bool)


def spelling_of(level: str) -> str:
    """Return a level without case, and without blanks around it."""
    return level.strip().casefold()


_DROPPED = ("constant", "identifier")


class CompiledCheck:
    """The dtypes of a schema, prepared for comparison.

    Parameters
    ----------
    schema : TableSchema
        What was seen in training.
    """

    def __init__(self, schema: TableSchema):
        self._dtypes = [_dtype(column, schema) for column in schema.columns]
        self._levels = [_quick_levels(column, schema) for column in schema.columns]
        self._arrow_levels: dict[int, Any] = {}
        self._floats = [
            position
            for position, dtype in enumerate(self._dtypes)
            if getattr(dtype, "kind", "O") == "f"
        ]

    def pending(self, frame: pd.DataFrame) -> list[int]:
        """Return the positions of columns whose dtypes are not sufficient.

        Parameters
        ----------
        frame : pandas.DataFrame
            With the columns of training in order.

        Returns
        -------
        list of int
            Columns of another dtype, of objects, with infinite numbers, or with
            values that somebody wants to hear of.
        """
        dtypes = frame.dtypes.tolist()
        pending_columns = [
            position
            for position, (dtype, dtype_known) in enumerate(
                zip(dtypes, self._dtypes, strict=True)
            )
            if dtype is not dtype_known
            and (dtype_known is None or dtype != dtype_known)
        ]
        if pending_columns and len(frame) <= _FEW_ROWS:
            settled = self._with_known_levels(frame, pending_columns, dtypes)
            pending_columns = [
                position for position in pending_columns if position not in settled
            ]
        floats = self._floats
        if pending_columns:
            floats = sorted(set(floats) - set(pending_columns))
        if floats and not _finite(frame, floats):
            pending_columns += [
                i for i in floats if is_infinite(frame.iloc[:, i]).any()
            ]
        return sorted(pending_columns)

    def _with_known_levels(
        self, frame: pd.DataFrame, positions: list[int], dtypes: list[Any]
    ) -> set[int]:
        """Return the columns of texts that hold levels of training and nothing else."""
        chosen = [
            position
            for position in positions
            if (levels := self._levels[position]) is not None
            and str(dtypes[position]) == levels[0]
        ]
        if len(frame) == 1:
            return {i for i in chosen if self._is_known(frame.iat[0, i], i)}
        return {i for i in chosen if self._are_known(frame.iloc[:, i], i)}

    def _is_known(self, cell: Any, position: int) -> bool:
        levels = self._levels[position]
        return levels is not None and (cell in levels[1] or _is_missing(cell))

    def _are_known(self, values: pd.Series, position: int) -> bool:
        levels_known = self._levels[position]
        if levels_known is None:
            return False
        if position not in self._arrow_levels:
            levels = pa.array([*levels_known[1], None], pa.large_string())
            self._arrow_levels[position] = levels
        try:
            cells = pa.array(values, pa.large_string(), from_pandas=True)
        except (UnicodeEncodeError, pa.ArrowException):
            return False
        return bool(pc.all(pc.is_in(cells, self._arrow_levels[position])).as_py())


def _is_missing(cell: Any) -> bool:
    # NaN is not equal to itself, and pd.NA to nothing.
    return cell is None or cell is pd.NA or bool(cell != cell)


def _quick_levels(
    column: ColumnSchema, schema: TableSchema
) -> tuple[str, frozenset[str]] | None:
    """Return dtype and levels of a text column whose known levels need no check."""
    is_asked = any(schema.action(kind, column) != "ignore" for kind in OF_VALUES)
    if is_asked or column.dtype not in ("str", "string") or column.storage != "text":
        return None
    if column.code_width is not None and column.kind != "categorical":
        return None
    levels = known_levels(column) if column.kind == "categorical" else None
    return None if levels is None else (column.dtype, levels.levels)


def _finite(frame: pd.DataFrame, positions: list[int]) -> bool:
    """Tell whether the floats at these positions are known to be finite."""
    if len(frame) > _FEW_ROWS:
        return False
    part = frame if len(positions) == frame.shape[1] else frame.iloc[:, positions]
    return not np.isinf(part.to_numpy("float64", na_value=np.nan)).any()


def _dtype(column: ColumnSchema, schema: TableSchema) -> Any:
    """Return the dtype that settles a column, None where none does."""
    is_asked = any(schema.action(kind, column) != "ignore" for kind in OF_VALUES)
    # Categories differ from table to table under one name.
    if is_asked or column.dtype in ("object", "category") or is_parsed(column):
        return None
    if column.zoned is not None and "64[" not in column.dtype:
        return None
    if column.storage == "text" and column.kind not in _DROPPED:
        # Empty texts are missing, and levels may be unknown.
        return None
    is_known = is_castable(column.dtype)
    return pd.api.types.pandas_dtype(column.dtype) if is_known else None


def compiled_check(schema: TableSchema) -> CompiledCheck:
    """Return the compiled check of a schema, made once.

    Parameters
    ----------
    schema : TableSchema
        What was seen in training.

    Returns
    -------
    CompiledCheck
        Kept as long as the schema is.
    """
    compiled: CompiledCheck | None = schema.compiled
    if compiled is None:
        compiled = schema.compiled = CompiledCheck(schema)
    return compiled
