"""A new table against a schema: put in order and cast, or refused with all reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windu.exceptions import SchemaError, did_you_mean
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.inference import as_numbers

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
    if frame.columns.nlevels > 1:
        raise SchemaError(
            "Column names must be texts or whole numbers. Got names of "
            f"{frame.columns.nlevels} levels. Flatten them, for instance "
            "X.columns = ['_'.join(map(str, name)) for name in X.columns]."
        )
    strange = [n for n in frame.columns if not isinstance(n, (str, int, np.integer))]
    if strange:
        raise SchemaError(
            "Column names must be texts or whole numbers. Got "
            f"{_listed(strange)}. Rename them."
        )
    texts = frame.columns.astype(str)
    if texts.has_duplicates:
        twice = list(dict.fromkeys(texts[texts.duplicated()]))
        raise SchemaError(
            f"Column names must be different. Got {_listed(twice)} more than once. "
            "Rename or drop one of them.",
            [_difference(name, "duplicate name", "one column", "several") for name in twice],
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
    for column in schema.columns:
        if column.name in frame.columns:
            values = frame[column.name]
            if str(values.dtype) != column.dtype or column.dtype == "object":
                new, difference = _cast(values, column)
                differences += difference
                if new is not values:
                    repaired[column.name] = new
    for name, row in infinite_cells(frame).items():
        differences.append(
            _difference(name, "infinite", "finite numbers", f"infinity at row {row}")
        )
    if differences:
        raise SchemaError(_message(differences), differences)
    return frame.assign(**repaired) if repaired and _texts(repaired) else _replace(
        frame, repaired
    )


def _texts(columns: dict[Any, Any]) -> bool:
    return all(isinstance(name, str) for name in columns)


def _replace(frame: pd.DataFrame, columns: dict[Any, pd.Series]) -> pd.DataFrame:
    if not columns:
        return frame
    frame = frame.copy(deep=False)
    for name, values in columns.items():
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


def _cast(values: pd.Series, column: ColumnSchema) -> tuple[pd.Series, list[dict[str, Any]]]:
    """Give the values the trained dtype; values of another meaning are a difference."""
    got = kinds.storage_of(values)
    if got == "empty" or column.storage in ("empty", "other"):
        return values, []
    if values.isna().all():
        return _astype(values.astype(object), column), []
    if got == column.storage:
        wrong = None
    elif {got, column.storage} <= {"numeric", "boolean"}:
        numbers = as_numbers(values)
        wrong = ~(np.isnan(numbers) | np.isin(numbers, (0.0, 1.0)))
        if column.storage == "numeric" and column.minimum not in (0.0, 1.0):
            wrong = ~np.isnan(numbers)
    elif column.storage == "datetime" and got == "text":
        texts = values.astype(object)
        dates = pd.to_datetime(texts, errors="coerce", utc=True, format="ISO8601")
        wrong = (dates.isna() & texts.notna()).to_numpy()
        values = kinds.parse_dates(texts, "ISO8601")
    elif column.storage == "text" and got == "numeric":
        # Levels that are whole numbers as texts ("1", "2") come back as numbers from a
        # CSV file; any other text column has another meaning.
        values = _number_texts(values)
        wrong = (~values.isin(column.levels or []) & values.notna()).to_numpy()
        if column.kind in ("numeric", "high-cardinality"):
            wrong = None
    elif column.storage == "text" and got == "datetime" and column.date_format:
        values = values.dt.strftime(column.date_format)
        wrong = None
    else:
        wrong = values.notna().to_numpy()
    if wrong is not None and wrong.any():
        return values, [_other_meaning(values, column, got, wrong)]
    if wrong is None and column.storage == "text" and column.date_format or (
        column.kind == "numeric" and column.storage == "text"
    ):
        unreadable = _unreadable(values, column)
        if unreadable.any():
            return values, [_other_meaning(values, column, "text", unreadable)]
    return _astype(values, column), []


def _unreadable(values: pd.Series, column: ColumnSchema) -> np.ndarray:
    texts = values.astype(object)
    real = texts.notna() & ~texts.map(str).str.strip().str.lower().isin(kinds.MISSING_TEXTS)
    read = (
        kinds.parse_dates(texts.where(real), column.date_format)
        if column.date_format
        else kinds.parse_numbers(texts.where(real))
    )
    return (real & read.isna()).to_numpy()


def _number_texts(values: pd.Series) -> pd.Series:
    numbers = pd.Series(as_numbers(values), index=values.index)
    texts = numbers.map(lambda number: f"{number:g}", na_action="ignore")
    return texts.astype(object)


def _astype(values: pd.Series, column: ColumnSchema) -> pd.Series:
    if str(values.dtype) == column.dtype or column.dtype == "object":
        return values
    if column.dtype == "category":
        return values.astype(object)
    dtype: Any = column.dtype
    if dtype.startswith(("int", "uint")) and values.isna().any():
        dtype = "float64"
    elif dtype == "bool" and values.isna().any():
        dtype = "object"
    if dtype.startswith(("int", "uint")) and "[" not in dtype:
        numbers = as_numbers(values)
        if not (numbers == np.floor(numbers)).all():
            dtype = "float64"
    if dtype.lower().startswith(("int", "uint", "float")) and values.dtype == object:
        values = pd.Series(as_numbers(values), index=values.index)
    return values.astype(dtype)


def _difference(column: Any, difference: str, expected: str, got: str) -> dict[str, Any]:
    return {"column": column, "difference": difference, "expected": expected, "got": got}


def _other_meaning(
    values: pd.Series, column: ColumnSchema, got: str, wrong: np.ndarray
) -> dict[str, Any]:
    first = int(wrong.argmax())
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
    return text + (f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else "")
