"""The matrix of a fitted `ColumnTransformer`, from plain features, without frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from windu.components.encoding import Coded, Feature
from windu.components.text import TextEncoder

__all__ = ["MatrixEncoder", "matrix_encoder"]

#: From the features to the matrix: the number of rows, and "C" or "F" order.
MatrixEncoder = Callable[[list[Feature], int, Any], np.ndarray]
#: Writes the numbers of some features into a part of the matrix.
_Block = Callable[[list[Feature], np.ndarray], None]

_ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)


def matrix_encoder(transformer: Any, names: list[str]) -> MatrixEncoder | None:
    """Return the function of a fitted `ColumnTransformer`, from plain features.

    Parameters
    ----------
    transformer : ColumnTransformer
        Of blocks as `make_transformer` builds them.
    names : list of str
        Names of the features, in order.

    Returns
    -------
    callable or None
        Takes the features, the number of rows and the order in memory ("C" or "F"),
        and returns the matrix of ``transformer.transform``, equal in each bit. None
        for any other transformer.
    """
    if (
        type(transformer) is not ColumnTransformer
        or transformer.transformer_weights is not None
        or not output_is_default(transformer)
    ):
        return None
    blocks = []
    for name, block, columns in transformer.transformers_:
        part = transformer.output_indices_[name]
        if part.start == part.stop:
            continue
        if not isinstance(columns, list) or not set(columns) <= set(names):
            return None
        write = _block_writer(block, columns, part.stop - part.start)
        if write is None:
            return None
        blocks.append((write, [names.index(column) for column in columns], part))
    width = max((part.stop for _, _, part in blocks), default=0)

    def encode(features: list[Feature], n_rows: int, order: Any) -> np.ndarray:
        matrix = np.empty((n_rows, width), order=order)
        for write, positions, part in blocks:
            write([features[i] for i in positions], matrix[:, part])
        return matrix

    return encode


def _block_writer(block: Any, columns: list[str], width: int) -> _Block | None:
    steps = [step for _, step in block.steps] if type(block) is Pipeline else [block]
    if not all(output_is_default(step) for step in (block, *steps)):
        return None
    first, scalers = steps[0], steps[1:]
    if not all(_is_plain_scaler(step) for step in scalers):
        return None
    if type(first) in _ENCODERS:
        # The whole block encodes each level once: nothing is computed again here.
        return _lookup(block, first, columns, width)
    write: _Block | None = None
    if type(first) is FunctionTransformer and first.func is None:
        write = _write_numbers
    elif type(first) is SimpleImputer:
        write = _impute(first)
    elif type(first) is TextEncoder:
        write = _encode_texts(first)
    return None if write is None else _scaled(write, scalers)


def _is_plain_scaler(step: Any) -> bool:
    return type(step) is StandardScaler and step.with_mean and step.with_std


def _write_numbers(features: list[Feature], part: np.ndarray) -> None:
    if len(part) == 1:
        part[0] = [
            values.distinct[0] if isinstance(values, Coded) else values[0]
            for values in features
        ]
        return
    for position, values in enumerate(features):
        if isinstance(values, Coded):
            values = values.rows(values.distinct)
        part[:, position] = values


def _scaled(write: _Block, scalers: list[Any]) -> _Block:
    if not scalers:
        return write
    inner = _scaled(write, scalers[:-1])
    means, scales = scalers[-1].mean_, scalers[-1].scale_

    def write_scaled(features: list[Feature], part: np.ndarray) -> None:
        inner(features, part)
        part -= means
        part /= scales

    return write_scaled


def _impute(imputer: SimpleImputer) -> _Block | None:
    fills = np.asarray(imputer.statistics_, dtype="float64")
    missing_values = imputer.missing_values
    if not (isinstance(missing_values, float) and np.isnan(missing_values)):
        return None
    if np.isnan(fills).any() or imputer.strategy == "constant":
        return None
    indicator = imputer.indicator_
    indicated = None if indicator is None else indicator.features_

    def impute(features: list[Feature], part: np.ndarray) -> None:
        numbers = part[:, : len(fills)]
        _write_numbers(features, numbers)
        missing = np.isnan(numbers)
        np.copyto(numbers, fills, where=missing)
        if indicated is not None:
            part[:, len(fills) :] = missing[:, indicated]

    return impute


def _encode_texts(encoder: TextEncoder) -> _Block:
    columns = [_encode_text(pipeline) for pipeline in encoder.encoders_]

    def encode(features: list[Any], part: np.ndarray) -> None:
        blocks = []
        for encode_texts, values in zip(columns, features, strict=True):
            is_coded = isinstance(values, Coded)
            # As in `TextEncoder`, a missing level is an empty text.
            texts = [text or "" for text in (values.distinct if is_coded else values)]
            numbers = encode_texts(texts)
            blocks.append(values.rows(numbers) if is_coded else numbers)
        np.concatenate(blocks, axis=1, out=part)

    return encode


def _encode_text(pipeline: Pipeline) -> Callable[[Sequence[str]], np.ndarray]:
    """Call what the steps of the pipeline call, without their checks in between."""
    hashing, weighting, projection = (step for _, step in pipeline.steps)
    options = (weighting.sublinear_tf, weighting.use_idf, weighting.norm)
    if options != (True, True, "l2"):
        return lambda texts: np.asarray(pipeline.transform(texts))
    weights = weighting.idf_
    # A product with the transposed view would copy it, each time.
    components = np.ascontiguousarray(projection.components_.T)

    def encode(texts: Sequence[str]) -> np.ndarray:
        counts = hashing.transform(texts)
        np.log(counts.data, counts.data)
        counts.data += 1.0
        counts.data *= weights[counts.indices]
        inplace_csr_row_normalize_l2(counts)
        return np.asarray(counts @ components)

    return encode


def _lookup(block: Any, encoder: Any, columns: list[str], width: int) -> _Block | None:
    """Tabulate a block that encodes each column alone: its numbers for each level."""
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
    # An unknown level: longer than every known one.
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
    tables, stop = [], 0
    for categories, size in zip(levels, sizes, strict=True):
        start, stop = stop, stop + size
        row_of_level = {level: row for row, level in enumerate([*categories, None])}
        row_of_level[None] = len(encoded) - 2
        tables.append((row_of_level, encoded[:, start:stop], slice(start, stop)))
    return _write_rows(tables, len(encoded) - 1)


def _write_rows(tables: list[Any], unknown: int) -> _Block:
    lists = [numbers.tolist() for _, numbers, _ in tables]

    def write(features: list[Any], part: np.ndarray) -> None:
        if len(part) == 1:
            row: list[float] = []
            for level, numbers, table in zip(features, lists, tables, strict=True):
                level = level.distinct[0] if isinstance(level, Coded) else level[0]
                row += numbers[table[0].get(level, unknown)]
            part[0] = row
            return
        for levels, (rows, numbers, columns) in zip(features, tables, strict=True):
            positions = [rows.get(level, unknown) for level in levels.distinct]
            part[:, columns] = levels.rows(numbers[positions])

    return write


def _sizes(encoder: Any) -> list[int] | None:
    """Return the number of columns that each column is encoded into."""
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
