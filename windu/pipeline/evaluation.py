"""Scores of a fitted estimator on held-out rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer, get_scorer_names, make_scorer

from windu._compat.row_order import match_rows
from windu.evaluation import details_of, importance_of
from windu.evaluation.held_out import IndicatorScorer
from windu.exceptions import PartError, WinduWarning, did_you_mean

__all__ = [
    "DEFAULTS",
    "check_evaluation",
    "check_model_gives",
    "check_scores",
    "evaluate",
    "options_of",
    "scoring_of",
]

#: Default scores by task. Losses are positive.
DEFAULTS: dict[str, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "accuracy", "f1", "log_loss"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1_macro", "log_loss"),
    "multilabel": ("f1_macro", "f1_micro", "jaccard_samples", "accuracy"),
    "regression": (
        *("r2", "mean_absolute_error", "root_mean_squared_error"),
        "median_absolute_error",
    ),
}

#: Scores of decisions that need a positive class.
_OF_ONE_CLASS = {
    "f1": metrics.f1_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "jaccard": metrics.jaccard_score,
}
_PRECISION = "average_precision"
_OF_PROBABILITIES = ("roc_auc", "average_precision", "log_loss")
#: Losses and scores that need ``predict_proba``.
_OF_NOTHING_ELSE = (
    *("log_loss", "brier_score", "d2_log_loss_score", "d2_brier_score"),
    *("roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted", "roc_auc_ovo_weighted"),
)
#: Keys of an evaluation.
_OPTIONS = ("scores", "importance")


def check_scores(names: Iterable[str]) -> list[str]:
    """Return the names of scores; raise if one is unknown.

    Parameters
    ----------
    names : iterable of str
        Of scikit-learn's scorers; a loss also without ``neg_``.

    Returns
    -------
    list of str
        The same.

    Raises
    ------
    PartError
        With the near miss.

    Examples
    --------
    >>> from windu.pipeline.evaluation import check_scores
    >>> check_scores(["roc_auc", "log_loss"])
    ['roc_auc', 'log_loss']
    """
    score_names = [names] if isinstance(names, str) else list(names)
    scorer_names = get_scorer_names()
    for name in score_names:
        if name not in scorer_names and f"neg_{name}" not in scorer_names:
            losses = [scorer_name.removeprefix("neg_") for scorer_name in scorer_names]
            raise PartError(
                "A score must be the name of one of scikit-learn's scorers. Got "
                f"{name!r}.{did_you_mean(name, [*scorer_names, *losses])}"
            )
    return score_names


def check_evaluation(evaluation: Any) -> Any:
    """Return the setting ``evaluate`` in its normal form.

    Parameters
    ----------
    evaluation : str, list of str, mapping or None
        Names of scores, or ``{"scores": [...], "importance": ...}``.

    Returns
    -------
    list of str, dict or None
        The same, names as a list.

    Raises
    ------
    PartError
        For another key, a name that is none, or a number of rows that is none.

    Examples
    --------
    >>> from windu.pipeline.evaluation import check_evaluation
    >>> check_evaluation({"scores": "f1", "importance": False})
    {'scores': ['f1'], 'importance': False}
    """
    if evaluation is None:
        return None
    if not isinstance(evaluation, Mapping):
        return check_scores(evaluation)
    for key in evaluation:
        if key not in _OPTIONS:
            raise PartError(
                f"evaluate has the keys {list(_OPTIONS)}. Got {key!r}."
                + did_you_mean(key, _OPTIONS)
            )
    checked = dict(evaluation)
    if checked.get("scores") is not None:
        checked["scores"] = check_scores(checked["scores"])
    rows = checked.get("importance", True)
    if not isinstance(rows, int) or (rows is not False and rows < 1):
        raise PartError(
            "importance must be true, false or a number of rows from 1 on. Got "
            f"{rows!r}."
        )
    return checked


def options_of(evaluation: Any) -> tuple[list[str] | None, bool | int]:
    """Return the names of scores, and whether there is importance, or of which rows."""
    if not isinstance(evaluation, Mapping):
        return evaluation, True
    return evaluation.get("scores"), evaluation.get("importance", True)


def check_model_gives(estimator: Any, scores: Iterable[str] | None) -> None:
    """Raise, before fitting, if scores need probabilities that the model lacks.

    Parameters
    ----------
    estimator : WinduEstimator
        Not fitted.
    scores : iterable of str or None
        As `check_scores` returns them.

    Raises
    ------
    PartError
        If the model has no ``predict_proba``.
    """
    if estimator.model is None or hasattr(estimator, "predict_proba"):
        return
    for name in scores or ():
        if name.removeprefix("neg_") in _OF_NOTHING_ELSE:
            raise PartError(
                f"The score {name!r} needs probabilities. Got a model without "
                "predict_proba. Choose another score, or another model."
            )


def evaluate(
    estimator: Any,
    parts: Mapping[str, tuple[Any, Any]],
    scores: Iterable[str] | None,
    *,
    importance: bool | int = False,
) -> dict[str, Any]:
    """Return scores and details of held-out rows.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted, with a model.
    parts : mapping of str to (X, y)
        Rows that it was not fitted on, by name, such as ``"test"``.
    scores : iterable of str or None
        Names of scores; None takes `DEFAULTS` of the task.
    importance : bool or int, default=False
        Whether to shuffle the columns of one part, the test where there is one, for
        the first score; or the most rows that are shuffled.

    Returns
    -------
    dict
        Plain data: ``"test.roc_auc"`` and so on; one object a part, ``"test"``, as
        from `windu.evaluation.details_of`; and ``"importance"``.

    Raises
    ------
    PartError
        If a name is no score, or one of probabilities that the model does not give.
    """
    task = estimator.task_
    names = list(DEFAULTS[task]) if scores is None else check_scores(scores)
    evaluation: dict[str, Any] = {}
    if scores is None and not hasattr(estimator, "predict_proba"):
        names = [name for name in names if name not in _OF_PROBABILITIES]
    for part, (X, y) in parts.items():
        match_rows({"X": X, "y": y})
        with warnings.catch_warnings():
            if scores is None:
                # A class without rows or predictions has score 0.
                warnings.simplefilter("ignore", UndefinedMetricWarning)
            for name in names:
                evaluation[f"{part}.{name}"] = _score(estimator, name, X, y)
        if len(X):
            evaluation[part] = details_of(estimator, X, y)
    if importance and names and parts:
        part = "test" if "test" in parts else next(iter(parts))
        rows = None if importance is True else int(importance)
        importances = _importance(estimator, names[0], *parts[part], rows)
        if importances is not None:
            evaluation["importance"] = {"score": names[0], "part": part, **importances}
    return evaluation


def _importance(
    estimator: Any, name: str, X: Any, y: Any, rows: int | None
) -> dict[str, Any] | None:
    name = name if name in get_scorer_names() else f"neg_{name}"
    scorer = _scorer(name, estimator.task_, getattr(estimator, "classes_", None))
    return importance_of(estimator, X, y, scorer=scorer, rows=rows)


def _score(estimator: Any, name: str, X: Any, y: Any) -> float | None:
    """Return a score; None, with a warning, if it is undefined for these rows."""
    loss = name not in get_scorer_names()
    classes = getattr(estimator, "classes_", None)
    scorer = _scorer(f"neg_{name}" if loss else name, estimator.task_, classes)
    try:
        value = scorer(estimator, X, y)
    except AttributeError as error:
        raise PartError(
            f"The score {name!r} must be one that the model can be asked for. Got: "
            f"{error} Choose another score, or another model."
        ) from error
    except ValueError as error:
        warnings.warn(
            f"The score {name!r} must be one that these rows have. Got: {error}.",
            WinduWarning,
            stacklevel=2,
        )
        return None
    value = -value if loss else value
    return float(value) if np.isfinite(value) else None


def scoring_of(evaluation: Any, task: str, classes: Any) -> tuple[str, Any]:
    """Return the first score that an evaluation asks for, for a search to maximize.

    Parameters
    ----------
    evaluation : list of str, mapping or None
        As `check_evaluation` returns it.
    task : str
        Of the estimator.
    classes : array-like or None
        All classes.

    Returns
    -------
    name : str
        With ``neg_`` for a loss; empty where no score is asked for.
    scorer : str or scorer or None
        What gives it.
    """
    scores, _ = options_of(evaluation)
    if not scores:
        return "", None
    name = scores[0] if scores[0] in get_scorer_names() else f"neg_{scores[0]}"
    asks_for_positive = task == "binary" and name in (*_OF_ONE_CLASS, _PRECISION)
    return name, _scorer(name, task, classes) if asks_for_positive else name


def _scorer(name: str, task: str, classes: Any) -> Any:
    if task == "multilabel":
        return IndicatorScorer(get_scorer(name))
    if task != "binary":
        return get_scorer(name)
    if name in _OF_ONE_CLASS:
        score = _OF_ONE_CLASS[name]
        return make_scorer(score, pos_label=classes[1], zero_division=0.0)
    if name == _PRECISION:
        return make_scorer(
            metrics.average_precision_score,
            response_method=("decision_function", "predict_proba"),
            pos_label=classes[1],
        )
    return get_scorer(name)
