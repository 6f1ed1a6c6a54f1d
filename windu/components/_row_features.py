"""Features and matrix of one row, from plain values, without a frame."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)
from sklearn.utils.sparsefuncs_fast import inplace_csr_row_normalize_l2

from windu._compat.sklearn import output_is_default
from windu.components.featurizers import part_names
from windu.components.text import TextEncoder
from windu.schema.columns import ColumnSchema
from windu.schema.compiled import known_levels, spelling_of
from windu.schema.dates import date_reader
from windu.schema.kinds import is_missing_text
from windu.schema.numbers import parse_number

__all__ = [
    "Decline",
    "RowFunction",
    "ValueFeatures",
    "features_of_value",
    "transform_of_row",
]

ValueFeatures = Callable[[Any], list[Any]]


class Decline(Exception):
    """A value that only the whole table's way knows how to cast, warn of or refuse."""


_NAN = float("nan")
_FLOATS = frozenset({float, np.float64, np.float32})
_INTEGERS = frozenset({int} | {np.dtype(code).type for code in "bhilqBHILQ"})
_DATES = frozenset({datetime, pd.Timestamp})
#: What a column may hold that nobody looks at; infinity is refused even there.
_HARMLESS = frozenset({str, bool, np.bool_, type(pd.NA), type(pd.NaT), *_DATES})
_UNCHANGED = ("categorical", "high-cardinality", "text")
_DAY = 86_400_000_000.0


def features_of_value(column: ColumnSchema, checked: bool) -> ValueFeatures | None:
    """Return what turns one value of a column into its features.

    Parameters
    ----------
    column : ColumnSchema
        The column of training.
    checked : bool
        Whether tables are cast to the dtypes of training.

    Returns
    -------
    callable or None
        From a value to the list of features, a missing one NaN; raises `Decline` for
        values that are not plainly those of training. None for columns that it does
        not know.
    """
    kind, storage = column.kind, column.storage
    if kind in ("constant", "unsupported", "identifier"):
        return _ignored
    if storage == "text" and kind in _UNCHANGED:
        if kind == "text":
            return _empty_text
        return _known_level(column) if checked else _level
    if storage == "text" and kind == "numeric":
        return _parsed_number(column)
    if kind == "datetime":
        return _date(column)
    if kind == "boolean":
        return _boolean if column.dtype in ("bool", "boolean", "object") else None
    number = _number(column, checked) if kind == storage == "numeric" else None
    return None if number is None else lambda value: [number(value)]


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA:
        return True
    return type(value) in _FLOATS and bool(value != value)


def _plain_float(value: Any) -> float:
    kind = type(value)
    if kind in _FLOATS:
        number = float(value)
        if math.isinf(number):
            raise Decline
        return number
    if kind in _INTEGERS and -(2**63) <= value < 2**63:
        return float(value)
    if value is None or value is pd.NA:
        return _NAN
    raise Decline


def _number(column: ColumnSchema, checked: bool) -> Callable[[Any], float] | None:
    dtype = column.dtype.lower().replace("double", "float64").removesuffix("[pyarrow]")
    if column.storage != "numeric":
        return None
    if dtype in ("float64", "object") or not checked:
        return _plain_float
    if dtype in ("float", "float32"):
        largest = float(np.finfo(np.float32).max)

        def rounded(value: Any) -> float:
            number = _plain_float(value)
            if abs(number) > largest:
                raise Decline
            return float(np.float32(number))

        return rounded
    if not re.fullmatch(r"u?int(8|16|32|64)", dtype):
        return None
    limits = np.iinfo(dtype)
    low, end = float(limits.min), float(limits.max) + 1

    def in_range(value: Any) -> float:
        number = _plain_float(value)
        if number < low or number >= end:
            raise Decline
        return number

    return in_range


def _ignored(value: Any) -> list[Any]:
    if type(value) not in _HARMLESS:
        _plain_float(value)
    return []


def _text(value: Any) -> str | None:
    if type(value) is str:
        if not value.isascii():
            try:
                # Half a character has no place in pandas' texts.
                value.encode()
            except UnicodeEncodeError:
                raise Decline from None
        return value
    if _is_missing(value):
        return None
    raise Decline


def _empty_text(value: Any) -> list[Any]:
    return [_text(value) or ""]


def _parsed_number(column: ColumnSchema) -> ValueFeatures:
    plain = column.number_marks is None or "" in column.number_marks
    missing_texts = frozenset(column.missing_texts or ())

    def number_of(value: Any) -> list[Any]:
        text = _text(value)
        if text is None or text in missing_texts or is_missing_text(text):
            return [_NAN]
        parsed = parse_number(text) if plain else None
        if parsed is None or parsed[1] or not math.isfinite(parsed[0]):
            raise Decline
        return [parsed[0]]

    return number_of


