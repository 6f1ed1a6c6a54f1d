"""The default transformer: a `ColumnTransformer` by column kind and by model."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from windu._compat.sklearn import target_encoder
from windu.components.registry import Wants
from windu.components.text import TextEncoder
from windu.schema.columns import TableSchema
from windu.schema.kinds import MAX_LEVELS, MIN_WORDS

__all__ = ["codes_of", "make_transformer"]


def make_transformer(
    schema: TableSchema,
    wants: Wants,
    *,
    task: str | None,
    random_state: int | None = None,
) -> ColumnTransformer:
    """Return the transformer for these features and this model.

    Parameters
    ----------
    schema : TableSchema
        Kinds of the features, as `AutoFeaturizer` gives them.
    wants : Wants
        What the model eats.
    task : str or None
        scikit-learn's `TargetEncoder` has no multilabel form; without a task there
        may be no target.
    random_state : int, default=None
        For the folds of `TargetEncoder` and the projection of texts.

    Returns
    -------
    ColumnTransformer
        Not fitted. Categorical columns come first.
    """
    numbers = schema.of_kind("numeric", "boolean", "datetime")
    levels = schema.of_kind("categorical")
    many = schema.of_kind("high-cardinality")
    texts = [c.name for c in schema.columns if (c.words or 0) >= MIN_WORDS]
    blocks: list[tuple[str, Any, Any]] = []
    if levels:
        blocks.append(("categorical", _levels(wants), levels))
    if many:
        encoder = _many_levels(wants, task, random_state)
        blocks.append(("high_cardinality", encoder, many))
    if texts:
        blocks.append(("text", _text(wants, random_state), texts))
    if numbers:
        blocks.append(("numeric", _numbers(wants), numbers))
    return ColumnTransformer(blocks, sparse_threshold=0.0)


def codes_of(transformer: Any) -> list[int]:
    """Return the columns of the matrix that hold ordinal codes of levels.

    Parameters
    ----------
    transformer : transformer
        As from `make_transformer`, fitted; perhaps the end of a Pipeline.

    Returns
    -------
    list of int
        Empty for any other transformer.
    """
    if isinstance(transformer, Pipeline):
        transformer = transformer[-1]
    if not isinstance(transformer, ColumnTransformer):
        return []
    block = transformer.named_transformers_.get("categorical")
    if not isinstance(block, OrdinalEncoder):
        return []
    where = transformer.output_indices_["categorical"]
    return list(range(where.start, where.stop))


def _levels(wants: Wants) -> Any:
    if not wants.codes:
        return OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MAX_LEVELS,
            sparse_output=False,
        )
    unknown = np.nan if wants.missing else -1
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=unknown,
        encoded_missing_value=unknown,
    )


def _many_levels(wants: Wants, task: str | None, random_state: int | None) -> Any:
    if task not in ("binary", "multiclass", "regression"):
        return _levels(wants)
    encoder = target_encoder(task, random_state)
    return encoder if wants.codes else make_pipeline(encoder, StandardScaler())


def _text(wants: Wants, random_state: int | None) -> Any:
    encoder = TextEncoder(random_state=random_state)
    return encoder if wants.codes else make_pipeline(encoder, StandardScaler())


def _numbers(wants: Wants) -> Any:
    if wants.missing:
        return "passthrough"
    imputer = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    return imputer if wants.codes else make_pipeline(imputer, StandardScaler())
