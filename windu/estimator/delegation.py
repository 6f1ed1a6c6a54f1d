"""What `WinduEstimator` is and has, told from its parts."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, TypeVar, cast

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.utils import ClassifierTags, RegressorTags, TransformerTags, get_tags
from sklearn.utils.validation import has_fit_parameter

from windu.components.labelwise import LabelwiseClassifier, takes_labels
from windu.components.registry import model_type
from windu.estimator.parts import fresh_part
from windu.exceptions import PartError

__all__ = [
    "classes_of",
    "model_has",
    "no_model",
    "tags_of",
    "takes_weights",
    "type_before_fit",
    "with_weights_of_model",
]

Fit = TypeVar("Fit", bound=Callable[..., Any])


class _Fit:
    """A `fit` whose signature has ``sample_weight`` only if the model takes it.

    scikit-learn's meta-estimators look for the parameter to decide what they pass.
    """

    def __init__(self, fit: Callable[..., Any]):
        self._fit = fit

        def fit_without_weights(
            estimator: Any, X: Any, y: Any = None, **fit_params: Any
        ) -> Any:
            return fit(estimator, X, y, **fit_params)

        fit_without_weights.__name__ = "fit"
        fit_without_weights.__doc__ = fit.__doc__
        self._without_weights = fit_without_weights

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:
            return self._fit
        fit = self._fit if takes_weights(estimator) else self._without_weights
        return MethodType(fit, estimator)


def with_weights_of_model(fit: Fit) -> Fit:
    """Return a method `fit` that shows ``sample_weight`` only if the model takes it."""
    return cast(Fit, _Fit(fit))


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
        kind = model_type(estimator.model)
    except PartError:  # raised in fit; until then one can look at the estimator
        kind = None
    return kind if kind is not None or exact else "classifier"


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


def takes_weights(estimator: Any) -> bool:
    """Tell whether the model of an estimator takes ``sample_weight``.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted or not.

    Returns
    -------
    bool
        True also where nobody knows: `fit` then says what is wrong.
    """
    model = _model_before_fit(estimator)
    return model is None or has_fit_parameter(model, "sample_weight")


def _model_before_fit(estimator: Any) -> Any:
    """Return the unfitted model; None without one, or where `fit` will refuse it."""
    if estimator.model is None:
        return None
    classifier = type_before_fit(estimator, exact=False) != "regressor"
    try:
        return fresh_part("model", estimator.model, classifier=classifier)
    except PartError:
        return None


def _takes_missing(estimator: Any) -> bool:
    """Tell whether missing values come as far as a part that refuses them."""
    transformer = estimator.transformer
    if isinstance(transformer, (str, ColumnTransformer)):
        return True
    if transformer is not None:
        return _allows_missing(transformer)
    model = _model_before_fit(estimator)
    return model is None or _allows_missing(model)


def _allows_missing(part: Any) -> bool:
    # A class of its own may have no tags.
    if isinstance(part, type) or not hasattr(part, "__sklearn_tags__"):
        return True
    return bool(get_tags(part).input_tags.allow_nan)


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
    tags.input_tags.allow_nan = _takes_missing(estimator)
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