def _level(value: Any) -> list[Any]:
    text = _text(value)
    return [_NAN if text is None else text]


def _known_level(column: ColumnSchema) -> ValueFeatures:
    known_texts = known_levels(column)
    categories = None if column.categories is None else {*map(str, column.categories)}
    levels = frozenset() if known_texts is None else known_texts.levels
    spellings = {} if known_texts is None else known_texts.spellings
    has_blank = "" in (column.levels or ()) or "" in (categories or ())

    def level_of(value: Any) -> list[Any]:
        text = _text(value)
        if text is None or (not text and not has_blank):
            return [_NAN]
        if column.code_width is not None and len(text) < column.code_width:
            raise Decline
        if text not in levels and spelling_of(text) in spellings:
            raise Decline
        return [_NAN if categories is not None and text not in categories else text]

    return level_of


def _boolean(value: Any) -> list[Any]:
    if type(value) is bool or type(value) is np.bool_:
        return [float(value)]
    if _is_missing(value):
        return [_NAN]
    raise Decline


def _date(column: ColumnSchema) -> ValueFeatures | None:
    start = pd.Timestamp(str(column.minimum))
    if start.nanosecond:
        return None
    if start.tz is not None:
        start = start.tz_convert(None)
    read = date_reader(column)
    if read is None:
        return None
    first, n_parts = start.to_pydatetime(), len(part_names(column))

    def parts(value: Any) -> list[Any]:
        if _is_missing(value) or value is pd.NaT:
            return [_NAN] * n_parts
        date = read(value)
        if date is None or not 1700 <= date.year <= 2200:
            raise Decline
        numbers = [
            float(date.year),
            float(date.month),
            float(date.day),
            float(date.weekday()),
            float(date.timetuple().tm_yday),
        ]
        if column.has_time:
            numbers.append(float(date.hour * 60 + date.minute) / 60)
        gone = date - first
        elapsed = (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds
        return [*numbers, float(elapsed) / _DAY]

    return parts


RowFunction = Callable[[Any], list[float]]

_ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)


def transform_of_row(transformer: Any, names: list[str]) -> RowFunction | None:
    """Return what a fitted `ColumnTransformer` does, for one row.

    Parameters
    ----------
    transformer : ColumnTransformer
        Of blocks as `make_transformer` builds them.
    names : list of str
        Names of the features, in order.

    Returns
    -------
    callable or None
        From the features of one row to the numbers of one row of the matrix, bit by
        bit those of ``transformer.transform``. None for any other transformer.
    """
    if (
        type(transformer) is not ColumnTransformer
        or transformer.transformer_weights is not None
        or not output_is_default(transformer)
    ):
        return None
    blocks = []
    for name, block, columns in transformer.transformers_:
        columns_out = transformer.output_indices_[name]
        if columns_out.start == columns_out.stop:
            continue
        if not isinstance(columns, list) or not set(columns) <= set(names):
            return None
        encode = _block_of_row(block, columns, columns_out.stop - columns_out.start)
        if encode is None:
            return None
        blocks.append((encode, _pick([names.index(column) for column in columns])))
    return lambda row: list(
        chain.from_iterable(encode(pick(row)) for encode, pick in blocks)
    )


def _pick(places: list[int]) -> Callable[[Any], Any]:
    if len(places) == 1:
        return lambda row: (row[places[0]],)
    return itemgetter(*places)


def _block_of_row(block: Any, columns: list[str], width: int) -> RowFunction | None:
    steps = [step for _, step in block.steps] if type(block) is Pipeline else [block]
    if not all(output_is_default(step) for step in (block, *steps)):
        return None
    first, scalers = steps[0], steps[1:]
    if not all(_is_plain_scaler(step) for step in scalers):
        return None
    if type(first) in _ENCODERS:
        # Of each level the whole block is asked once: nothing is computed again here.
        return _lookup(block, first, columns, width)
    encode: RowFunction | None = None
    if type(first) is FunctionTransformer and first.func is None:
        encode = list
    elif type(first) is SimpleImputer:
        encode = _impute(first)
    elif type(first) is TextEncoder:
        encode = _encode_texts(first)
    return None if encode is None else _scaled(encode, scalers)


def _is_plain_scaler(step: Any) -> bool:
    return type(step) is StandardScaler and step.with_mean and step.with_std


