"""The steps of `WinduEstimator.fit`, and their inputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import is_classifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.preprocessing import LabelEncoder

from windu._compat.row_order import match_rows
from windu.components.blend import BoostedBlendClassifier, BoostedBlendRegressor
from windu.components.featurizers import AutoFeaturizer
from windu.components.labelwise import LabelwiseClassifier, takes_labels
from windu.components.log_encoder import fit_on_better_scale, is_candidate
from windu.components.registry import Wants, wants_of
from windu.components.thresholds import ThresholdSelector
from windu.components.transformers import (
    AutoTransformer,
    codes_of,
    model_input,
    tell_categories,
    with_categories,
)
from windu.estimator.labels import encode, fit_label_encoder, is_auto, resolve_task
from windu.estimator.metadata import read_metadata
from windu.estimator.parts import as_seed, fresh_part, with_defaults
from windu.estimator.prediction import asked_for_frames, checked_features, matrix_of
from windu.estimator.thresholding import Refits, check_threshold, select_threshold
from windu.exceptions import FeatureError, PartError, TargetError
from windu.io.frames import (
    as_frame,
    check_not_empty,
    named_columns,
    own_copy,
    surrogates_refused,
    text_columns,
)
from windu.schema.check import conform_training
from windu.schema.columns import TableSchema
from windu.schema.inference import choose_example, infer_table
from windu.schema.names import check_columns, infinite_cells
from windu.schema.report import ValidationReport, warn_of_columns
from windu.schema.user.given import (
    check_with_pandera,
    has_own_checks,
    overlay,
    pandera_schema_of,
)
from windu.steps import PARTS, Step
from windu.tasks import Target, Task

__all__ = ["FIT_STEPS", "FitInputs", "Fitted", "fit_inputs"]


class FitInputs(NamedTuple):
    """The inputs of the steps of `fit`."""

    frame: pd.DataFrame
    named: bool
    target: Target | None
    task: Task | None
    schema: Any
    featurizer: Any
    transformer: Any
    label_encoder: Any
    model: Any
    threshold: ThresholdSelector | None
    random_state: Any
    n_jobs: int | None
    verbose: bool
    wants: Wants
    fit_params: dict[str, Any]
    refits: Refits
    callback_context: Callable[[Any], AbstractContextManager[Any]]


class InferredTable(NamedTuple):
    """The schema of the raw table, the conformed table and its example rows."""

    table: TableSchema
    frame: pd.DataFrame
    example: str


class Features(NamedTuple):
    """The features of the training rows."""

    features: pd.DataFrame
    featurizer_: Any
    feature_schema: TableSchema


class FittedTransformer(NamedTuple):
    """The transformer, and its matrix if it was fitted by `fit_transform`."""

    transformer_: Any
    fitted_matrix: Any


class Matrix(NamedTuple):
    """The matrix that the model is fitted on."""

    matrix: Any
    feature_schema: TableSchema


class FittedModel(NamedTuple):
    """The model, and the label encoder for the scale that it was fitted on."""

    model_: Any
    label_encoder_: Any


class Fitted(NamedTuple):
    """The results of the steps that a fitted estimator stores."""

    task: Task | None
    featurizer_: Any
    transformer_: Any
    label_encoder_: Any
    model_: Any
    threshold_: ThresholdSelector | None
    table: TableSchema
    feature_schema: TableSchema
    example: str
    named: bool
    target: Target | None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Fitted:
        """Select them from the results of `windu.steps.run_steps`."""
        return cls(*(values[name] for name in cls._fields))


@surrogates_refused()
def infer_schema(frame: pd.DataFrame, schema: Any) -> InferredTable:
    """Check the table by the user's schema, infer the schema and choose the example."""
    check_columns(frame)
    pandera_schema = pandera_schema_of(schema)
    if pandera_schema is not None and has_own_checks(pandera_schema):
        n_rows = len(frame)
        frame, differences = check_with_pandera(frame, pandera_schema)
        ValidationReport(differences, n_rows).raise_for_errors()
    if infinite := infinite_cells(frame):
        name, row = next(iter(infinite.items()))
        raise FeatureError(
            "Input X contains infinity or a value too large. Numbers must be finite; "
            f"got infinity in {len(infinite)} columns, first in {name!r} at row {row}. "
            "Replace it, for instance X.replace([np.inf, -np.inf], np.nan)."
        )
    table = overlay(infer_table(frame), schema)
    if schema is not None:
        frame = conform_training(frame, table)
    warn_of_columns(table)
    return InferredTable(table, frame, choose_example(frame, table))


