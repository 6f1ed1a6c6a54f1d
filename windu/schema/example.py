"""A small batch of real rows that stands for the training table."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.dtypes import cast
from windu.io.cells import plain_value
from windu.schema.columns import TableSchema
from windu.schema.kinds import as_numbers, is_castable

__all__ = ["choose_example", "pack_frame", "unpack_frame"]

N_ROWS = 20


def choose_example(
    frame: pd.DataFrame, schema: TableSchema, n_rows: int = N_ROWS
) -> str:
    """Return rows that show missing values, rare levels and extremes, as JSON text.

    Parameters
    ----------
    frame : pandas.DataFrame
        The training table.
    schema : TableSchema
        Its schema.
    n_rows : int, default=20
        Number of rows, at most.

    Returns
    -------
    str
        As from `pack_frame`.
    """
    chosen: dict[int, None] = {}
    for position, column in enumerate(schema.columns):
        if len(chosen) >= n_rows // 2:
            break
        values = frame.iloc[:, position]
        if column.nullable:
            chosen[int(values.isna().to_numpy().argmax())] = None
        if column.kind == "numeric" and column.storage == "numeric":
            numbers = as_numbers(values)
            chosen[int(np.nanargmin(numbers))] = None
            chosen[int(np.nanargmax(numbers))] = None
        elif column.levels and column.kind == "categorical":
            rarest = (values.astype(object) == column.levels[-1]).to_numpy(
                dtype=bool, na_value=False
            )
            chosen[int(rarest.argmax())] = None
    rest = np.linspace(0, len(frame) - 1, min(n_rows, len(frame))).astype(int)
    rows = list(dict.fromkeys([*chosen, *rest.tolist()]))[:n_rows]
    return pack_frame(frame.iloc[sorted(rows)])


def pack_frame(frame: pd.DataFrame) -> str:
    """Return a frame as JSON text: names, dtypes and values, without the index.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of numbers, booleans, texts, dates, categories; anything else is
        kept as its text.

    Returns
    -------
    str
        For `unpack_frame`.
    """
    columns = []
    for position, name in enumerate(frame.columns):
        values = frame.iloc[:, position]
        packed: dict[str, Any] = {
            "name": name if isinstance(name, str) else int(name),
            "dtype": _dtype_of(values),
        }
        if isinstance(values.dtype, pd.CategoricalDtype):
            packed["levels"] = [plain_value(level) for level in values.cat.categories]
            packed["ordered"] = bool(values.cat.ordered)
        packed["values"] = [plain_value(value) for value in values.astype(object)]
        columns.append(packed)
    return json.dumps(columns)


def unpack_frame(text: str) -> pd.DataFrame:
    """Return the frame that `pack_frame` packed.

    Parameters
    ----------
    text : str
        JSON.

    Returns
    -------
    pandas.DataFrame
        With a new index.
    """
    columns = json.loads(text)
    frame = pd.concat([_unpack(column) for column in columns], axis=1)
    return frame.set_axis([column["name"] for column in columns], axis=1)


def _dtype_of(values: pd.Series) -> str:
    """Return a dtype that plain values can be cast to; others stay objects."""
    dtype = str(values.dtype)
    return dtype if is_castable(dtype) else "object"


def _unpack(column: dict[str, Any]) -> pd.Series:
    dtype: Any = column["dtype"]
    values = pd.Series(column["values"], dtype=object)
    if dtype == "category":
        return values.astype(pd.CategoricalDtype(column["levels"], column["ordered"]))
    if dtype == "object":
        return values
    if dtype.startswith("datetime64"):
        # The offset of one zone changes with the seasons.
        zoned = "," in dtype
        return pd.to_datetime(values, format="ISO8601", utc=zoned).astype(dtype)
    if dtype.startswith("timedelta64"):
        return pd.to_timedelta(values).astype(dtype)
    return cast(values, dtype)
