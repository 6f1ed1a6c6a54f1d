"""What a replaced model and label encoder must be, to stand for the ones before."""

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


def check_model(est: Any, made: Any, matrix: Any) -> None:
    """Raise if the model is of another task, other columns or other classes.

    Parameters
    ----------
    est, made : WinduEstimator
        Before and after.
    matrix : array-like of shape (n_samples, n_features_out)
        What the transformer makes of the example.

    Raises
    ------
    PartError
        With what it must be fitted on.
    """
    model, task = made.model_, made.task_
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
    # A copy of catboost counts 0, and predicts for columns that it does not know.
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
        _check_classes(est, made)


def _check_names(model: Any, matrix: Any) -> None:
    trained = getattr(model, "feature_names_in_", None)
    if trained is None or not isinstance(matrix, pd.DataFrame):
        return
    trained, given = list(map(str, trained)), list(map(str, matrix.columns))
    if trained != given:
        first = next(i for i, name in enumerate(trained) if name != given[i])
        raise PartError(
            f"The model must be fitted on the columns {given} in this order. "
            f"{name_of(model)} was fitted on others: number {first} is "
            f"{trained[first]!r}, not {given[first]!r}."
        )


def _check_classes(est: Any, made: Any) -> None:
    """Raise if what the model decides between is not what the encoder decodes."""
    known = getattr(made.model_, "classes_", None)
    if known is None:
        return
    known, encoder = np.asarray(known).tolist(), made.label_encoder_
    name = name_of(made.model_)
    if encoder is not None:
        codes = np.sort(np.asarray(encoder.transform(encoder.classes_))).tolist()
        if known != codes:
            raise PartError(
                f"The model must decide between the codes {codes} that the label "
                f"encoder gives. {name} was fitted on {known}. Fit it on "
                "est.label_encoder_.transform(y); or replace label_encoder=None as "
                "well, for a model of the labels themselves."
            )
        return
    if est.model_ is None and est.label_encoder_ is None:
        # Nobody knows other labels.
        return
    labels = _labels(est)
    if known not in (labels, list(range(len(labels)))):
        raise PartError(
            f"Without a label encoder the model must decide between the labels "
            f"{labels}. {name} was fitted on {known}."
        )


def _labels(est: Any) -> list[Any]:
    source = est.model_ if est.label_encoder_ is None else est.label_encoder_
    return np.asarray(source.classes_).tolist()


def check_codes(est: Any, made: Any, codes: np.ndarray, before: Any) -> None:
    """Raise if predictions have another form than those of the model before.

    Parameters
    ----------
    est, made : WinduEstimator
        Before and after.
    codes, before : ndarray
        What the models predict for the example; `before` is None without a model.

    Raises
    ------
    PartError
        With the shape that is needed.
    """
    n_rows, task = len(est.example_), made.task_
    if task in ("binary", "multiclass"):
        wanted = {(n_rows,), (n_rows, 1)}
    elif task == "multilabel" and made.label_encoder_ is not None:
        wanted = {(n_rows, len(made.label_encoder_.classes_))}
    elif before is not None:
        wanted = {before.shape}
    else:
        wanted = {codes.shape} if codes.shape[:1] == (n_rows,) else {(n_rows,)}
    name = name_of(made.model_)
    if codes.shape not in wanted:
        raise PartError(
            f"The model must predict an array of shape {min(wanted)} for the example, "
            f"for the task {task}. {name} gives {codes.shape}."
        )
    if task == "multilabel" and not np.isin(codes.astype(object), (0, 1)).all():
        raise PartError(
            "The model must predict 0 and 1 a label. "
            f"{name} gives {np.unique(codes)[:5].tolist()}. Fit it on "
            "est.label_encoder_.transform(y)."
        )


def check_scores(est: Any, made: Any, scores: Any) -> None:
    """Raise if scores have not one column a class or label.

    Parameters
    ----------
    est, made : WinduEstimator
        Before and after.
    scores : ndarray or None
        Probabilities or distances for the example.

    Raises
    ------
    PartError
        With the shape that is needed.
    """
    if scores is None or not hasattr(made.model_, "predict_proba"):
        return
    source = made.label_encoder_ if made.label_encoder_ is not None else made.model_
    wanted = (len(est.example_), len(source.classes_))
    if scores.shape != wanted:
        raise PartError(
            f"The model must give probabilities of shape {wanted} for the example, one "
            f"column a class. {name_of(made.model_)} gives {scores.shape}."
        )


def check_label_encoder(est: Any, made: Any, codes: Any) -> None:
    """Raise if a label encoder does not bring back what it encodes, or counts others.

    Parameters
    ----------
    est, made : WinduEstimator
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
    encoder, task = made.label_encoder_, made.task_
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
    """Raise if a label encoder of numbers does not bring back what it encodes.

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
