"""What the blocks of the default `ColumnTransformer` make of one row."""

from __future__ import annotations

from collections.abc import Callable
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
from windu.components.text import TextEncoder

__all__ = ["RowFunction", "transform_of_row"]

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
