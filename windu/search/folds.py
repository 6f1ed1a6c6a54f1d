"""One candidate on one fold: fitted, scored, timed."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import get_tags

from windu._compat.sklearn import (
    SMALL_FIT,
    available_if,
    count_rows,
    openmp_threads,
    propagated,
    score_of,
    split_rows,
    take_rows,
)
from windu.estimator import WinduEstimator
from windu.estimator.chain import CompiledChain, compile_chain
from windu.estimator.delegation import model_has
from windu.estimator.fitting import FIT_STEPS, Fitted, fit_inputs
from windu.estimator.labels import encode
from windu.estimator.memo import Memo
from windu.estimator.metadata import sliced
from windu.estimator.thresholding import Refits
from windu.search.early_stopping import (
    found_rounds,
    held_out,
    with_rounds,
    without_stopping,
)
from windu.search.results import latency_of, size_of
from windu.steps import run_steps
from windu.tasks import read_target

__all__ = [
    "EstimatorOnFold",
    "FoldResult",
    "FoldTasks",
    "Job",
    "candidate",
    "evaluate",
    "fit",
]


class EstimatorOnFold(WinduEstimator):
    """An estimator that makes the matrix of the held-out rows once."""

    _rows: Any = None
    _compiled: Callable[[], CompiledChain | None] | None = None
    #: All classes, where the fold lacks some; to it these are impossible.
    _all: Any = None

    @property
    def classes_(self) -> np.ndarray:  # type: ignore[override]
        """All classes of the table, also those that the fold lacks."""
        return super().classes_ if self._all is None else self._all

    @available_if(model_has("predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """Return probabilities of all classes, of the fold's once for its rows."""
        probabilities = super().predict_proba(X)
        if self._all is None:
            return probabilities
        columns, fold_classes = self._all.tolist(), super().classes_.tolist()
        outputs = np.zeros((len(probabilities), len(columns)))
        outputs[:, [columns.index(label) for label in fold_classes]] = probabilities
        return outputs

    def _share(
        self,
        rows: Any,
        make_matrix: Callable[[], Any],
        compiled: Callable[[], CompiledChain | None],
    ) -> None:
        self._rows, self._make, self._compiled = rows, make_matrix, compiled
        self._outputs: dict[str, Any] = {}

    @cached_property
    def _own_chain(self) -> CompiledChain | None:
        rows = None if self._compiled is None else self._compiled()
        return None if rows is None else copy(rows)

    def _compiled_chain(self, n_rows: int) -> CompiledChain | None:
        # Before all is fitted, as for a threshold, nothing is compiled.
        return None if self._compiled is None else self._own_chain

    def _encoded(self, X: Any) -> tuple[Any, Any, bool]:
        # The matrix of the held-out rows is made once for all candidates.
        if X is self._rows:
            return self._make(), self.model_, False
        return super()._encoded(X)

    def _call_model(self, method: str, X: Any) -> Any:
        if X is not self._rows:
            return super()._call_model(method, X)
        if method not in self._outputs:
            self._outputs[method] = super()._call_model(method, X)
        return self._outputs[method]


_PREPARED = "transform"
_NAMES = [step.name for step in FIT_STEPS]
_AFTER = _NAMES.index(_PREPARED) + 1
_FITTED = _NAMES.index("fit_model") + 1
#: What is kept: everything that a model is fitted on, and that no model changes.
_SHARED = frozenset(_NAMES[:_AFTER])


@dataclass
class FoldResult:
    """What became of a candidate on one fold.

    Attributes
    ----------
    scores, train_scores : dict of str to float
        On the held-out rows and, if asked for, on those of the fit, by scorer.
    fit_time, score_time : float
        Seconds.
    rounds : int or None
        After which boosting stopped by the held-out rows.
    latency_ms : float or None
        Median time of a prediction for one row, in milliseconds. None where one row
        cannot be predicted, since something looks across rows.
    size_bytes : int or None
        Of the model, about as it is stored.
    outputs : ndarray or None
        Probabilities or values for the held-out rows.
    error : str
        Why there are no scores; empty if there are.
    killed : bool
        Whether the process ended before it could say anything.
    cause : Exception or None
        The error itself, if it can go to the process that searches.
    """

    scores: dict[str, float] = field(default_factory=dict)
    train_scores: dict[str, float] = field(default_factory=dict)
    fit_time: float = 0.0
    score_time: float = 0.0
    rounds: int | None = None
    latency_ms: float | None = None
    size_bytes: int | None = None
    outputs: np.ndarray | None = None
    error: str = ""
    killed: bool = False
    cause: Exception | None = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"cause": self.cause if _can_travel(self.cause) else None}


