"""The default transformer: a `ColumnTransformer` by column kind and by model."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

from windu.components.registry import Wants
from windu.schema.columns import TableSchema
from windu.schema.kinds import MAX_LEVELS

__all__ = ["make_transformer"]

#: Columns that stand for one text.
TEXT_COMPONENTS = 30


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
    has_target = task in ("binary", "multiclass", "regression")
    blocks: list[tuple[str, Any, Any]] = []
    if levels:
        blocks.append(("categorical", _levels(wants), levels))
    if many:
        encoder = _many_levels(wants, has_target, random_state)
        blocks.append(("high_cardinality", encoder, many))
    for position, name in enumerate(schema.of_kind("text")):
        blocks.append((f"text{position}", _text(wants, random_state), name))
    if numbers:
        blocks.append(("numeric", _numbers(wants), numbers))
    return ColumnTransformer(blocks, sparse_threshold=0.0)


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


def _many_levels(wants: Wants, has_target: bool, random_state: int | None) -> Any:
    if not has_target:
        return _levels(wants)
    encoder = TargetEncoder(random_state=random_state, shuffle=True)
    return encoder if wants.codes else make_pipeline(encoder, StandardScaler())


def _text(wants: Wants, random_state: int | None) -> Any:
    steps = [
        # Hashing keeps no vocabulary: the fitted state is two arrays.
        HashingVectorizer(
            analyzer="char_wb",
            ngram_range=(3, 4),
            n_features=2**12,
            norm=None,
            alternate_sign=False,
        ),
        TfidfTransformer(sublinear_tf=True),
        TruncatedSVD(TEXT_COMPONENTS, random_state=random_state),
    ]
    return make_pipeline(*steps, *([] if wants.codes else [StandardScaler()]))


def _numbers(wants: Wants) -> Any:
    if wants.missing:
        return "passthrough"
    imputer = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    return imputer if wants.codes else make_pipeline(imputer, StandardScaler())