def _scaled(encode: RowFunction, scalers: list[Any]) -> RowFunction:
    if not scalers:
        return encode
    inner = _scaled(encode, scalers[:-1])
    means, scales = scalers[-1].mean_.tolist(), scalers[-1].scale_.tolist()
    return lambda row: [
        (value - mean) / scale
        for value, mean, scale in zip(inner(row), means, scales, strict=True)
    ]


def _impute(imputer: SimpleImputer) -> RowFunction | None:
    fill = np.asarray(imputer.statistics_, dtype="float64")
    missing_values = imputer.missing_values
    if not (isinstance(missing_values, float) and np.isnan(missing_values)):
        return None
    if np.isnan(fill).any() or imputer.strategy == "constant":
        return None
    fills = fill.tolist()
    indicator = imputer.indicator_
    indicated = [] if indicator is None else indicator.features_.tolist()

    def impute(row: Any) -> list[float]:
        filled = [
            value if value == value else fill
            for value, fill in zip(row, fills, strict=True)
        ]
        return filled + [float(row[i] != row[i]) for i in indicated]

    return impute


def _encode_texts(encoder: TextEncoder) -> RowFunction:
    columns = [_encode_text(pipeline) for pipeline in encoder.encoders_]

    def encode(row: Any) -> list[float]:
        numbers: list[float] = []
        for text, encode_text in zip(row, columns, strict=True):
            # As `TextEncoder.transform` does: no text is an empty one.
            numbers += encode_text(text if text == text else "")
        return numbers

    return encode


def _encode_text(pipeline: Pipeline) -> Callable[[str], list[float]]:
    """Call what the steps of the pipeline call, without their checks in between."""
    hashing, weighting, projection = (step for _, step in pipeline.steps)
    options = (weighting.sublinear_tf, weighting.use_idf, weighting.norm)
    if options != (True, True, "l2"):
        return lambda text: pipeline.transform([text])[0].tolist()
    weights = weighting.idf_
    # A product with the transposed view would copy it, each time.
    components = np.ascontiguousarray(projection.components_.T)

    def encode(text: str) -> list[float]:
        counts = hashing.transform([text])
        np.log(counts.data, counts.data)
        counts.data += 1.0
        counts.data *= weights[counts.indices]
        inplace_csr_row_normalize_l2(counts)
        numbers: list[float] = (counts @ components)[0].tolist()
        return numbers

    return encode


def _lookup(
    block: Any, encoder: Any, columns: list[str], width: int
) -> RowFunction | None:
    """Tabulate a block that treats each column alone: what it gives for each level."""
    sizes = _sizes(encoder)
    levels = [
        [level for level in categories if isinstance(level, str)]
        for categories in encoder.categories_
    ]
    if sizes is None or sum(sizes) != width:
        return None
    if any(
        not isinstance(level, str) and not pd.isna(level)
        for categories in encoder.categories_
        for level in categories
    ):
        return None
    longest = max(map(len, levels))
    # No level of training: longer than the longest one.
    unknown = "?" * (
        1 + max((len(x) for categories in levels for x in categories), default=0)
    )
    table = pd.DataFrame(
        {
            column: pd.Series(
                [*categories, *[np.nan] * (longest - len(categories) + 1), unknown],
                dtype=object,
            )
            for column, categories in zip(columns, levels, strict=True)
        }
    )
    encoded = block.transform(table)
    if not isinstance(encoded, np.ndarray) or encoded.dtype != np.float64:
        return None
    ends = np.cumsum(sizes).tolist()
    tables = []
    for categories, size, end in zip(levels, sizes, ends, strict=True):
        rows = encoded[:, end - size : end].tolist()
        row_of_level = dict(zip(categories, rows[: len(categories)], strict=True))
        tables.append((row_of_level, rows[-2], rows[-1]))

    def look_up(row: Any) -> list[float]:
        numbers: list[float] = []
        for level, (row_of_level, missing, row_of_unknown) in zip(
            row, tables, strict=True
        ):
            numbers += (
                row_of_level.get(level, row_of_unknown) if level == level else missing
            )
        return numbers

    return look_up


def _sizes(encoder: Any) -> list[int] | None:
    """Return into how many numbers each column is encoded."""
    n_levels = [len(categories) for categories in encoder.categories_]
    if type(encoder) is OrdinalEncoder:
        return [1] * len(n_levels)
    if type(encoder) is TargetEncoder:
        many = encoder.target_type_ == "multiclass"
        return [len(encoder.classes_) if many else 1] * len(n_levels)
    if encoder.drop is not None or encoder.handle_unknown == "warn":
        return None
    grouped = getattr(encoder, "infrequent_categories_", [None] * len(n_levels))
    return [
        n if rare is None else n - len(rare) + 1
        for n, rare in zip(n_levels, grouped, strict=True)
    ]