def _can_travel(error: Exception | None) -> bool:
    """Tell whether another process can make an exception again."""
    if error is None or "<" in type(error).__qualname__:
        return False
    try:
        copy(error)
    except Exception:
        return False
    return all(isinstance(arg, (str, int, float)) for arg in error.args)


@dataclass
class FoldTasks:
    """Tells callbacks of scikit-learn of each candidate and split.

    Attributes
    ----------
    search : estimator
        Who searches.
    context : CallbackContext
        Of the search.
    """

    search: Any
    context: Any

    @contextmanager
    def task(self, estimator: Any, fold: _Fold | None) -> Iterator[None]:
        """Begin and end the task of a candidate and a split, elsewhere without rows."""
        context = self.context.subcontext(task_name="candidate-split-evaluation")
        options: dict[str, Any] = {"estimator": self.search}
        if fold is not None:
            options |= {"X": fold.X, "y": fold.y}
            if (weight := fold.fit_params.get("sample_weight")) is not None:
                options["metadata"] = {"sample_weight": weight}
        with propagated(context, estimator):
            context.call_on_fit_task_begin(**options)
            try:
                yield
            finally:
                context.call_on_fit_task_end(**options)


@dataclass
class Job:
    """What is the same for all candidates.

    Attributes
    ----------
    estimator : estimator
        Whose parameters are changed.
    X, y : table and target
        All rows to learn from.
    splits : list of (ndarray, ndarray)
        Rows to fit on and to score on, by fold.
    scorer : callable
        Returns one score or several by name.
    fit_params, score_params : dict
        Metadata; values with one entry a row are sliced.
    n_threads : int or None
        For candidates whose ``n_jobs`` is None.
    bounds_latency : bool
        Whether the latency is asked for after the first fold, not after the last.
    keeps_outputs : bool
        Whether predictions for the held-out rows are returned.
    classes : ndarray or None
        All classes or labels, for the columns of these; None for values, and where
        nobody asks.
    scores_train : bool
        Whether the rows of the fit are scored as well.
    shared : Memo or None
        What candidates have in common; None shares nothing.
    tasks : FoldTasks or None
        Whom to tell of each evaluation.
    """

    estimator: Any
    X: Any
    y: Any
    splits: list[tuple[np.ndarray, np.ndarray]]
    scorer: Any
    fit_params: dict[str, Any] = field(default_factory=dict)
    score_params: dict[str, Any] = field(default_factory=dict)
    n_threads: int | None = None
    bounds_latency: bool = False
    keeps_outputs: bool = False
    classes: np.ndarray | None = None
    scores_train: bool = False
    shared: Memo | None = field(default_factory=lambda: Memo(_SHARED))
    tasks: FoldTasks | None = None

    def fold(self, number: int, estimator: Any) -> _Fold:
        """Return the rows of a fold, as an estimator takes them.

        They are cut each time: copies of a table for each fold take too much memory.
        """
        fit, score = self.splits[number]
        n_rows = count_rows(self.X)
        X, y = split_rows(estimator, self.X, self.y, fit)
        X_score, y_score = split_rows(estimator, self.X, self.y, score, fit)
        return _Fold(
            *(number, X, X_score, y, y_score),
            fit_params=sliced(self.fit_params, n_rows, fit),
            held_params=sliced(self.fit_params, n_rows, score),
            train_score_params=sliced(self.score_params, n_rows, fit),
            score_params=sliced(self.score_params, n_rows, score),
        )

    def __getstate__(self) -> dict[str, Any]:
        # Another process shares for itself, and knows nobody to tell.
        shared = self.shared and Memo(_SHARED, self.shared.max_bytes)
        return vars(self) | {"shared": shared, "tasks": None}


