"""Checks that a replaced model or label encoder is compatible with the fitted chain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from windu.components.registry import model_type
from windu.estimator.labels import check_encoder, check_encoder_kind
from windu.estimator.parts import name_of
from windu.exceptions import PartError

__all__ = [
    "check_codes",
    "check_label_encoder",
    "check_model",
    "check_scale",
    "check_scores",
]


def check_model(est: Any, replaced: Any, matrix: Any) -> None:
    """Raise if the model is of another task, other columns or other classes.

    Parameters
    ----------
    est, replaced : WinduEstimator
        Before and after.
    matrix : array-like of shape (n_samples, n_features_out)
        The matrix of the example.

    Raises
    ------
    PartError
        With what it must be fitted on.
    """
    model, task = replaced.model_, replaced.task_
    if task is None:
        raise PartError(
            "A model needs the task and the label encoder of a target. This estimator "
            "was fitted without y. Fit it with y, then replace the model."
        )
    kind = model_type(model)
    if kind is not None and (kind == "regressor") != (task == "regression"):
        raise PartError(
            f"The model must fit the task {task}. Got the {kind} {name_of(model)}."
        )
    # A copied CatBoost model reports 0 features and accepts any columns.
    named = len(getattr(model, "feature_names_", None) or ())
    width = getattr(model, "n_features_in_", None) or named
    if width and width != matrix.shape[1]:
        raise PartError(
            f"The model must be fitted on the {matrix.shape[1]} columns that the "
            f"transformer gives. {name_of(model)} was fitted on {width}. Fit it on "
            "est.transformer_.transform(est.featurizer_.transform(X))."
        )
    _check_names(model, matrix)
    if task in ("binary", "multiclass"):
        _check_classes(est, replaced)


def _check_names(model: Any, matrix: Any) -> None:
    trained = getattr(model, "feature_names_in_", None)
    if trained is None or not isinstance(matrix, pd.DataFrame):
        return
    trained, names = list(map(str, trained)), list(map(str, matrix.columns))
    if trained != names:
        first = next(i for i, name in enumerate(trained) if name != names[i])
        raise PartError(
            f"The model must be fitted on the columns {names} in this order. "
            f"{name_of(model)} was fitted on others: number {first} is "
            f"{trained[first]!r}, not {names[first]!r}."
        )


def _check_classes(est: Any, replaced: Any) -> None:
    """Raise if the classes of the model are not those that the encoder decodes."""
    model_classes = getattr(replaced.model_, "classes_", None)
    if model_classes is None:
        return
    model_classes, encoder = np.asarray(model_classes).tolist(), replaced.label_encoder_
    name = name_of(replaced.model_)
    if encoder is not None:
        codes = np.sort(np.asarray(encoder.transform(encoder.classes_))).tolist()
        if model_classes != codes:
            raise PartError(
                f"The model must decide between the codes {codes} that the label "
                f"encoder gives. {name} was fitted on {model_classes}. Fit it on "
                "est.label_encoder_.transform(y); or replace label_encoder=None as "
                "well, for a model of the labels themselves."
            )
        return
    if est.model_ is None and est.label_encoder_ is None:
        # Other models do not say which labels they know.
        return
    labels = _labels(est)
    if model_classes not in (labels, list(range(len(labels)))):
        raise PartError(
            f"Without a label encoder the model must decide between the labels "
            f"{labels}. {name} was fitted on {model_classes}."
        )


def _labels(est: Any) -> list[Any]:
    source = est.model_ if est.label_encoder_ is None else est.label_encoder_
    return np.asarray(source.classes_).tolist()


def check_codes(est: Any, replaced: Any, codes: np.ndarray, before: Any) -> None:
    """Raise if the predictions differ in shape from those of the previous model.

    Parameters
    ----------
    est, replaced : WinduEstimator
        Before and after.
    codes, before : ndarray
        What the models predict for the example; `before` is None without a model.

    Raises
    ------
    PartError
        With the shape that is needed.
    """
    n_rows, task = len(est.example_), replaced.task_
    if task in ("binary", "multiclass"):
        shapes = {(n_rows,), (n_rows, 1)}
    elif task == "multilabel" and replaced.label_encoder_ is not None:
        shapes = {(n_rows, len(replaced.label_encoder_.classes_))}
    elif before is not None:
        shapes = {before.shape}
    else:
        shapes = {codes.shape} if codes.shape[:1] == (n_rows,) else {(n_rows,)}
    name = name_of(replaced.model_)
    if codes.shape not in shapes:
        raise PartError(
            f"The model must predict an array of shape {min(shapes)} for the example, "
            f"for the task {task}. {name} gives {codes.shape}."
        )
    if task == "multilabel" and not np.isin(codes.astype(object), (0, 1)).all():
        raise PartError(
            "The model must predict 0 and 1 a label. "
            f"{name} gives {np.unique(codes)[:5].tolist()}. Fit it on "
            "est.label_encoder_.transform(y)."
        )


def check_scores(est: Any, replaced: Any, scores: Any) -> None:
    """Raise unless the scores have one column per class or label.

    Parameters
    ----------
    est, replaced : WinduEstimator
        Before and after.
    scores : ndarray or None
        Probabilities or distances for the example.

    Raises
    ------
    PartError
        With the shape that is needed.
    """
    if scores is None or not hasattr(replaced.model_, "predict_proba"):
        return
    source = (
        replaced.label_encoder_
        if replaced.label_encoder_ is not None
        else replaced.model_
    )
    shapes = (len(est.example_), len(source.classes_))
    if scores.shape != shapes:
        raise PartError(
            f"The model must give probabilities of shape {shapes} for the example, one "
            f"column a class. {name_of(replaced.model_)} gives {scores.shape}."
        )


def check_label_encoder(est: Any, replaced: Any, codes: Any) -> None:
    """Raise if a label encoder has no inverse or another number of classes.

    Parameters
    ----------
    est, replaced : WinduEstimator
        Before and after.
    codes : ndarray or None
        What the model before predicts for the example.

    Raises
    ------
    PartError
        If it is for another task, for another number of classes, or has no inverse.
    NotFittedError
        If it is not fitted.
    """
    encoder, task = replaced.label_encoder_, replaced.task_
    if task in (None, "regression"):
        return
    if not hasattr(encoder, "classes_"):
        check_is_fitted(encoder)
    check_encoder_kind(encoder, task)
    classes = encoder.classes_
    n = _n_classes(est, codes)
    if n is not None and len(classes) != n:
        raise PartError(
            f"The label encoder must know {n} classes. {name_of(encoder)} knows "
            f"{len(classes)}: {np.asarray(classes).tolist()[:5]}. Fit it on one name a "
            "class."
        )
    values: Any = classes
    if task == "multilabel":
        values = encoder.inverse_transform(np.eye(len(classes), dtype=np.int64))
    check_encoder(encoder, values, task)


def check_scale(label_encoder: Any, codes: np.ndarray) -> None:
    """Raise if a label encoder for regression has no inverse.

    Parameters
    ----------
    label_encoder : transformer
        Fitted.
    codes : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        What the model predicts.

    Raises
    ------
    PartError
        If it has no inverse.
    """
    check_encoder_kind(label_encoder, "regression")
    table = codes.reshape(len(codes), -1).astype(np.float64)
    values = np.asarray(label_encoder.inverse_transform(table))
    check_encoder(label_encoder, values, "regression")


def _n_classes(est: Any, codes: Any) -> int | None:
    if est.label_encoder_ is not None:
        return len(est.label_encoder_.classes_)
    if est.task_ == "multilabel":
        return None if codes is None else int(codes.shape[1])
    return None if est.model_ is None else len(est.model_.classes_)
