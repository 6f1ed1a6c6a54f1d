"""From a table to its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from windu._compat.frames import as_frame
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema

if TYPE_CHECKING:
    import pandera.pandas

__all__ = ["infer_column", "infer_schema", "infer_table", "to_pandera"]


def infer_schema(X: Any) -> pandera.pandas.DataFrameSchema:
    """Infer the schema of a table, as a pandera `DataFrameSchema`.

    Parameters
    ----------
    X : table of shape (n_samples, n_columns)
        pandas or polars DataFrame, 2-D array, list of dicts.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        One column each with dtype and nullability; kind, levels, range and the
        rule that decided stand in each column's ``metadata["windu"]``.

    Raises
    ------
    TypeError
        If `X` is sparse or lazy.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu import infer_schema
    >>> schema = infer_schema(pd.DataFrame({"age": [3, 5], "city": ["Rome", "Oslo"]}))
    >>> schema.columns["age"].metadata["windu"]["kind"]
    'numeric'
    """
    return to_pandera(infer_table(as_frame(X)))


def infer_table(frame: pd.DataFrame) -> TableSchema:
    """Return what windu knows of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A table with different column names.

    Returns
    -------
    TableSchema
        One `ColumnSchema` a column.
    """
    return TableSchema([infer_column(frame.iloc[:, i]) for i in range(frame.shape[1])])


def infer_column(values: pd.Series) -> ColumnSchema:
    """Return what windu knows of one column.

    Parameters
    ----------
    values : pandas.Series
        The column, with its name.

    Returns
    -------
    ColumnSchema
        Kind and reason, dtype, range, levels.
    """
    storage = kinds.storage_of(values)
    nullable = bool(values.isna().any())
    name: Any = values.name
    common: dict[str, Any] = {
        "name": name if isinstance(name, str) else int(name),
        "dtype": str(values.dtype),
        "storage": storage,
        "nullable": nullable,
    }
    if storage == "empty" or (nullable and values.isna().all()):
        return ColumnSchema(kind="constant", why="no value at all", **common)
    if storage == "other":
        got = type(values.dropna().iloc[0]).__name__
        why = f"values of type {got} cannot become features"
        return ColumnSchema(kind="unsupported", why=why, **common)
    describe = {
        "boolean": _boolean,
        "numeric": _numeric,
        "timedelta": _numeric,
        "datetime": _datetime,
        "text": _text,
    }[storage]
    return ColumnSchema(**common, **describe(values, nullable))


def _boolean(values: pd.Series, nullable: bool) -> dict[str, Any]:
    levels = [bool(level) for level in values.dropna().unique()]
    if len(levels) == 1 and not nullable:
        return {"kind": "constant", "why": f"always {levels[0]}"}
    return {"kind": "boolean", "why": "booleans", "levels": sorted(levels)}


def _numeric(values: pd.Series, nullable: bool) -> dict[str, Any]:
    numbers = as_numbers(values)
    low, high = np.nanmin(numbers), np.nanmax(numbers)
    if low == high and not nullable:
        return {"kind": "constant", "why": f"always {low:g}"}
    span = {"minimum": float(low), "maximum": float(high)}
    if kinds.is_identifier_name(values.name) and _numbers_the_rows(numbers):
        why = "named like an identifier, every row has a number of its own"
        return {"kind": "identifier", "why": why, **span}
    why = "numbers" if values.dtype.kind != "m" else "durations, in seconds"
    return {"kind": "numeric", "why": why, **span}


def as_numbers(values: pd.Series) -> np.ndarray:
    """Return numbers, booleans or durations (in seconds) as float64 with NaN.

    Parameters
    ----------
    values : pandas.Series
        A column whose storage is numeric, boolean or timedelta.

    Returns
    -------
    ndarray of shape (n_samples,)
        float64; a missing value is NaN.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if kinds.storage_of(values) == "timedelta":
        return pd.to_timedelta(values).dt.total_seconds().to_numpy("float64")
    if values.dtype == object:
        return pd.to_numeric(values.astype("float64")).to_numpy("float64")
    return values.to_numpy("float64", na_value=np.nan)


def _numbers_the_rows(numbers: np.ndarray) -> bool:
    return (
        len(numbers) > 2
        and not np.isnan(numbers).any()
        and bool((numbers == np.floor(numbers)).all())
        and len(np.unique(numbers)) == len(numbers)
    )


def _datetime(values: pd.Series, nullable: bool) -> dict[str, Any]:
    return _dates(kinds.parse_dates(values, None), nullable, "dates", None)


def _dates(
    dates: pd.Series, nullable: bool, why: str, date_format: str | None
) -> dict[str, Any]:
    low, high = dates.min(), dates.max()
    if pd.isna(low):
        return {"kind": "constant", "why": "no value at all"}
    if low == high and not nullable:
        return {"kind": "constant", "why": f"always {low}"}
    return {
        "kind": "datetime",
        "why": why,
        "minimum": low.isoformat(),
        "maximum": high.isoformat(),
        "date_format": date_format,
        "has_time": bool((dates.dropna().dt.normalize() != dates.dropna()).any()),
    }


def _text(values: pd.Series, nullable: bool) -> dict[str, Any]:
    counts = values.value_counts()
    counts = counts[counts > 0]
    if len(counts) == 1 and not nullable:
        return {"kind": "constant", "why": f"always {counts.index[0]!r}"}
    kind, why, date_format = kinds.text_kind(values.name, counts, int(counts.sum()))
    if kind == "datetime":
        texts = counts.index.to_series().astype(object).map(str)
        return _dates(kinds.parse_dates(texts, date_format), nullable, why, date_format)
    if kind == "numeric":
        numbers = kinds.parse_numbers(counts.index.to_series().astype(object))
        span = {"minimum": float(numbers.min()), "maximum": float(numbers.max())}
        return {"kind": kind, "why": why, **span}
    levels = [str(level) for level in counts.index] if kind == "categorical" else None
    many = kind in ("text", "high-cardinality")
    words = kinds.mean_words(counts.index) if many else None
    return {"kind": kind, "why": why, "levels": levels, "words": words}


def to_pandera(schema: TableSchema) -> pandera.pandas.DataFrameSchema:
    """Return the schema as pandera sees it.

    Parameters
    ----------
    schema : TableSchema
        What windu knows of the table.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Columns are required, in any order; what is not listed is dropped.
    """
    # pandera takes longer to import than everything else a prediction needs.
    import pandera.pandas as pa

    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                column.dtype,
                nullable=True,
                required=True,
                metadata={"windu": column.model_dump(exclude={"name"})},
            )
            for column in schema.columns
        },
        strict="filter",
        metadata={"windu": {"order": list(schema.names)}},
    )
