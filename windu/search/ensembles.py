"""Ensembles of the trials of a search, and scorers that know their outputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from optuna.trial import FrozenTrial
from sklearn.base import clone

from windu._compat.row_order import match_rows
from windu._compat.sklearn import change_scorers, score_of, with_labels
from windu.components.ensemble import (
    WeightedEnsembleClassifier,
    WeightedEnsembleRegressor,
)
from windu.estimator import WinduEstimator
from windu.estimator.labels import fit_label_encoder
from windu.estimator.parts import fresh_part, name_of
from windu.evaluation.held_out import IndicatorScorer
from windu.exceptions import SearchError
from windu.search.folds import Job, evaluate
from windu.search.studies import result_of
from windu.tasks import Target, read_target

__all__ = [
    "Averaged",
    "SearchScore",
    "adapt_scorers",
    "choose_ensemble",
    "classes_of",
    "ensemble_of",
    "n_members",
    "outputs_of",
    "prepare_ensemble",
    "select",
]

#: Trials that an ensemble is chosen from, beside the best one of each model.
_LIBRARY = 20

#: Members of an ensemble of no given size.
_MEMBERS = 8

#: Steps of the greedy selection; a member may be taken again and so weighs more.
_STEPS = 40
#: Steps without a better score that end it.
_PATIENCE = 8
#: What a better score gains at least, as a share of it.
_GAIN = 1e-4
#: What a byte of a member must gain, as a share of the score.
_PRICE = 1e-3 / 1e8


def select(
    outputs: Mapping[int, Sequence[np.ndarray]],
    score: Callable[[Sequence[np.ndarray]], float],
    *,
    at_most: int,
    costs: Mapping[int, float] | None = None,
    budget: float = np.inf,
    sizes: Mapping[int, float] | None = None,
) -> tuple[dict[int, float], float]:
    """Return the members of an ensemble and their weights.

    Greedy selection with replacement [1]_: in each step the member is added whose
    addition makes the average best. The best of all steps counts, where a step must
    gain a ten-thousandth of the score.

    Parameters
    ----------
    outputs : mapping of int to sequence of ndarray
        Probabilities or values of each candidate for the held-out rows, by fold.
    score : callable
        From such outputs to a score, the larger the better.
    at_most : int
        How many different members there may be.
    costs : mapping of int to float, default=None
        Of each candidate.
    budget : float, default=inf
        What all members may cost together.
    sizes : mapping of int to float, default=None
        Bytes of each candidate. Beyond the first member, 100 MB must gain a thousandth
        of the score.

    Returns
    -------
    weights : dict of int to float
        With sum one.
    score : float
        Of the ensemble.

    References
    ----------
    .. [1] Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble
       selection from libraries of models. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from windu.search.ensembles import select
    >>> truth = np.array([0.0, 1.0, 2.0])
    >>> outputs = {0: [truth + 1], 1: [truth - 1], 2: [truth + 5]}
    >>> select(outputs, lambda folds: -abs(folds[0] - truth).sum(), at_most=2)
    ({0: 0.5, 1: 0.5}, -0.0)
    """
    costs, sizes = costs or {}, sizes or {}
    total: Any = [0.0] * len(next(iter(outputs.values())))
    chosen: list[int] = []
    best: tuple[float, list[int]] = (-np.inf, [])
    while len(chosen) < _STEPS and len(chosen) - len(best[1]) < _PATIENCE:
        scored: dict[int, float] = {}
        prices: dict[int, float] = {}
        for name, folds in outputs.items():
            members = {*chosen, name}
            if len(members) > at_most:
                continue
            if len(members) > 1 and sum(costs.get(m, 0.0) for m in members) > budget:
                continue
            summed = [a + b for a, b in zip(total, folds, strict=True)]
            scored[name] = score(
                [summed_outputs / (len(chosen) + 1) for summed_outputs in summed]
            )
            # The best one alone is compared by its score.
            added = members - {*chosen[:1]} if chosen else ()
            prices[name] = _PRICE * sum(sizes.get(m, 0.0) for m in added)
        net = {n: value - abs(value) * prices[n] for n, value in scored.items()}
        name = max(net, key=lambda candidate: net[candidate])
        chosen = [*chosen, name]
        total = [a + b for a, b in zip(total, outputs[name], strict=True)]
        if not best[1] or net[name] - best[0] > _GAIN * abs(best[0]):
            best = net[name], chosen
            best_score = scored[name]
    return (
        {name: best[1].count(name) / len(best[1]) for name in dict.fromkeys(best[1])},
        float(best_score),
    )


@dataclass
class _Stub:
    """A model that gives what it is told."""

    outputs: np.ndarray
    classes_: Any

    def predict(self, X: Any) -> np.ndarray:
        if self.classes_ is None:
            return self.outputs
        codes: np.ndarray = self.outputs.argmax(axis=1)
        return codes

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.outputs


class _WithOutputs(WinduEstimator):
    """An estimator whose model's outputs are given."""

    def _call_model(self, method: str, X: Any) -> Any:
        if self.task_ == "multilabel" and method == "predict":
            return (self.model_.outputs > 0.5).astype(int)
        return getattr(self.model_, method)(X)


