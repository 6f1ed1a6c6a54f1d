"""The quick check: which columns of a table have to be looked at, at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.kinds import is_castable
from windu.schema.names import is_infinite
from windu.schema.recast import is_parsed

__all__ = ["OF_VALUES", "CompiledCheck", "compiled_check"]

#: Kinds of difference that only looking at every value shows.
OF_VALUES = ("null", "level", "range")
#: Up to so many rows, one copy of all floats is cheaper than a look at each column.
_FEW_ROWS = 1_000


class CompiledCheck:
    """What a table's schema says of dtypes, ready to be compared.

    Parameters
    ----------
    schema : TableSchema
        What was seen in training.
    """

    def __init__(self, schema: TableSchema):
        self._dtypes = [_dtype(column, schema) for column in schema.columns]
        self._floats = [
            position
            for position, dtype in enumerate(self._dtypes)
            if getattr(dtype, "kind", "O") == "f"
        ]

    def pending(self, frame: pd.DataFrame) -> list[int]:
        """Return the positions of columns that dtypes alone do not settle.

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
        found = [
            position
            for position, (dtype, known) in enumerate(
                zip(frame.dtypes.tolist(), self._dtypes, strict=True)
            )
            if dtype is not known and (known is None or dtype != known)
        ]
        floats = self._floats
        if found:
            floats = sorted(set(floats) - set(found))
        if floats and not _finite(frame, floats):
            found += [i for i in floats if is_infinite(frame.iloc[:, i]).any()]
        return sorted(found)


def _finite(frame: pd.DataFrame, positions: list[int]) -> bool:
    """Tell whether the floats at these positions are known to be finite."""
    if len(frame) > _FEW_ROWS:
        return False
    part = frame if len(positions) == frame.shape[1] else frame.iloc[:, positions]
    return not np.isinf(part.to_numpy("float64", na_value=np.nan)).any()


def _dtype(column: ColumnSchema, schema: TableSchema) -> Any:
    """Return the dtype that settles a column, None where none does."""
    asked = any(schema.action(kind, column) != "ignore" for kind in OF_VALUES)
    # Categories differ from table to table under one name.
    if asked or column.dtype in ("object", "category") or is_parsed(column):
        return None
    known = is_castable(column.dtype)
    return pd.api.types.pandas_dtype(column.dtype) if known else None


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
