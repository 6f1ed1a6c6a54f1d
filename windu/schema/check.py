"""A new table against a schema: put in order and cast, or refused with all reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.exceptions import SchemaError, did_you_mean
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.recast import is_settled, recast

__all__ = ["check_columns", "conform", "infinite_cells"]

#: How many names an error message lists before it says how many more there are.
MAX_LISTED = 20


def check_columns(frame: pd.DataFrame) -> None:
    """Raise where no schema could be inferred from the names of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table to learn from.

    Raises
    ------
    SchemaError
        For names that occur twice, or are neither texts nor whole numbers.
    """
    strange = [n for n in frame.columns if not isinstance(n, (str, int, np.integer))]
    if strange:
        raise SchemaError(
            "Column names must be texts or whole numbers. Got "
            f"{_listed(strange)}. Rename them; names of several levels become texts "
            "with X.columns = ['_'.join(map(str, name)) for name in X.columns]."
        )
    texts = frame.columns.astype(str)
    if texts.has_duplicates:
        twice = list(dict.fromkeys(texts[texts.duplicated()]))
        raise SchemaError(
            f"Column names must be different. Got {_listed(twice)} more than once. "
            "Rename or drop one of them.",
            [
                _difference(name, "duplicate name", "one column", "several")
                for name in twice
            ],
        )


def infinite_cells(frame: pd.DataFrame) -> dict[Any, int]:
    """Return the first row that holds an infinite number, a column.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.

    Returns
    -------
    dict of column name to int
        Position of the first row; columns without infinities are left out.
    """
    found = {}
    for i, dtype in enumerate(frame.dtypes):
        if getattr(dtype, "kind", "O") == "f":
            infinite = np.isinf(frame.iloc[:, i].to_numpy("float64", na_value=np.nan))
            if infinite.any():
                found[frame.columns[i]] = int(infinite.argmax())
    return found


def conform(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Return the frame with the schema's columns, order and dtypes.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A new table.
    schema : TableSchema
        What was seen in training.

    Returns
    -------
    pandas.DataFrame
        The frame itself where nothing had to be done.

    Raises
    ------
    SchemaError
        With every difference that changes the meaning, not only the first.
    """
    differences: list[dict[str, Any]] = []
    if list(frame.columns) != schema.names:
        check_columns(frame)
        differences += _missing(frame, schema)
        frame = frame[[name for name in schema.names if name in frame.columns]]
    repaired = {}
    for position, name in enumerate(frame.columns):
        column, values = schema.by_name[name], frame.iloc[:, position]
        if is_settled(values, column):
            continue
        cast, wrong = recast(values, column)
        if wrong.any():
            differences.append(_other_meaning(values, column, wrong))
        elif cast is not values:
            repaired[name] = cast
    for name, row in infinite_cells(frame).items():
        got = f"infinity at row {row}"
        differences.append(_difference(name, "infinite", "finite", got))
    if differences:
        raise SchemaError(_message(differences), differences)
    if repaired:
        frame = frame.copy(deep=False)
        for name, values in repaired.items():
            frame[name] = values
    return frame


def _missing(frame: pd.DataFrame, schema: TableSchema) -> list[dict[str, Any]]:
    gone = [name for name in schema.names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in schema.by_name]
    return [
        _difference(name, "missing column", "the column", "none")
        | {"hint": did_you_mean(name, extra)}
        for name in gone
    ]


def _difference(
    column: Any, difference: str, expected: str, got: str
) -> dict[str, Any]:
    return {
        "column": column,
        "difference": difference,
        "expected": expected,
        "got": got,
    }


def _other_meaning(
    values: pd.Series, column: ColumnSchema, wrong: np.ndarray
) -> dict[str, Any]:
    first = int(wrong.argmax())
    got = kinds.storage_of(values)
    return _difference(
        column.name,
        "other meaning",
        column.kind if column.kind != "constant" else column.storage,
        f"{got} in {int(wrong.sum())} of {len(values)} rows, first "
        f"{values.iloc[first]!r} at row {first}",
    )


def _message(differences: list[dict[str, Any]]) -> str:
    gone = [d for d in differences if d["difference"] == "missing column"]
    lines = []
    if gone:
        hints = "".join(sorted({d["hint"] for d in gone}))
        lines.append(
            f"The table must have the columns of training. Missing: "
            f"{_listed([d['column'] for d in gone])}.{hints} Add them, with missing "
            "values if nothing is known."
        )
    lines += [
        f"The column {d['column']!r} must be {d['expected']}. Got {d['got']}. Clean it "
        "before, or in the featurizer."
        for d in differences
        if d["difference"] != "missing column"
    ][:MAX_LISTED]
    return "\n".join(lines)


def _listed(names: list[Any]) -> str:
    text = ", ".join(repr(name) for name in names[:MAX_LISTED])
    return text + (
        f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    )
