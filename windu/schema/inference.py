"""From a table to its schema, and the rows kept as an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from windu.io.cells import MISSING_CELLS, without_blanks
from windu.io.frames import as_frame
from windu.schema import kinds
from windu.schema.columns import ColumnSchema, TableSchema, check_tolerance
from windu.schema.dates import days_of, has_zone, usable_dates
from windu.schema.names import check_columns
from windu.schema.numbers import code_width_of, digit_form_of, parse_numbers
from windu.schema.report import bins_of

if TYPE_CHECKING:
    import pandera.pandas
import json

from windu._compat.targets import cast
from windu.io.cells import plain_values
from windu.schema.kinds import as_numbers, is_castable

__all__ = [
    "choose_example",
    "infer_column",
    "infer_schema",
    "infer_table",
    "pack_frame",
    "unpack_frame",
]

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
            packed["levels"] = plain_values(values.cat.categories)
            packed["ordered"] = bool(values.cat.ordered)
        packed["values"] = plain_values(values.astype(object))
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


#: So many of the levels of a high-cardinality column are kept.
MAX_FREQUENT = 200


_MERGED = (
    "holds different numbers that are one as float64, in which it is used; make texts "
    "of them if they are names, or subtract what they have in common"
)


def infer_schema(
    X: Any, *, tolerance: Mapping[str, str] | None = None
) -> pandera.pandas.DataFrameSchema:
    """Infer the schema of a table, as a pandera `DataFrameSchema`.

    Parameters
    ----------
    X : table of shape (n_samples, n_columns)
        pandas or polars DataFrame, 2-D array, list of dicts.
    tolerance : mapping of str to str, default=None
        Kind of difference to what is done about it (ignore, cast, warn, raise), where
        it is not the default; see `windu.schema.columns.DIFFERENCES`.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        One column each; kind, levels, range and the rule that decided stand in each
        column's ``metadata["windu"]``, where a column's own ``tolerance`` can be set.
        A column's dtype accepts every dtype with the same values.

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
    # pandera takes longer to import than everything else a prediction needs.
    from windu.schema.pandera_schema import to_pandera

    frame = as_frame(X)
    check_columns(frame)
    table = infer_table(frame)
    return to_pandera(TableSchema(table.columns, check_tolerance(tolerance or {})))


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
    values = without_blanks(values)
    storage = kinds.storage_of(values)
    if storage == "numeric" and kinds.has_long_codes(values):
        # float64 would take different ones for the same.
        storage, values = "text", kinds.as_texts(values)
    name: Any = values.name
    missing = values.isna()
    nullable = bool(missing.any())
    common: dict[str, Any] = {
        "null_share": float(missing.mean()) if nullable else 0.0,
        "name": name if isinstance(name, str) else int(name),
        "dtype": str(values.dtype),
        "storage": storage,
        "nullable": nullable,
        **_categories(values),
    }
    if storage == "text" and values.dtype == object:
        common["dtype"] = "object"
    if storage == "empty" or (nullable and missing.all()):
        return ColumnSchema(kind="constant", why="no value at all", **common)
    if storage == "other":
        strange = (v for v in values.dropna() if kinds.storage_of_cell(v) == "other")
        type_name = type(next(strange, values.dropna().iloc[0])).__name__
        why = f"values of type {type_name} cannot become features"
        return ColumnSchema(kind="unsupported", why=why, **common)
    describe = {
        "boolean": _boolean,
        "numeric": _numeric,
        "timedelta": _numeric,
        "datetime": _datetime,
        "text": _text,
    }[storage]
    return ColumnSchema(**(common | describe(values, nullable)))


def _categories(values: pd.Series) -> dict[str, Any]:
    """Return the categories of a categorical dtype, as JSON can hold them."""
    dtype = values.dtype
    if not isinstance(dtype, pd.CategoricalDtype):
        return {}
    levels = dtype.categories
    if levels.dtype.kind in "mM":
        return {"dtype": str(levels.dtype)}
    if levels.dtype.kind in "biuf":
        plain = levels.tolist()
    else:
        plain = [kinds.text_of(level) for level in levels]
        if len(set(plain)) < len(plain):
            return {"dtype": "object"}
    return {"categories": plain, "ordered": bool(dtype.ordered)}