class Averaged:
    """Scores outputs as if an estimator had given them.

    Parameters
    ----------
    job : Job
        Of the search.
    metric : str
        The score that counts.
    """

    def __init__(self, job: Job, metric: str):
        self.job, self.metric = job, metric
        target, task = read_target(job.y), job.estimator.task
        estimator = _WithOutputs(**job.estimator.get_params(deep=False))
        estimator.task_, estimator.threshold_ = task, None
        estimator.label_encoder_ = _fitted_encoder(job.estimator, target)
        estimator._container = str(target.container)
        self._estimator = estimator
        folds = (job.fold(i, job.estimator) for i in range(len(job.splits)))
        self._rows = [(f.X_score, f.y_score, f.score_params) for f in folds]

    def __call__(self, folds: Sequence[np.ndarray]) -> float:
        """Return the mean score over the folds."""
        scores = []
        for (X, y, params), outputs in zip(self._rows, folds, strict=True):
            self._estimator.model_ = _Stub(outputs, self.job.classes)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                score = score_of(self.job.scorer, self._estimator, X, y, params)
            scores.append(score[self.metric])
        return float(np.mean(scores))


def classes_of(estimator: Any, y: Any) -> np.ndarray | None:
    """Return all classes or labels of a target, None for values.

    Parameters
    ----------
    estimator : WinduEstimator
        With its task.
    y : array-like
        The target.

    Returns
    -------
    ndarray or None
        In the order of the columns of probabilities.
    """
    encoder = _fitted_encoder(estimator, read_target(y))
    return None if encoder is None else np.asarray(encoder.classes_)


def _fitted_encoder(estimator: Any, target: Target) -> Any:
    """Return what decodes the codes of classes; None for values."""
    if estimator.task == "regression":
        return None
    part = fresh_part("label_encoder", estimator.label_encoder, classifier=True)
    encoder = "auto" if part is None else part
    return fit_label_encoder(target, estimator.task, encoder)


def outputs_of(
    job: Job,
    ranked: Sequence[tuple[int, Mapping[str, Any]]],
    outputs_known: Mapping[int, Sequence[np.ndarray]],
) -> dict[int, Sequence[np.ndarray]]:
    """Return what the best trials predict for the held-out rows.

    Parameters
    ----------
    job : Job
        Of the search.
    ranked : sequence of (int, mapping)
        Number and parameters of the complete trials, the best first.
    outputs_known : mapping of int to sequence of ndarray
        What this process has seen. What others have made, or earlier runs, is made
        again.

    Returns
    -------
    dict of int to sequence of ndarray
        Of the best trials, and of the best one of each model.
    """
    models = [_model_of(params) for _, params in ranked]
    first = {models.index(model) for model in models}
    chosen = sorted({*first, *range(min(_LIBRARY, len(ranked)))})
    outputs_by_number: dict[int, Sequence[np.ndarray]] = {}
    for number, params in (ranked[i] for i in chosen):
        if number in outputs_known:
            outputs_by_number[number] = outputs_known[number]
            continue
        outputs_of_folds = [
            evaluate(job, params, i).outputs for i in range(len(job.splits))
        ]
        complete = [outputs for outputs in outputs_of_folds if outputs is not None]
        if len(complete) == len(outputs_of_folds):
            outputs_by_number[number] = complete
    return outputs_by_number


def n_members(ensemble: bool | int) -> int:
    """Return how many trials a search fits in the end, at most."""
    return _MEMBERS if ensemble is True else max(1, int(ensemble))


def prepare_ensemble(job: Job, refit: Any) -> None:
    """Let folds return the predictions that an ensemble is chosen by.

    Raises
    ------
    SearchError
        If there cannot be an ensemble.
    """
    if not isinstance(job.estimator, WinduEstimator) or not refit:
        raise SearchError(
            "An ensemble needs a WinduEstimator, and refit. Got "
            f"{type(job.estimator).__name__} and refit={refit!r}. Pass ensemble=False."
        )
    job.keeps_outputs = True
    job.classes = classes_of(job.estimator, job.y)


