"""The steps of prediction: validate, featurize, transform and decode."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import FunctionTransformer, MultiLabelBinarizer
from sklearn.utils.validation import check_is_fitted

from windu.components.featurizers import AutoFeaturizer
from windu.components.registry import Wants
from windu.components.transformers import model_input
from windu.estimator.parts import name_of
from windu.exceptions import (
    FeatureError,
    FeatureSchemaError,
    PersistenceError,
    SchemaError,
    WinduWarning,
)
from windu.io.frames import (
    as_frame,
    named_columns,
    own_copy,
    row_of_series,
    surrogates_refused,
    text_columns,
)
from windu.schema.check import compare, conform
from windu.schema.columns import TableSchema
from windu.schema.names import check_columns, infinite_cells, listed
from windu.schema.report import MAX_LISTED, Difference, ValidationReport
from windu.schema.user.check import user_check
from windu.schema.user.given import pandera_schema_of
from windu.schema.user.stored import StoredSchema, from_json, to_json
from windu.tasks import Container

__all__ = [
    "Validation",
    "asked_for_frames",
    "checked_features",
    "conformed_features",
    "decode",
    "features_of",
    "featurize",
    "kept_rows",
    "made_by",
    "matrix_of",
    "read_named",
]


def asked_for_frames(featurizer: Any) -> Any:
    """Set a featurizer to return pandas frames, if it has `set_output`."""
    if hasattr(featurizer, "set_output") and not isinstance(
        featurizer, FunctionTransformer
    ):
        featurizer.set_output(transform="pandas")
    return featurizer


def made_by(featurizer_: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the features of a frame; the featurizer gets a copy."""
    return kept_rows(featurizer_.transform(own_copy(frame)), frame)


