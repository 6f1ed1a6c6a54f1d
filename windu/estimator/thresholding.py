"""The step `select_threshold`: thresholds chosen on out-of-fold scores."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedShuffleSplit,
    check_cv,
)
from sklearn.utils.parallel import Parallel, delayed

from windu._compat.sklearn import take_rows
from windu.components.labelwise import yes_probabilities
from windu.components.thresholds import ThresholdSelector
from windu.estimator.metadata import sliced
from windu.estimator.parts import as_seed
from windu.exceptions import DataWarning, PartError
from windu.tasks import Target

__all__ = [
    "Refits",
    "check_threshold",
    "codes_of",
    "decided",
    "response_of",
    "scores_of",
    "select_threshold",
]


@dataclass(frozen=True)
class Refits:
    """What is needed to refit the chain on folds.

    Attributes
    ----------
    estimator : WinduEstimator
        Provides the parameters.
    params : dict
        Metadata for the model's `fit`, one value a row or one for all.
    groups : array-like of shape (n_samples,) or None
        Rows of one group stay in one fold.
    costs : array-like or None
        Costs of the decisions in each row.
    """

    estimator: Any
    params: Mapping[str, Any]
    groups: Any = None
    costs: Any = None


def check_threshold(
    threshold: ThresholdSelector | None, target: Target | None, task: str | None
) -> None:
    """Raise for an impossible threshold, before anything is fitted.

    Parameters
    ----------
    threshold : ThresholdSelector or None
        Not fitted.
    target : Target or None
        The target.
    task : str or None
        The task.

    Raises
    ------
    PartError
        For a task without classes, or parameters that do not fit the classes.
    """
    if threshold is None:
        return
    if target is None or task not in ("binary", "multiclass", "multilabel"):
        raise PartError(
            f"A threshold decides between classes. Got task={task!r}. Pass "
            "threshold=None, or a task of classes."
        )
    if task == "multilabel":
        has_classes = target.form != "labels"
        labels = np.arange(np.shape(target.values)[1]) if has_classes else None
        threshold.check(labels, labels=True)
    elif len({type(label) for label in target.values.tolist()}) == 1:
        # The label encoder raises for labels of several types, or too many.
        classes = np.unique(target.values)
        if len(classes) == 2 or (len(classes) > 2 and task != "binary"):
            threshold.check(classes, ranks=target.ranks)


def select_threshold(
    threshold: ThresholdSelector | None,
    model_: Any,
    matrix: Any,
    frame: pd.DataFrame,
    target: Target | None,
    task: str | None,
    codes: Any,
    label_encoder_: Any,
    refits: Refits,
) -> ThresholdSelector | None:
    """Choose the thresholds on out-of-fold scores."""
    if threshold is None:
        return None
    assert target is not None and task is not None
    codes = np.asarray(codes)
    if label_encoder_ is not None:
        classes = np.asarray(label_encoder_.classes_)
    elif task == "multilabel":
        classes = np.arange(codes.shape[1])
    else:
        classes = np.asarray(model_.classes_)
        codes = np.searchsorted(classes, codes)
    method = response_of(model_)
    margin = method == "decision_function"
    if margin and codes.ndim == 1 and len(classes) > 2:
        _check_one_score_a_class(model_)
    options: dict[str, Any] = {"margin": margin, "ranks": target.ranks}
    if threshold.thresholds is not None:
        shape = (0, len(classes)) if codes.ndim == 2 or len(classes) > 2 else (0, 1)
        return threshold.choose(np.empty(shape), codes[:0], classes, **options)
    if isinstance(threshold.cv, str) and threshold.cv == "prefit":
        scores = scores_of(model_, matrix, method)
        rows = np.arange(len(codes))
        folds, reason = None, ""
    else:
        # A class that is absent from a fold has probability 0. Distances have no such
        # value; only lists of labels may leave labels unseen.
        complete = margin and (codes.ndim == 1 or target.form == "labels")
        splits, reason = _splits(threshold, codes, classes, refits, complete=complete)
        if reason:
            columns = 1 if codes.ndim == 1 and len(classes) == 2 else len(classes)
            scores, rows, folds = np.empty((0, columns)), np.empty(0, int), None
        else:
            scores, rows, folds = _out_of_fold(
                splits, frame, target, task, classes, method, refits
            )
    weight = refits.params.get("sample_weight")
    return threshold.choose(
        scores if scores.ndim == 2 else scores[:, None],
        codes[rows],
        classes,
        sample_weight=None if weight is None else np.asarray(weight)[rows],
        costs=None if refits.costs is None else np.asarray(refits.costs)[rows],
        folds=folds,
        reason=reason,
        **options,
    )


def response_of(model: Any) -> str:
    """Return the name of the method for scores; raise a PartError without one."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(model, method):
            return method
    raise PartError(
        "A threshold needs scores. Got the model "
        f"{type(model).__name__}, which has no predict_proba and no decision_function. "
        "Choose another model, or threshold=None."
    )


def _check_one_score_a_class(model: Any) -> None:
    """Raise for scores of pairs of classes; three classes have three pairs."""
    for name, value in model.get_params().items():
        if name.rpartition("__")[2] == "decision_function_shape" and value == "ovo":
            raise PartError(
                "A threshold needs one score a class. Got the model "
                f"{type(model).__name__} with {name}='ovo', which gives one a pair of "
                "classes. Pass 'ovr'."
            )