@dataclass
class _Fold:
    number: int
    X: Any
    X_score: Any
    y: Any
    y_score: Any
    fit_params: dict[str, Any]
    held_params: dict[str, Any]
    train_score_params: dict[str, Any]
    score_params: dict[str, Any]


def candidate(estimator: Any, params: Mapping[str, Any]) -> Any:
    """Return an unfitted estimator with other parameters.

    Parameters
    ----------
    estimator : estimator
        Not changed.
    params : mapping of str to object
        Also nested ones.

    Returns
    -------
    estimator
        With clones of the parts that `params` holds.
    """
    chosen = clone(estimator)
    if params:
        # Cloned each time: an estimator may keep what it is given.
        chosen.set_params(**clone(dict(params), safe=False))
    if isinstance(chosen, WinduEstimator) and hasattr(chosen.model, "get_params"):
        off = without_stopping(chosen.model)
        chosen.set_params(**{f"model__{name}": off[name] for name in off})
    return chosen


def fit(estimator: Any, X: Any, y: Any, params: Mapping[str, Any]) -> None:
    """Fit an estimator, of which some take no y at all."""
    if y is None and not get_tags(estimator).target_tags.required:
        estimator.fit(X, **params)
    else:
        estimator.fit(X, y, **params)


def evaluate(job: Job, params: Mapping[str, Any], number: int) -> FoldResult:
    """Fit a candidate on a fold and score it.

    Parameters
    ----------
    job : Job
        What is the same for all candidates.
    params : mapping of str to object
        Of the candidate.
    number : int
        Of the fold.

    Returns
    -------
    FoldResult
        With the error of a candidate that failed; nothing is raised but what ends
        the process, and Ctrl-C.
    """
    result = FoldResult()
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # A fold warns of what the whole table does not show, hundreds of times.
            warnings.simplefilter("ignore")
            _evaluate(job, params, number, result)
    except Exception as error:
        result.error = f"{type(error).__name__}: {error}"
        result.cause = error
        result.scores = {}
        result.fit_time = result.fit_time or time.perf_counter() - start
    return result


def _evaluate(
    job: Job, params: Mapping[str, Any], number: int, result: FoldResult
) -> None:
    start = time.perf_counter()
    chosen = candidate(job.estimator, params)
    fold = job.fold(number, chosen)
    with job.tasks.task(chosen, fold) if job.tasks else nullcontext():
        if isinstance(chosen, WinduEstimator):
            chosen = _fitted(chosen, fold, job)
            result.rounds = found_rounds(chosen.model_)
        else:
            fit(chosen, fold.X, fold.y, fold.fit_params)
    result.fit_time = time.perf_counter() - start
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", UndefinedMetricWarning)
        result.scores = score_of(
            *(job.scorer, chosen, fold.X_score, fold.y_score, fold.score_params)
        )
    result.score_time = time.perf_counter() - start
    if job.scores_train:
        result.train_scores = score_of(
            *(job.scorer, chosen, fold.X, fold.y, fold.train_score_params)
        )
    for name, score in result.scores.items():
        if not np.isfinite(score):
            raise ValueError(
                f"A score must be a number. The {name!r} of fold {fold.number} is "
                f"{score}.{_reason(warned)} Where rows lie in order, pass a cv that "
                "shuffles them; or choose another score."
            )
    if job.keeps_outputs:
        result.outputs = _outputs(chosen, fold.X_score, job.classes)
    last = fold.number == len(job.splits) - 1
    if fold.number == 0 if job.bounds_latency else last:
        result.latency_ms = latency_of(chosen, fold.X_score)
    if last:
        result.size_bytes = size_of(getattr(chosen, "model_", chosen))


def _reason(warned: Sequence[warnings.WarningMessage]) -> str:
    """Return why a metric is not defined, if it has said so."""
    messages = [
        t.message for t in warned if issubclass(t.category, UndefinedMetricWarning)
    ]
    return f" {str(messages[0]).rstrip('.')}." if messages else ""