def choose_ensemble(
    job: Job,
    metric: str,
    results: Mapping[str, Any],
    trials: Sequence[FrozenTrial],
    outputs: Mapping[int, Sequence[np.ndarray]],
    *,
    at_most: int,
    max_latency_ms: float,
) -> tuple[pd.DataFrame, float]:
    """Return the trials of an ensemble with their weights, and its score.

    Parameters
    ----------
    job : Job
        Of the search.
    metric : str
        The score that counts.
    results : mapping of str to array
        What is ``cv_results_`` of the search.
    trials : sequence of FrozenTrial
        Its trials, in the same order.
    outputs : mapping of int to sequence of ndarray
        What this process has seen of their predictions.
    at_most : int
        Members.
    max_latency_ms : float
        Of all members together.

    Returns
    -------
    ensemble : DataFrame
        Number of the trial and weight.
    score : float
        On the held-out rows.
    """
    order = np.argsort(results[f"rank_test_{metric}"], kind="stable")
    ranked = [
        (trials[i].number, results["params"][i])
        for i in order
        if results["state"][i] == "complete" and "repeats" not in result_of(trials[i])
    ]
    weights, score = select(
        outputs_of(job, ranked, outputs),
        Averaged(job, metric),
        at_most=at_most,
        costs={t.number: result_of(t).get("latency_ms", 0.0) for t in trials},
        budget=max_latency_ms,
        sizes={t.number: result_of(t).get("size_bytes", 0.0) for t in trials},
    )
    members = {"trial": list(weights), "weight": list(weights.values())}
    return pd.DataFrame(members), score


def _model_of(params: Mapping[str, Any]) -> str:
    model = params.get("model", "")
    return model if isinstance(model, str) else name_of(model)


def ensemble_of(
    estimator: Any, members: Sequence[Any], weights: Sequence[float]
) -> Any:
    """Return an unfitted estimator that averages others.

    Parameters
    ----------
    estimator : WinduEstimator
        Its task, schema, threshold and the like count.
    members : sequence of WinduEstimator
        Not fitted.
    weights : sequence of float
        Of each.

    Returns
    -------
    WinduEstimator
        Whose model is the ensemble: each member has featurizer and transformer of its
        own, and so there are none before it.
    """
    regression = estimator.task == "regression"
    parameters: dict[str, Any] = {
        "threshold": None,
        "schema": "infer",
        "verbose": False,
    }
    encoder = None
    if estimator.task == "multilabel":
        # The members learn the indicator matrix that the outer encoder makes.
        encoder, parameters["label_encoder"] = estimator.label_encoder, "auto"
    cls = WeightedEnsembleRegressor if regression else WeightedEnsembleClassifier
    members = [clone(member).set_params(**parameters) for member in members]
    model = cls(members, weights=list(weights))
    return clone(estimator).set_params(
        model=model, featurizer=None, transformer=None, label_encoder=encoder
    )


class SearchScore:
    """The score of a search; a mixin, left of scikit-learn's."""

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Return the score of the best estimator.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.
        y : array-like, default=None
            As in `fit`.
        **params : dict
            For the scorer, where metadata routing is enabled.

        Returns
        -------
        float
            By `scoring`, else by the estimator's own `score`.

        Raises
        ------
        TargetError, PartError
            If y or metadata are of other rows, or of the same in another order.
        """
        match_rows({"X": X, "y": y, **params})
        return super().score(X, y, **params)  # type: ignore[misc]


def adapt_scorers(job: Job) -> None:
    """Tell scikit-learn's scorers what they cannot see for themselves.

    Those of several classes hear of classes that a fold lacks: otherwise its
    probabilities have fewer columns than another's, and a score of them, such as the
    log-loss, cannot be had. Those of several labels are shown indicators: two labels
    are two classes to them otherwise, and lists of labels nothing.

    Parameters
    ----------
    job : Job
        Of a `WinduEstimator` or another estimator, which is left alone, as are scorers
        of a user's own.
    """
    task = getattr(job.estimator, "task", None)
    if task == "multilabel":
        job.scorer = change_scorers(job.scorer, IndicatorScorer)
    if task != "multiclass":
        return
    classes = classes_of(job.estimator, job.y)
    if classes is None:
        return
    job.classes = classes
    labels = np.asarray(read_target(job.y).values)
    n_classes = [len(np.unique(labels[rows])) for rows in chain(*job.splits)]
    if min(n_classes) < len(classes):
        job.scorer = change_scorers(
            job.scorer, lambda scorer: with_labels(scorer, classes)
        )