def featurize(
    frame: pd.DataFrame, target: Target | None, table: TableSchema, featurizer: Any
) -> Features:
    """Fit the featurizer and make the features."""
    if featurizer is None:
        return Features(frame, None, table)
    y = None if target is None else target.values
    if isinstance(featurizer, AutoFeaturizer):
        features = featurizer.fit(frame, schema=table).featurize(frame)
        return Features(features, featurizer, featurizer.feature_table_schema(features))
    features = fit_transform_frames(featurizer, frame, y)
    return Features(features, featurizer, infer_table(features))


def fit_transform_frames(featurizer: Any, frame: pd.DataFrame, y: Any) -> pd.DataFrame:
    """Fit a user's featurizer and check its output."""
    featurizer, features_in = asked_for_frames(featurizer), own_copy(frame)
    if hasattr(featurizer, "fit_transform"):
        features = featurizer.fit_transform(features_in, y)
    else:
        features = featurizer.fit(features_in, y).transform(own_copy(frame))
    return checked_features(features, frame)


def fit_transformer(
    features: pd.DataFrame,
    feature_schema: TableSchema,
    codes: Any,
    task: str | None,
    featurizer_: Any,
    transformer: Any,
    wants: Wants,
    random_state: Any,
    n_jobs: int | None,
) -> FittedTransformer:
    """Fit the transformer, and return its matrix if it has `fit_transform`."""
    if transformer is None:
        return FittedTransformer(None, None)
    if isinstance(transformer, AutoTransformer):
        is_known = isinstance(featurizer_, AutoFeaturizer) or _all_numbers(
            feature_schema
        )
        transformer = transformer.build(
            features,
            feature_schema if is_known else None,
            wants,
            task=task if np.ndim(codes) == 1 else None,
            random_state=as_seed(random_state),
        )
    with_defaults(transformer, random_state=random_state, n_jobs=n_jobs)
    frame = text_columns(features)
    # Metadata goes to the model alone, and scikit-learn 1.9.1's TargetEncoder fails
    # with a KeyError where routing is enabled and no groups are routed to it.
    with config_context(enable_metadata_routing=False), warnings.catch_warnings():
        # A class with fewer rows than folds is absent from some folds.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        if hasattr(transformer, "fit_transform"):
            matrix = transformer.fit_transform(frame, codes)
            return FittedTransformer(transformer, matrix)
        transformer.fit(frame, codes)
    return FittedTransformer(transformer, None)


def transform(
    features: pd.DataFrame,
    feature_schema: TableSchema,
    transformer_: Any,
    fitted_matrix: Any,
    wants: Wants,
) -> Matrix:
    """Return the matrix for the model, cross-fitted if `fit_transform` returned it."""
    if transformer_ is None and wants.categories is not None:
        feature_schema = with_categories(feature_schema, features)
    if fitted_matrix is not None:
        matrix = model_input(fitted_matrix, feature_schema, wants)
    else:
        with config_context(enable_metadata_routing=False):
            matrix = matrix_of(features, feature_schema, transformer_, wants)
    return Matrix(matrix, feature_schema)


def _all_numbers(schema: TableSchema) -> bool:
    return all(c.storage == c.kind == "numeric" for c in schema.columns)


def fit_model(
    matrix: Any,
    codes: Any,
    task: str | None,
    model: Any,
    transformer_: Any,
    label_encoder: Any,
    label_encoder_: Any,
    fit_params: dict[str, Any],
    callback_context: Any,
    n_jobs: int | None,
    verbose: bool,
) -> FittedModel:
    """Fit the model on the matrix, for heavy-tailed amounts on the better scale."""
    if model is None:
        return FittedModel(None, label_encoder_)
    _translate_class_weight(model, label_encoder_)
    drops_classes = isinstance(model, BoostedBlendClassifier)
    weight = fit_params.get("sample_weight")
    _check_weights(weight, codes, task, label_encoder_, drops_classes=drops_classes)
    _set_categorical(model, transformer_)
    tell_categories(model, matrix)
    model = _for_task(model, task, codes, n_jobs)
    with callback_context(model):
        if is_auto(label_encoder) and is_candidate(model, codes):
            model, encoder, gain = fit_on_better_scale(
                model, matrix, codes, **fit_params
            )
            if verbose:
                print(f"[WinduEstimator] {gain}")
            return FittedModel(model, encoder)
        return FittedModel(model.fit(matrix, codes, **fit_params), label_encoder_)