def kept_rows(features: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the features as a frame; raise unless the rows are unchanged."""
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
    # A new RangeIndex, as a frame made from an array has, does not show the order.
    if index.equals(expected) or index.equals(pd.RangeIndex(len(index))):
        return False
    return bool(index.is_unique and expected.is_unique and index.isin(expected).all())


def checked_features(features: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the features; raise if a transformer cannot be fitted on them."""
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
    """Return the features as in training, and the report of differences.

    The rules are those of tables: `windu.schema.columns.DIFFERENCES`.
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


def read_named(X: Any, schema: TableSchema, named: bool) -> pd.DataFrame:
    """Return the table with names; columns without names go by position."""
    X = row_of_series(X, schema.names)
    frame = as_frame(X)
    if named and named_columns(X):
        return frame
    return _by_position(frame, schema, named, named_columns(X))


@surrogates_refused()
def validate(X: Any, table: TableSchema, named: bool, schema: Any) -> pd.DataFrame:
    """Return the table with the columns, order and dtypes of training."""
    frame = read_named(X, table, named)
    if schema is None:
        return _selected(frame, table)
    own_schema = user_check(schema, table)
    if own_schema is None:
        return conform(frame, table)
    frame, report = own_schema.compare(frame, everything=False)
    report.raise_for_errors()
    report.warn()
    return frame


def _selected(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Return the columns of training without looking at their values."""
    gone = [name for name in schema.names if name not in frame.columns]
    if gone:
        raise SchemaError(
            f"The table must have the columns of training. Missing: {listed(gone)}. "
            "Add them, with missing values if nothing is known."
        )
    return frame if list(frame.columns) == schema.names else frame[schema.names]


def _by_position(
    frame: pd.DataFrame, schema: TableSchema, trained_named: bool, named: bool
) -> pd.DataFrame:
    n_columns = len(schema.names)
    if named and list(frame.columns) == schema.names:
        return frame
    if frame.shape[1] != n_columns:
        n_given = frame.shape[1]
        width = Difference(
            None, "width", "raise", f"have {n_columns} columns", str(n_given)
        )
        raise SchemaError(
            f"X has {n_given} features, but WinduEstimator is expecting {n_columns} "
            "features as input. Columns without names go by position: pass as many as "
            "in fit, or frames with names to both.",
            ValidationReport([width], len(frame)),
        )
    if trained_named:
        warnings.warn(
            "X does not have valid feature names, but WinduEstimator was fitted with "
            "feature names. Columns are taken in the order of training; pass a frame "
            "to have them checked by name.",
            UserWarning,
            stacklevel=2,
        )
    elif named:
        warnings.warn(
            "X has feature names, but WinduEstimator was fitted without feature names. "
            "Columns go by position; fit on a frame to have them checked by name.",
            WinduWarning,
            stacklevel=2,
        )
    return frame.set_axis(schema.names, axis=1)


def featurize(
    frame: pd.DataFrame, featurizer_: Any, trained_features: TableSchema | None
) -> pd.DataFrame:
    """Return the features of a validated table.

    The features of a replaced featurizer are conformed to `trained_features`.
    """
    if trained_features is not None:
        features = features_of(frame, featurizer_)
        return conformed_features(features, trained_features, featurizer_)[0]
    if featurizer_ is None:
        return frame
    if isinstance(featurizer_, AutoFeaturizer):
        return featurizer_.featurize(frame)
    return checked_features(made_by(featurizer_, frame), frame)


def features_of(frame: pd.DataFrame, featurizer_: Any) -> pd.DataFrame:
    """Return the features of a validated table, unchecked."""
    return frame if featurizer_ is None else made_by(featurizer_, frame)


def matrix_of(
    features: pd.DataFrame, feature_schema: TableSchema, transformer_: Any, wants: Wants
) -> Any:
    """Return the matrix for the model."""
    matrix: Any = features
    if transformer_ is not None:
        matrix = transformer_.transform(text_columns(features))
    return model_input(matrix, feature_schema, wants)


_CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def decode(
    codes: Any,
    task: str | None,
    label_encoder: Any,
    index: Any,
    container: Container,
) -> Any:
    """Return predictions in the form of the training target.

    Parameters
    ----------
    codes : ndarray
        What the model predicted.
    task : str
        The task.
    label_encoder : estimator or None
        The fitted label encoder.
    index : pandas.Index or None
        Index of the table, where it was a frame.
    container : Container
        What predictions are brought into.

    Returns
    -------
    ndarray, sparse matrix, DataFrame or list
        Labels, values, or lists of labels.
    """
    codes = np.asarray(codes)
    if task == "regression":
        return _decode_values(codes, label_encoder, container)
    if task == "multilabel":
        return _decode_labels(codes.astype(np.int64), label_encoder, index, container)
    if codes.ndim == 2:
        codes = codes.ravel()
    if label_encoder is None:
        return codes
    if not len(codes):
        return np.asarray(label_encoder.classes_)[:0]
    return label_encoder.inverse_transform(codes.astype(np.int64))


def _decode_values(
    codes: np.ndarray, label_encoder: Any, container: Container
) -> np.ndarray:
    """Return numbers in the units of y; single precision stays so."""
    decoded = codes
    if label_encoder is not None and len(codes):
        table = codes.reshape(len(codes), -1)
        decoded = np.asarray(label_encoder.inverse_transform(table))
        decoded = decoded.reshape(codes.shape)
    single = container.kind == "float32" and decoded.dtype == np.float64
    return decoded.astype(np.float32) if single else decoded


def _decode_labels(
    codes: np.ndarray, label_encoder: Any, index: Any, container: Container
) -> Any:
    """Return lists of labels, or a table in the form of the training target."""
    if label_encoder is None:
        return codes
    if isinstance(label_encoder, MultiLabelBinarizer):
        # As Python numbers, which lists of labels hold.
        names = label_encoder.classes_.tolist()
        make_container = _CONTAINERS.get(container.kind, list)
        if container.kind == "ndarray":
            make_container = partial(np.array, dtype=container.dtype)
        return [make_container([*compress(names, row)]) for row in codes]
    decoded = label_encoder.inverse_transform(codes)
    if container.kind == "polars":
        return _as_polars(decoded, container.enums)
    if isinstance(decoded, pd.DataFrame):
        return decoded if index is None else decoded.set_axis(index, axis=0)
    if container.kind.endswith(("_matrix", "_array")):
        return getattr(sparse, container.kind)(decoded)
    return decoded


def _as_polars(frame: pd.DataFrame, enums: Sequence[int]) -> Any:
    """Return a polars frame with the categories at these positions as an Enum."""
    import polars

    dtypes: Any = {
        frame.columns[i]: polars.Enum(frame.iloc[:, i].cat.categories.tolist())
        for i in enums
    }
    return polars.from_pandas(frame, schema_overrides=dtypes)


class Validation:
    """The part of `WinduEstimator` that compares tables."""

    schema: Any
    featurizer_: Any
    _table_schema: TableSchema
    _feature_table_schema: TableSchema
    _named: bool
    _swapped: bool

    @surrogates_refused()
    def validate(self, X: Any, *, features: bool = False) -> ValidationReport:
        """Report every difference of a table from the schema of training.

        Nothing is raised for what `predict` would refuse; see
        `ValidationReport.raise_for_errors`.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `predict`.
        features : bool, default=False
            Whether to compare the features with ``feature_schema_`` instead.

        Returns
        -------
        ValidationReport
            All differences, also those that are accepted, and drift scores.

        Raises
        ------
        SchemaError
            For names of columns that are neither texts nor whole numbers.
        """
        check_is_fitted(self)
        try:
            frame = read_named(X, self._table_schema, self._named)
        except SchemaError as error:
            # Without names, only the number of columns can be reported.
            return error.report
        own_schema = user_check(self.schema, self._table_schema)
        if own_schema is None:
            conformed, report = compare(frame, self._table_schema)
        else:
            conformed, report = own_schema.compare(frame)
        if not features or not report.ok:
            return report
        if self._swapped:
            features_made = features_of(conformed, self.featurizer_)
        else:
            features_made = featurize(conformed, self.featurizer_, None)
        return compare(features_made, self._feature_table_schema)[1]

    # A pandera schema is stored as one text, for pickle, joblib and skops alike.
    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        if isinstance(self.schema, (str, dict, type(None))):
            return state
        try:
            pandera_schema = pandera_schema_of(self.schema)
            stored = (
                None
                if pandera_schema is None
                else StoredSchema(to_json(pandera_schema))
            )
        except (PersistenceError, SchemaError):
            # Checks that are code: pickle may store them; `save` says why it does not.
            return state
        return state if stored is None else state | {"schema": stored}

    def __setstate__(self, state: dict[str, Any]) -> None:
        stored = state.get("schema")
        if isinstance(stored, StoredSchema):
            state = state | {"schema": from_json(stored.json)}
        super().__setstate__(state)  # type: ignore[misc]

    def __copy__(self) -> Self:
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self))
        return copied