def _boolean(values: pd.Series, nullable: bool) -> dict[str, Any]:
    numbers = kinds.as_numbers(values)
    share = float(np.nanmean(numbers))
    if share in (0.0, 1.0) and not nullable:
        return {"kind": "constant", "why": f"always {bool(share)}"}
    shares_of_both = {False: 1 - share, True: share}
    present = {level: part for level, part in shares_of_both.items() if part}
    stats = {"levels": list(present), "level_shares": list(present.values())}
    return {"kind": "boolean", "why": "booleans", **stats}


def _numeric(values: pd.Series, nullable: bool) -> dict[str, Any]:
    numbers = kinds.as_numbers(values)
    low, high = np.nanmin(numbers), np.nanmax(numbers)
    note = {"note": _MERGED} if kinds.are_merged(values, numbers) else {}
    if low == high and not nullable:
        return {"kind": "constant", "why": f"always {low:g}"} | note
    span: dict[str, Any] = {"minimum": float(low), "maximum": float(high)} | note
    span |= bins_of(numbers)
    if kinds.is_identifier_name(values.name) and _numbers_the_rows(values, numbers):
        why = "named like an identifier, every row has a number of its own"
        return {"kind": "identifier", "why": why, **span}
    why = "numbers" if values.dtype.kind != "m" else "durations, in seconds"
    return {"kind": "numeric", "why": why, **span}


def _numbers_the_rows(values: pd.Series, numbers: np.ndarray) -> bool:
    # Long numbers that differ may be the same as floats.
    return (
        len(numbers) > 2
        and not np.isnan(numbers).any()
        and bool((numbers == np.floor(numbers)).all())
        and values.is_unique
    )


def _datetime(values: pd.Series, nullable: bool) -> dict[str, Any]:
    dates = usable_dates(values, None)
    nullable = nullable or bool(dates.isna().any())
    return _zones(values) | _dates(dates, nullable, "dates", None)


def _zones(values: pd.Series) -> dict[str, Any]:
    """Return whether dates have a zone; with and without, nothing can be said."""
    zoned = has_zone(values)[values.notna().to_numpy()]
    if zoned.all() or not zoned.any():
        return {"zoned": bool(zoned.any())}
    note = (
        "holds times with and without a time zone, of which the latter count as UTC; "
        "write all of them in one way"
    )
    return {"zoned": None, "note": note}


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
        **bins_of(days_of(dates)),
    }


def _text(values: pd.Series, nullable: bool) -> dict[str, Any]:
    if values.dtype == object:
        # Different types may be equal, such as True and 1.
        values = kinds.as_texts(values)
    counts = values.value_counts()
    counts = counts[counts > 0]
    if len(counts) == 1 and not nullable:
        return {"kind": "constant", "why": f"always {counts.index[0]!r}"}
    reading = kinds.text_kind(values.name, counts, int(counts.sum()))
    kind, why = reading.kind, reading.why
    texts = [kinds.text_of(text) for text in counts.index]
    common: dict[str, Any] = {
        "note": reading.note,
        "number_texts": digit_form_of(texts),
        "code_width": code_width_of(texts),
        "missing_texts": list(reading.bad_texts),
        "literal_texts": sorted(MISSING_CELLS.intersection(texts)),
    }
    if kind == "datetime":
        cells = kinds.as_texts(values)
        dates = usable_dates(cells, reading.date_format)
        dates_column = _dates(dates, nullable, why, reading.date_format)
        return common | _zones(cells) | dates_column | _gaps(dates)
    if kind == "numeric":
        numbers = parse_numbers(kinds.as_texts(values))
        return common | {
            **{"kind": kind, "why": why, "number_marks": list(reading.marks)},
            **_gaps(numbers),
            **bins_of(numbers.to_numpy()),
            **{"minimum": float(numbers.min()), "maximum": float(numbers.max())},
        }
    levels = shares = frequent = share = None
    if kind == "categorical":
        levels = texts
        shares = (counts / counts.sum()).tolist()
    if kind == "high-cardinality":
        frequent = texts[:MAX_FREQUENT]
        share = float(counts.iloc[:MAX_FREQUENT].sum() / counts.sum())
    many = kind in ("text", "high-cardinality")
    words = kinds.mean_words(counts.index) if many else None
    stats = {"levels": levels, "level_shares": shares, "words": words}
    stats |= {"frequent_levels": frequent, "frequent_share": share}
    return common | {"kind": kind, "why": why, **stats}


def _gaps(parsed: pd.Series) -> dict[str, Any]:
    """Texts that stand for no value are missing values."""
    missing = parsed.isna()
    return {"nullable": bool(missing.any()), "null_share": float(missing.mean())}
