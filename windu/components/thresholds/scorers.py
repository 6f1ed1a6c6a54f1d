"""Objectives for thresholds from a scoring argument."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin

from windu._compat.sklearn import scorer_parts
from windu.components.thresholds.objectives import (
    CallObjective,
    ClassObjective,
    LabelObjective,
    RowObjective,
)
from windu.exceptions import PartError, WinduWarning, did_you_mean

__all__ = [
    "cut_of_last_class",
    "objective_for",
    "position_of",
    "warn_of_constant_scores",
    "warn_of_idle_cuts",
]

#: Scores without a scorer name in scikit-learn.
_MORE_NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "cohen_kappa": ("kappa", {}),
    "linear_kappa": ("kappa", {"weights": "linear"}),
    "negative_predictive_value": ("negative_predictive_value", {"average": "binary"}),
    "quadratic_kappa": ("kappa", {"weights": "quadratic"}),
    "specificity": ("specificity", {"average": "binary"}),
}

#: scikit-learn's functions whose value follows from counts, and what they may be given.
_SCORERS: dict[Any, tuple[str, set[str]]] = {
    metrics.accuracy_score: ("accuracy", set()),
    metrics.balanced_accuracy_score: ("balanced_accuracy", {"adjusted"}),
    metrics.cohen_kappa_score: ("kappa", {"weights"}),
    metrics.f1_score: ("f", {"average", "pos_label"}),
    metrics.fbeta_score: ("f", {"average", "pos_label", "beta"}),
    metrics.hamming_loss: ("hamming_loss", set()),
    metrics.jaccard_score: ("jaccard", {"average", "pos_label"}),
    metrics.matthews_corrcoef: ("matthews_corrcoef", set()),
    metrics.precision_score: ("precision", {"average", "pos_label"}),
    metrics.recall_score: ("recall", {"average", "pos_label"}),
    metrics.zero_one_loss: ("zero_one_loss", set()),
}

_BY_CLASS = (
    "f",
    "jaccard",
    "negative_predictive_value",
    "precision",
    "recall",
    "specificity",
)


def objective_for(scoring: Any, kind: str, classes: np.ndarray, positive: int) -> Any:
    """Return the objective of a scorer.

    Parameters
    ----------
    scoring : str, scorer or callable
        A name of scikit-learn or windu, what `make_scorer` gives, a scorer
        ``f(estimator, X, y)``, or a metric ``f(y_true, y_pred)``.
    kind : {"binary", "multiclass", "multilabel"}
        What is decided. A score of the positive class is taken as the mean over
        classes or labels where there are several.
    classes : ndarray of shape (n_classes,)
        Labels of the codes.
    positive : int
        Code of the positive class.

    Returns
    -------
    objective
        By counts where the score follows from them, else one call a cut.

    Raises
    ------
    PartError
        For a name that does not exist, or a score that decisions do not change.
    """
    sign = 1
    if isinstance(scoring, str) and scoring in _MORE_NAMES:
        name, options = _MORE_NAMES[scoring]
        return _by_counts(name, dict(options), sign, kind, classes, positive)
    if isinstance(scoring, str):
        scoring = _named(scoring)
    parts = scorer_parts(scoring)
    if parts is None and not _is_metric(scoring):
        return CallObjective(_scored(scoring, classes), classes, weighted=False)
    function, sign, options, response = parts or (scoring, 1, {}, "predict")
    if response != "predict":
        raise PartError(
            "A threshold needs a score of decisions, such as 'f1' or "
            f"'balanced_accuracy'. Got {scoring!r}, which is computed from "
            f"{response} and is the same for every threshold."
        )
    if options.get("zero_division") in (0, "warn"):
        del options["zero_division"]
    entry = _SCORERS.get(function)
    if entry is not None and set(options) <= entry[1]:
        return _by_counts(entry[0], options, sign, kind, classes, positive)
    takes = "sample_weight" in inspect.signature(function).parameters
    return CallObjective(_called(function, sign, options, takes), classes, takes)


def position_of(label: Any, classes: np.ndarray) -> int:
    """Return the code of a positive class that a user names."""
    names = classes.tolist()
    if label not in names:
        raise PartError(
            f"pos_label must be one of the classes {names}. Got {label!r}."
            + did_you_mean(label, names)
        )
    return names.index(label)


def _named(name: str) -> Any:
    names = [*metrics.get_scorer_names(), *_MORE_NAMES]
    if name not in names:
        raise PartError(
            f"A score must have the name of a scorer. Got {name!r}."
            + did_you_mean(name, names)
        )
    return metrics.get_scorer(name)


def _by_counts(
    name: str,
    options: dict[str, Any],
    sign: int,
    kind: str,
    classes: np.ndarray,
    positive: int,
) -> Any:
    average = options.pop("average", "binary" if name in _BY_CLASS else "macro")
    label = options.pop("pos_label", None)
    if label is not None and kind == average == "binary":
        positive = position_of(label, classes)
    if kind == "multilabel":
        return _of_labels(name, average, sign, options)
    if average == "samples":
        raise PartError(
            "A score averaged over samples needs several labels a row. Got "
            f"{len(classes)} classes. Use the average 'macro'."
        )
    if name == "hamming_loss":
        name = "zero_one_loss"
    weights = options.pop("weights", None)
    if weights is not None:
        ranks = np.arange(len(classes))
        power = {"linear": 1, "quadratic": 2}[weights]
        options["distance"] = np.abs(ranks[:, None] - ranks).astype(float) ** power
    if average == "binary" and kind != "binary":
        average = "macro"
    return ClassObjective(name, average, positive, sign, **options)


def _of_labels(name: str, average: str, sign: int, options: dict[str, Any]) -> Any:
    options.pop("weights", None)
    if average == "samples":
        return RowObjective(name, sign, **options)
    if name in ("accuracy", "zero_one_loss"):
        return RowObjective(name, sign)
    if name == "hamming_loss":
        return LabelObjective("zero_one_loss", "macro", sign)
    return LabelObjective(
        name, "macro" if average == "binary" else average, sign, **options
    )


def _called(
    function: Callable[..., float], sign: int, options: dict[str, Any], takes: bool
) -> Callable[..., float]:
    def score(true: Any, labels: Any, weight: np.ndarray) -> float:
        weights = {"sample_weight": weight} if takes else {}
        return sign * function(true, labels, **options, **weights)

    return score


class _Decided(ClassifierMixin, BaseEstimator):
    """A classifier whose predictions are its input, for scorers that need one."""

    def __init__(self, classes: Any = None):
        self.classes = classes

    def __sklearn_is_fitted__(self) -> bool:
        return True

    @property
    def classes_(self) -> Any:
        return self.classes

    def predict(self, X: Any) -> Any:
        return X


def _is_metric(scoring: Any) -> bool:
    """Tell ``f(y_true, y_pred)`` from a scorer ``f(estimator, X, y)``."""
    if not callable(scoring):
        raise PartError(
            "scoring must be a scorer's name, a scorer, or a function of true and "
            f"predicted labels. Got {scoring!r}."
        )
    signature = inspect.signature(scoring)
    metric = next(iter(signature.parameters), "").startswith("y") or not _takes(
        signature, 3
    )
    if not _takes(signature, 2 if metric else 3):
        raise PartError(
            "scoring must be a function f(y_true, y_pred) or f(estimator, X, y). Got "
            f"{scoring!r} with {signature}. Options go into make_scorer."
        )
    name = getattr(scoring, "__name__", "")
    if name.endswith(("_loss", "_error")) and scoring.__module__.startswith("sklearn."):
        raise PartError(
            f"A greater score must be better. Got the loss {name}. Pass "
            f"make_scorer({name}, greater_is_better=False)."
        )
    return metric


def _takes(signature: inspect.Signature, n: int) -> bool:
    try:
        signature.bind(*range(n))
    except TypeError:
        return False
    return True


def _scored(scorer: Callable[..., float], classes: np.ndarray) -> Callable[..., float]:
    def score(true: Any, labels: Any, weight: np.ndarray) -> float:
        try:
            return scorer(_Decided(classes), labels, true)
        except AttributeError as error:
            raise PartError(
                "A threshold needs a score of decisions. Got a scorer that asks for "
                f"more than predict: {error}."
            ) from error

    return score


def warn_of_idle_cuts(family: Any, cuts: np.ndarray) -> None:
    """Warn of cuts that all probabilities are on one side of."""
    if family.margin or family.kind not in ("binary", "multilabel"):
        return
    idle = (cuts > 1) | (cuts < 0)
    if idle.any():
        decision = "never" if cuts[idle][0] > 1 else "always"
        warnings.warn(
            "A cut of probabilities must lie from 0 to 1 to decide. Got "
            f"{cuts[idle][0]:g}: it {decision} decides for the label. Pass another.",
            WinduWarning,
            stacklevel=5,
        )


def cut_of_last_class(
    cuts: np.ndarray, pos_label: Any, classes: np.ndarray, margin: bool
) -> np.ndarray:
    """Return a cut of the score of a label as one of the score of the last class."""
    if position_of(pos_label, classes) == len(classes) - 1:
        return cuts
    # The label is chosen where its score reaches the cut; the last class elsewhere.
    return np.nextafter(-cuts if margin else 1 - cuts, np.inf)


def warn_of_constant_scores(evidence: np.ndarray, folds: Any) -> None:
    """Warn if no cut can separate rows; scikit-learn raises."""
    numbers = np.zeros(len(evidence)) if folds is None else np.asarray(folds)
    spreads = [np.ptp(evidence[numbers == i], axis=0) for i in np.unique(numbers)]
    if spreads and not np.any(spreads):
        warnings.warn(
            "Scores must differ between rows for a threshold to be chosen. Got a model "
            "that gives all rows the same: the threshold decides alike for all of "
            "them. Check the features, or choose another model.",
            WinduWarning,
            stacklevel=5,
        )
