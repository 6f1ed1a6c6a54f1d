"""What `WinduEstimator` is and has, told from its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import ClassifierTags, RegressorTags, TransformerTags

from windu.components.labelwise import LabelwiseClassifier, takes_labels
from windu.components.registry import model_type
from windu.estimator.parts import fresh_part
from windu.exceptions import PartError

__all__ = ["classes_of", "model_has", "no_model", "tags_of", "type_before_fit"]


def type_before_fit(estimator: Any, *, exact: bool) -> str | None:
    """Return "classifier" or "regressor" as parameters alone tell.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted or not.
    exact : bool
        Whether None is an answer; else an open task counts as one of classes, so
        that scikit-learn's splitters stratify a discrete y.

    Returns
    -------
    {"classifier", "regressor"} or None
        None also for a partial pipeline.
    """
    if estimator.model is None:
        return None
    if estimator.task in ("binary", "multiclass", "multilabel"):
        return "classifier"
    if estimator.task == "regression":
        return "regressor"
    try:
        known = model_type(estimator.model)
    except PartError:  # raised in fit; until then one can look at the estimator
        known = None
    return known if known is not None or exact else "classifier"


def current_type(estimator: Any) -> str | None:
    """Return the type: by the fitted task, else as parameters tell."""
    task = getattr(estimator, "task_", None)
    if estimator.model is not None and task is not None:
        return "regressor" if task == "regression" else "classifier"
    return type_before_fit(estimator, exact=False)


def model_has(method: str) -> Callable[[Any], bool]:
    """Return a check for `available_if`: the model has a method that can work."""

    def check(estimator: Any) -> bool:
        model = vars(estimator).get("model_")
        if model is None:
            if estimator.model is None:
                return False
            kind = current_type(estimator)
            try:
                model = fresh_part(
                    "model", estimator.model, classifier=kind != "regressor"
                )
            except PartError:
                # fit says what is wrong. Until then all that is known is that models
                # predict.
                return method == "predict"
            if estimator.task == "multilabel" and not takes_labels(model):
                model = LabelwiseClassifier(model)
        if method == "predict_proba" and current_type(estimator) == "regressor":
            return False
        return hasattr(model, method)

    return check


def no_model(estimator: Any) -> bool:
    """Tell whether this is a partial pipeline."""
    return estimator.model is None


def classes_of(estimator: Any) -> np.ndarray:
    """Return classes or labels; an AttributeError where there are none."""
    fitted = vars(estimator)
    if fitted.get("model_") is None or fitted["task_"] == "regression":
        raise AttributeError(
            "classes_ exists on a fitted estimator with a task of classes only."
        )
    encoder = fitted["label_encoder_"]
    source = encoder if encoder is not None else fitted["model_"]
    return np.asarray(source.classes_)


def tags_of(estimator: Any, tags: Any) -> Any:
    """Return the tags of an estimator by its task and model."""
    tags.input_tags.sparse = False
    tags.input_tags.allow_nan = True
    tags.input_tags.string = True
    tags.input_tags.categorical = True
    task = getattr(estimator, "task_", None) or estimator.task
    tags.target_tags.multi_output = task not in ("binary", "multiclass")
    tags.estimator_type = current_type(estimator)
    tags.target_tags.required = tags.estimator_type is not None
    if tags.estimator_type == "classifier":
        tags.classifier_tags = ClassifierTags(
            multi_class=task != "binary", multi_label=task in ("auto", "multilabel")
        )
    elif tags.estimator_type == "regressor":
        tags.regressor_tags = RegressorTags()
    else:
        tags.transformer_tags = TransformerTags(preserves_dtype=[])
    return tags
