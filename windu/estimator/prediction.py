"""The steps of prediction: plain functions over named values."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.frames import as_frame, named_columns
from windu.components.featurizers import AutoFeaturizer
from windu.estimator.fitting import checked_features, text_columns
from windu.exceptions import SchemaError, WinduWarning
from windu.schema.check import conform
from windu.schema.columns import TableSchema
from windu.schema.names import listed
from windu.schema.report import ValidationReport
from windu.schema.user_schema import (
    check_with_pandera,
    has_own_checks,
    pandera_schema_of,
)
from windu.steps import Step

__all__ = ["PREDICT_STEPS", "decode", "yes_probabilities"]


def read_named(X: Any, schema: TableSchema, named: bool) -> pd.DataFrame:
    """Return the table with names; columns without names go by position."""
    frame = as_frame(X)
    if named and named_columns(X):
        return frame
    return _by_position(frame, schema, named, named_columns(X))


def validate(X: Any, table: TableSchema, named: bool, schema: Any) -> pd.DataFrame:
    """Return the table with the columns, order and dtypes of training."""
    frame = read_named(X, table, named)
    if schema is not None:
        frame = conform(frame, table)
        given = pandera_schema_of(schema)
        if given is not None and len(frame) and has_own_checks(given):
            n_rows = len(frame)
            frame, differences = check_with_pandera(frame, given, table)
            report = ValidationReport(differences, n_rows)
            report.raise_for_errors()
            report.warn()
        return frame
    return _selected(frame, table)


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
        raise ValueError(
            f"X has {frame.shape[1]} features, but WinduEstimator is expecting "
            f"{n_columns} features as input. Columns without names go by position: "
            "pass as many as in fit, or frames with names to both."
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


def featurize(frame: pd.DataFrame, featurizer_: Any) -> pd.DataFrame:
    """Return the features of a validated table."""
    if featurizer_ is None:
        return frame
    if isinstance(featurizer_, AutoFeaturizer):
        return featurizer_.featurize(frame)
    return checked_features(featurizer_.transform(frame), len(frame))


def transform(features: pd.DataFrame, transformer_: Any) -> Any:
    """Return the matrix that the model eats."""
    if transformer_ is None:
        return features
    return transformer_.transform(text_columns(features))


PREDICT_STEPS: tuple[Step, ...] = (
    Step("validate", ("X", "table", "named", "schema"), ("frame",), validate),
    Step("featurize", ("frame", "featurizer_"), ("features",), featurize),
    Step("transform", ("features", "transformer_"), ("matrix",), transform),
)


_CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "ndarray": np.array,
}


def yes_probabilities(probabilities: Any, classes: Any) -> np.ndarray:
    """Return the probability of *yes* a label, whatever a model gives.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_labels), or list of ndarray
        What `predict_proba` of a multilabel model gave; a list has one array of
        shape (n_samples, n_classes of the label) a label.
    classes : list of ndarray
        Classes of each label; used for a list only.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)
        Probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from windu.estimator.prediction import yes_probabilities
    >>> yes_probabilities([np.array([[0.2, 0.8]]), np.array([[1.0]])], [[0, 1], [0]])
    array([[0.8, 0. ]])
    """
    if not isinstance(probabilities, list):
        return np.asarray(probabilities)
    columns = []
    for label, known in zip(probabilities, classes, strict=True):
        yes = np.flatnonzero(np.asarray(known) == 1)
        columns.append(label[:, yes[0]] if len(yes) else np.zeros(len(label)))
    return np.column_stack(columns)


def decode(
    codes: Any, task: str, label_encoder: Any, index: Any, container: str
) -> Any:
    """Return predictions in the form that y had.

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
    container : {"list", "tuple", "set", "frozenset", "ndarray"}
        What held the labels of one row.

    Returns
    -------
    ndarray, DataFrame or list
        Labels, values, or lists of labels.
    """
    codes = np.asarray(codes)
    if task in ("binary", "multiclass") and codes.ndim == 2:
        codes = codes.ravel()
    if label_encoder is None:
        return codes
    if not len(codes) and task in ("binary", "multiclass"):
        return np.asarray(label_encoder.classes_)[:0]
    if task == "regression":
        as_column = codes.reshape(-1, 1) if codes.ndim == 1 else codes
        decoded = np.asarray(label_encoder.inverse_transform(as_column))
        return decoded.ravel() if codes.ndim == 1 else decoded
    if task != "multilabel":
        return label_encoder.inverse_transform(codes.astype(np.int64))
    decoded = label_encoder.inverse_transform(codes.astype(np.int64))
    if isinstance(decoded, pd.DataFrame):
        return decoded if index is None else decoded.set_axis(index, axis=0)
    if isinstance(decoded, list):
        make = _CONTAINERS.get(container, list)
        return [make(labels) for labels in decoded]
    return decoded
