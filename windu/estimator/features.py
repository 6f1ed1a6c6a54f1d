"""What a user's featurizer gives: the rows that came in, columns that can be used."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.preprocessing import FunctionTransformer

from windu.estimator.parts import name_of
from windu.exceptions import FeatureError, FeatureSchemaError, SchemaError
from windu.io.frames import own_copy
from windu.schema.check import compare
from windu.schema.columns import TableSchema
from windu.schema.names import check_columns, infinite_cells
from windu.schema.report import MAX_LISTED, Difference, ValidationReport

__all__ = [
    "asked_for_frames",
    "checked_features",
    "conformed_features",
    "kept_rows",
    "made_by",
]


def asked_for_frames(featurizer: Any) -> Any:
    """Return a featurizer, set to give frames where it can be set."""
    if hasattr(featurizer, "set_output") and not isinstance(
        featurizer, FunctionTransformer
    ):
        featurizer.set_output(transform="pandas")
    return featurizer


def made_by(featurizer_: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return what a fitted featurizer makes of a frame, which it cannot change."""
    return kept_rows(featurizer_.transform(own_copy(frame)), frame)


def kept_rows(features: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return features as a frame with the rows that came in, or raise."""
    if not isinstance(features, pd.DataFrame) and hasattr(features, "to_pandas"):
        features = features.to_pandas()
    if not isinstance(features, pd.DataFrame):
        raise FeatureError(
            "The featurizer must return a DataFrame. Got "
            f"{type(features).__name__}. Return a frame with named columns; for a "
            "transformer of your own, define get_feature_names_out and set_output."
        )
    if len(features) != len(frame):
        raise FeatureError(
            f"The featurizer must keep the rows. Got {len(features)} rows for "
            f"{len(frame)}. Drop or add rows before fit, not in the featurizer."
        )
    if _is_reordered(features.index, frame.index):
        raise FeatureError(
            "The featurizer must keep the order of the rows. Got the same index in "
            "another order. Return features.loc[X.index], or sort before fit."
        )
    return features


def _is_reordered(index: pd.Index, expected: pd.Index) -> bool:
    # A new index, as a frame made of an array gets one, says nothing of the order.
    if index.equals(expected) or index.equals(pd.RangeIndex(len(index))):
        return False
    return bool(index.is_unique and expected.is_unique and index.isin(expected).all())


def checked_features(features: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return features that a transformer can be fitted on, or raise."""
    features = kept_rows(features, frame)
    if not features.shape[1]:
        raise FeatureError(
            "The featurizer must return at least one column. Got none. Return the "
            "columns that the model shall learn from."
        )
    check_columns(features)
    if infinite := infinite_cells(features):
        name, row = next(iter(infinite.items()))
        raise FeatureError(
            f"Features must be finite. Got infinity in {name!r} at row {row}. Guard "
            "divisions and logarithms in the featurizer."
        )
    return features


def conformed_features(
    features: pd.DataFrame,
    schema: TableSchema,
    featurizer_: Any,
    *,
    everything: bool = False,
) -> tuple[pd.DataFrame, ValidationReport]:
    """Return features with the names, order and dtypes of training, and how they were.

    The rules are those of tables: `windu.schema.tolerance.DIFFERENCES`.
    """
    maker = (
        "Without a featurizer, the table"
        if featurizer_ is None
        else f"The featurizer {name_of(featurizer_)!r}"
    )
    head = f"{maker} must give the features that were trained on."
    tail = "Change the featurizer, or fit an estimator with it."
    try:
        conformed, report = compare(features, schema, everything=everything)
    except SchemaError as error:
        raise FeatureSchemaError(f"{head} {error} {tail}", error.report) from error
    if not report.ok:
        lines = [_line(difference) for difference in report.errors[:MAX_LISTED]]
        if more := len(report.errors) - MAX_LISTED:
            lines += [f"... and {more} more"] if more > 0 else []
        raise FeatureSchemaError("\n".join([head, *lines, tail]), report)
    return conformed, report


def _line(difference: Difference) -> str:
    if difference.difference == "missing":
        return f"The feature {difference.column!r} is missing.{difference.hint}"
    return (
        f"The feature {difference.column!r} must {difference.expected}. Got "
        f"{difference.got}."
    )