def _fitted(chosen: WinduEstimator, fold: _Fold, job: Job) -> WinduEstimator:
    """Fit as `WinduEstimator.fit` does, and share what others have in common."""
    shared = job.shared or Memo()
    is_lent = chosen.n_jobs is None and getattr(fold.y, "ndim", 1) == 1
    if is_lent:
        # Threads that wait for each other cost a small table more than they bring.
        small = np.size(fold.X) <= SMALL_FIT
        chosen.set_params(n_jobs=1 if small else job.n_threads)
    fitted = EstimatorOnFold(**chosen.get_params(deep=False))
    rows = f"fold {fold.number}" if job.shared else None
    metadata = dict(fold.fit_params)
    values = fit_inputs(
        fitted, fold.X, fold.y, metadata.pop("sample_weight", None), metadata
    )._asdict()
    keys: dict[str, str | None] = {"frame": rows, "target": rows}
    perform = shared.performer(values, keys)
    with openmp_threads(values["frame"].size, fit=True):
        values = run_steps(FIT_STEPS[:_AFTER], values, perform=perform)
        unfitted = {"model_": values["model"], "threshold_": None}
        fitted._store_fitted(Fitted.of(values | unfitted))
        matrix_key = keys.get("matrix") and f"{keys['matrix']} of the held-out rows"

        def matrix() -> Any:
            rows = fold.X_score
            return shared.make(
                matrix_key, lambda: WinduEstimator._matrix(fitted, rows)[0]
            )[0]

        if np.ndim(values["codes"]) == 1:
            values["fit_params"] = values["fit_params"] | held_out(
                values["model"], lambda: _held_out_rows(fold, values, matrix())
            )
        # A model may write into what it is given; others are fitted on the same.
        values["matrix"] = values["matrix"].copy()
        values = run_steps(FIT_STEPS[_AFTER:], values, until="fit_model")
        values["refits"] = _for_found_rounds(values["refits"], values["model_"])
        values = run_steps(FIT_STEPS[_FITTED:], values)
    fitted._store_fitted(Fitted.of(values))
    short = keys.get("matrix") and f"{keys['matrix']} of one row"
    fitted._share(
        fold.X_score,
        matrix,
        lambda: shared.make(short, lambda: compile_chain(fitted))[0],
    )
    if job.classes is not None and len(fitted.classes_) < len(job.classes):
        fitted._all = job.classes
    if is_lent:
        # One row is faster without them.
        _return_threads(fitted.model_)
    return fitted


def _for_found_rounds(refits: Refits, model: Any) -> Refits:
    """Return refits that boost as long as a model that stopped by held-out rows.

    The fits behind a threshold hold out no rows to stop by.
    """
    rounds = found_rounds(model)
    if rounds is None:
        return refits
    params = {f"model__{key}": v for key, v in with_rounds(model, rounds).items()}
    return replace(refits, estimator=clone(refits.estimator).set_params(**params))


def _return_threads(model: Any) -> None:
    names = [n for n in model.get_params() if n.rpartition("__")[2] == "n_jobs"]
    if names:
        # CatBoost refuses any change of a fitted model, also none.
        model.set_params(**dict.fromkeys(names))


def _held_out_rows(
    fold: _Fold, values: Mapping[str, Any], matrix: Any
) -> tuple[Any, Any, Any]:
    """Return held-out matrix, codes and weights for a model that stops by them."""
    target = read_target(fold.y_score)
    encoder = values["label_encoder_"]
    rows: Any = slice(None)
    if values["task"] in ("binary", "multiclass") and encoder is not None:
        is_known = np.isin(np.asarray(target.values), encoder.classes_)
        if not is_known.all():
            rows = np.flatnonzero(is_known)
            target = read_target(take_rows(fold.y_score, rows))
    codes = encode(target, values["task"], encoder)
    weight = fold.held_params.get("sample_weight")
    return matrix[rows], codes, None if weight is None else np.asarray(weight)[rows]


def _outputs(chosen: Any, X: Any, classes: np.ndarray | None) -> np.ndarray | None:
    """Return probabilities of all classes, or values; None where there are none."""
    if classes is None:
        return np.asarray(chosen.predict(X), dtype=float)
    if not hasattr(chosen, "predict_proba"):
        return None
    return np.asarray(chosen.predict_proba(X))