def _check_weights(
    weight: Any,
    codes: Any,
    task: str | None,
    label_encoder: Any,
    *,
    drops_classes: bool,
) -> None:
    """Raise if the weights leave fewer than two classes."""
    if weight is None or task not in ("binary", "multiclass"):
        return
    labels, positions = np.unique(codes, return_inverse=True)
    totals = np.bincount(positions, weights=np.asarray(weight, dtype="float64"))
    # The default model drops a class without weight; other models keep it.
    enough = totals > 0 if drops_classes else np.sort(totals)[-2:] > 0
    if len(totals) < 2 or enough.all():
        return
    if label_encoder is not None:
        labels = label_encoder.inverse_transform(labels)
    gone = np.asarray(labels)[totals == 0].tolist()
    raise TargetError(
        "Each class must have rows with a weight above 0. Got weights that are all 0 "
        f"for {gone}. Check sample_weight, or leave these rows out."
    )


def _for_task(model: Any, task: str | None, codes: Any, n_jobs: int | None) -> Any:
    tags = model.__sklearn_tags__()
    if task == "multilabel" and not takes_labels(model):
        return LabelwiseClassifier(model, n_jobs=n_jobs)
    several = task == "regression" and np.ndim(codes) == 2
    if several and not tags.target_tags.multi_output:
        return MultiOutputRegressor(model, n_jobs=n_jobs)
    return model


def _set_categorical(model: Any, transformer: Any) -> None:
    """Tell the default model which columns of the matrix are categorical."""
    if isinstance(model, (BoostedBlendClassifier, BoostedBlendRegressor)):
        codes = codes_of(transformer)
        if model.categorical_features is None and len(codes):
            model.set_params(categorical_features=codes)


def _translate_class_weight(model: Any, label_encoder: Any) -> None:
    """Translate class weights from labels to codes."""
    if not is_classifier(model) or not isinstance(label_encoder, LabelEncoder):
        return
    classes = label_encoder.classes_.tolist()
    for name, weights in model.get_params(deep=True).items():
        if name.rpartition("__")[2] == "class_weight" and isinstance(weights, dict):
            unknown = [label for label in weights if label not in classes]
            if unknown:
                raise PartError(
                    f"{name} must name classes of y, {classes}. Got {unknown}. Use the "
                    "labels as they stand in y."
                )
            by_code = {classes.index(label): w for label, w in weights.items()}
            model.set_params(**{name: by_code})


FIT_STEPS: tuple[Step, ...] = (
    Step.of(infer_schema),
    Step.of(featurize),
    Step.of(fit_label_encoder, makes="label_encoder_"),
    Step.of(encode, makes="codes"),
    Step.of(fit_transformer),
    Step.of(transform),
    Step.of(fit_model),
    Step.of(select_threshold, makes="threshold_"),
)


@surrogates_refused()
def fit_inputs(
    estimator: Any,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    fit_params: Mapping[str, Any] | None = None,
) -> FitInputs:
    """Return the inputs of the steps of `fit`.

    Parameters
    ----------
    estimator : WinduEstimator
        Provides the parameters; not changed.
    X : table of shape (n_samples, n_columns)
        As in `WinduEstimator.fit`.
    y : array-like, default=None
        As in `WinduEstimator.fit`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    fit_params : mapping, default=None
        More metadata.

    Returns
    -------
    FitInputs
        By the names that the steps need.

    Raises
    ------
    TargetError
        For a missing or impossible target, or one of other rows.
    PartError
        If a part is none, or cannot honour what was asked, or metadata are of other
        rows.
    """
    frame = as_frame(X)
    check_not_empty(frame, type(estimator).__name__)
    matched = match_rows(
        {"X": X, "y": y, "sample_weight": sample_weight, **(fit_params or {})},
        frame=frame,
    )
    del matched["X"]
    target, task = resolve_task(estimator, matched.pop("y"), frame)
    classifier = None if task is None else task != "regression"
    shared_params = {"random_state": estimator.random_state, "n_jobs": estimator.n_jobs}
    parts = {
        name: with_defaults(
            fresh_part(name, getattr(estimator, name), classifier=classifier),
            **shared_params,
        )
        for name in PARTS
    }
    check_threshold(parts["threshold"], target, task)
    metadata = read_metadata(
        *(estimator, parts["model"], parts["threshold"]),
        *(matched.pop("sample_weight"), matched, len(frame)),
    )
    return FitInputs(
        frame=frame,
        named=named_columns(X),
        target=target,
        task=task,
        schema=estimator.schema,
        **parts,
        **shared_params,
        verbose=estimator.verbose,
        wants=wants_of(parts["model"]),
        fit_params=metadata.model,
        refits=Refits(estimator, metadata.model, metadata.groups, metadata.costs),
        callback_context=lambda part: nullcontext(),
    )