def scores_of(model: Any, matrix: Any, method: str) -> np.ndarray:
    """Return one column per class or label, or a 1-D array for two classes."""
    scores = getattr(model, method)(matrix)
    if isinstance(scores, list):
        return yes_probabilities(scores, model.classes_)
    return np.asarray(scores)


def _splits(
    threshold: ThresholdSelector,
    codes: np.ndarray,
    classes: np.ndarray,
    refits: Refits,
    *,
    complete: bool,
) -> tuple[list[Any], str]:
    """Return the folds, and the reason if there can be none."""
    cv, n = threshold.cv, len(codes)
    if few := threshold.too_few(n):
        return [], few
    labels = codes.ndim == 2
    if isinstance(cv, Real) and not isinstance(cv, Integral):
        shuffle = ShuffleSplit if labels else StratifiedShuffleSplit
        if refits.groups is not None:
            shuffle = GroupShuffleSplit
        cv = shuffle(
            1, test_size=cv, random_state=as_seed(refits.estimator.random_state)
        )
    elif isinstance(cv, Integral) and refits.groups is not None:
        cv = GroupKFold(int(cv)) if labels else StratifiedGroupKFold(int(cv))
    try:
        with warnings.catch_warnings():
            # A class with fewer rows than folds is absent from some; that is harmless.
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            splitter = check_cv(cv, codes, classifier=True)
            splits = list(splitter.split(np.zeros((n, 1)), codes, refits.groups))
    except ValueError as error:
        if not isinstance(threshold.cv, Real):
            raise
        return [], f"the rows cannot be split by cv={threshold.cv}: {error}"
    for fit, _ in splits:
        present = np.flatnonzero(codes[fit].any(0)) if labels else np.unique(codes[fit])
        if not labels and len(present) < 2:
            return [], (
                "a fold leaves rows of one class only, "
                f"{classes.tolist()[present[0]]!r}, "
                "to fit on. Use fewer folds, or more rows of the rare class."
            )
        if complete and len(present) < len(classes):
            unseen = np.delete(classes, present).tolist()[0]
            return [], (
                f"a fold leaves no rows of {unseen!r} to fit on, and the model gives "
                "distances, not probabilities. Use fewer folds, or more rows of it."
            )
    return splits, ""


def _out_of_fold(
    splits: list[Any],
    frame: pd.DataFrame,
    target: Target,
    task: str,
    classes: np.ndarray,
    method: str,
    refits: Refits,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores, their row positions and the numbers of their folds."""
    chain = clone(refits.estimator).set_params(threshold=None, task=task, verbose=False)
    if hasattr(chain, "set_callbacks"):
        chain.set_callbacks()
    parts = Parallel(n_jobs=refits.estimator.n_jobs)(
        delayed(_fold_scores)(
            clone(chain), frame, target, classes, method, refits.params, fit, score
        )
        for fit, score in splits
    )
    folds = [np.full(len(rows), i) for i, (_, rows) in enumerate(splits)]
    rows = np.concatenate([np.asarray(score) for _, score in splits])
    return np.concatenate(parts), rows, np.concatenate(folds)


def _fold_scores(
    chain: Any,
    frame: pd.DataFrame,
    target: Target,
    classes: np.ndarray,
    method: str,
    params: Mapping[str, Any],
    fit: np.ndarray,
    score: np.ndarray,
) -> np.ndarray:
    weights = sliced(params, len(frame), fit)
    with warnings.catch_warnings():
        # The fit on all rows has warned already.
        warnings.simplefilter("ignore", DataWarning)
        chain.fit(frame.iloc[fit], take_rows(target.values, fit), **weights)
        scores = scores_of(chain, frame.iloc[score], method)
    labels = chain.classes_.tolist()
    if scores.ndim == 1 or len(labels) == len(classes):
        return scores
    # A class or label that is absent from the fold has score 0.
    full = np.zeros((len(scores), len(classes)))
    everything = classes.tolist()
    full[:, [everything.index(label) for label in labels]] = scores
    return full


def decided(estimator: Any, X: Any) -> np.ndarray:
    """Return the codes that the threshold chooses for a table.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted, with a threshold.
    X : table of shape (n_samples, n_columns)
        As in `predict`.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_labels)
        What the label encoder decodes.
    """
    scores = scores_of(estimator, X, response_of(estimator.model_))
    return codes_of(scores, estimator.threshold_, estimator.label_encoder_)


def codes_of(
    scores: np.ndarray, threshold: ThresholdSelector, label_encoder: Any
) -> np.ndarray:
    """Return the codes that a threshold chooses for scores.

    Parameters
    ----------
    scores : ndarray
        As from `scores_of`.
    threshold : ThresholdSelector
        Fitted.
    label_encoder : estimator or None
        What decodes them.

    Returns
    -------
    ndarray of shape (n_samples,) or (n_samples, n_labels)
        Labels themselves where nothing decodes.
    """
    codes = threshold.decide(scores)
    if label_encoder is None and codes.ndim == 1:
        return threshold.classes_[codes]
    return codes
