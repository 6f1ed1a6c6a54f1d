"""`OptunaSearchCV`: a search of parts and parameters that can be stopped and go on."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.study import Study
from optuna.trial import TrialState
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import get_tags, indexable

from windu._compat.row_order import match_rows
from windu._compat.sklearn import (
    BaseSearchCV,
    CallbackSupportMixin,
    Interval,
    StrOptions,
    check_metadata,
    fit_context,
    propagated,
)
from windu.estimator import WinduEstimator
from windu.estimator.digests import digest_of
from windu.estimator.fitting import fit_inputs, infer_schema
from windu.estimator.parts import as_seed
from windu.exceptions import SearchError
from windu.io.frames import as_frame
from windu.search.defaults import default_space, starting_points
from windu.search.early_stopping import with_rounds
from windu.search.ensembles import (
    Averaged,
    MatchedScore,
    adapt_scorers,
    classes_of,
    ensemble_of,
    outputs_of,
    select,
)
from windu.search.folds import Job, candidate
from windu.search.results import leaderboard_of, results_of
from windu.search.samplers import make_sampler
from windu.search.space import grid_of, read_space
from windu.search.studies import finished, open_study, result_of
from windu.search.trials import Trials
from windu.search.workers import workers_for
from windu.tasks import read_target

__all__ = ["OptunaSearchCV"]

#: Trials where neither their number nor a time was asked for.
_N_TRIALS = 50


class OptunaSearchCV(MatchedScore, BaseSearchCV, CallbackSupportMixin):
    """Search of parts and parameters with Optuna, by cross-validation.

    Like scikit-learn's searches it fits the best candidate on all rows and then is
    that estimator. What they have not: a search with a `storage` that was stopped, or
    killed, goes on where the same line is run again; featurizers and transformers are
    fitted once a fold for all candidates that share them; candidates that fall behind
    are given up after some folds; boosting stops by the rows of each fold; and one
    that fails is noted, not raised.

    Parameters
    ----------
    estimator : estimator
        Where the search starts, a `WinduEstimator` or any other. Of others nothing is
        shared, and they need a `space`.
    space : "auto", dict, list of dict or callable, default="auto"
        What is searched. A dict goes from parameter to range: a list of values,
        ``{"int": [2, 12]}``, ``{"float": [0.01, 1], "log": True}``, or a distribution
        of scipy or Optuna; of a list of dicts each trial takes one; a function takes a
        trial of Optuna and returns parameters. A parameter of a part is searched where
        the part that was chosen has it. ``"auto"`` is `default_space` of the task.
    scoring : str, callable, list, tuple or dict, default=None
        As in `GridSearchCV`; of several scores `refit` names the one that counts.
    cv : int, splitter or iterable, default=None
        As in `GridSearchCV`: 5 folds by default, one split for a development set.
    n_trials : int or None, default=None
        How many trials the study shall have in all, those of earlier runs included.
        Without this and `timeout` 50.
    timeout : float or None, default=None
        Seconds for the trials of this run. The first trial is always finished; what
        runs when they are over is stopped and made again by the next run. In this
        process that takes a Unix, the main thread and a model that can be stopped by
        Ctrl-C; others end their fold.
    storage : str, path, optuna.storages.BaseStorage or None, default=None
        Where the trials are kept: a plain path is an SQLite file, or a journal where
        it ends in ``.journal``; anything else is an Optuna storage or its URL. Several
        processes may use one at a time. None keeps them in memory.
    study_name : str or None, default=None
        Name of the search in the storage.
    sampler : {"tpe", "random", "grid"}, callable or BaseSampler, default="tpe"
        A callable makes a sampler from a seed. A sampler object keeps its own state: a
        search that goes on with one differs from one that was never stopped.
    pruner : {"median"}, BasePruner or None, default="median"
        Who gives a trial up, by the mean score of its folds so far.
    n_jobs : int or None, default=None
        Processes that evaluate folds. With more than one, the trials that a sampler
        knows of, and so the result, depend on which ends first.
    max_latency_ms : float or None, default=None
        A candidate whose prediction of one row takes longer, in the median of 7 rows,
        is given up after its first fold.
    ensemble : bool or int, default=False
        Whether the best estimator is a weighted average of trials, chosen greedily on
        the held-out rows, and of how many at most; True is 8. It is one trial alone
        where no average is better.
    refit : bool, str or callable, default=True
        As in `GridSearchCV`.
    random_state : int, RandomState instance or None, default=None
        Seed of the sampler.
    verbose : int, default=0
        From 1 on each trial is told.

    Attributes
    ----------
    best_estimator_ : estimator
        Fitted on all rows. Where boosting stopped early, for the mean of the rounds
        that the folds found.
    best_params_ : dict
        Of the best trial.
    best_score_ : float
        Its mean score.
    best_index_ : int
        Its place in `cv_results_`.
    cv_results_ : dict of str to array
        As in `GridSearchCV`, with ``trial``, ``state`` and ``error``.
    ensemble_ : pandas.DataFrame
        Trials and weights of the ensemble, where one was asked for.
    ensemble_score_ : float
        Its score on the held-out rows that it was chosen on.
    leaderboard_ : pandas.DataFrame
        The trials, the best first: score, spread, times, latency, size, state.
    study_ : optuna.study.Study
        With all its trials, for Optuna's plots.
    scorer_ : callable or dict
        What scored.
    multimetric_ : bool
        Whether there were several scores by name.
    best_trial_number_ : int
        Number of the best trial in the study.
    n_splits_ : int
        Number of folds.
    refit_time_ : float
        Seconds.
    classes_ : ndarray of shape (n_classes,)
        Of the best estimator.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns.

    References
    ----------
    .. [1] Bergstra, J., Bardenet, R., Bengio, Y. and Kegl, B. (2011). Algorithms for
       hyper-parameter optimization. NeurIPS.
    .. [2] Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble
       selection from libraries of models. ICML.

    See Also
    --------
    default_space : What ``"auto"`` searches, to look at and to change.

    Examples
    --------
    >>> from windu import OptunaSearchCV, WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> X, y = load_penguins(return_X_y=True)
    >>> search = OptunaSearchCV(
    ...     WinduEstimator(random_state=0),
    ...     {
    ...         "model": ["linear", "decision_tree"],
    ...         "model__C": {"float": [0.01, 10], "log": True},
    ...         "model__max_depth": {"int": [1, 4]},
    ...     },
    ...     n_trials=8, cv=3, random_state=0,
    ... ).fit(X, y)
    >>> search.best_params_["model"], round(search.best_score_, 2)
    ('linear', 0.99)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": "no_validation",
        "space": "no_validation",
        "scoring": BaseSearchCV._parameter_constraints["scoring"],
        "cv": ["cv_object"],
        "n_trials": [Interval(Integral, 1, None, closed="left"), None],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "storage": "no_validation",
        "study_name": [str, None],
        "sampler": "no_validation",
        "pruner": [StrOptions({"median"}), BasePruner, None],
        "n_jobs": [Integral, None],
        "max_latency_ms": [Interval(Real, 0, None, closed="neither"), None],
        "ensemble": ["boolean", Interval(Integral, 1, None, closed="left")],
        "refit": ["boolean", str, callable],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }
    # What scikit-learn's own searches leave to the user.
    error_score = "raise"
    return_train_score = False

    def __init__(
        self,
        estimator: Any,
        space: Any = "auto",
        *,
        scoring: Any = None,
        cv: Any = None,
        n_trials: int | None = None,
        timeout: float | None = None,
        storage: Any = None,
        study_name: str | None = None,
        sampler: Any = "tpe",
        pruner: Any = "median",
        n_jobs: int | None = None,
        max_latency_ms: float | None = None,
        ensemble: bool | int = False,
        refit: Any = True,
        random_state: Any = None,
        verbose: int = 0,
    ):
        self.estimator = estimator
        self.space = space
        self.scoring = scoring
        self.cv = cv
        self.n_trials = n_trials
        self.timeout = timeout
        self.storage = storage
        self.study_name = study_name
        self.sampler = sampler
        self.pruner = pruner
        self.n_jobs = n_jobs
        self.max_latency_ms = max_latency_ms
        self.ensemble = ensemble
        self.refit = refit
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> OptunaSearchCV:
        """Search, and fit the best candidate on all rows.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As the estimator takes it.
        y : array-like, default=None
            As the estimator takes it.
        **params : dict
            ``groups`` for the splitter, ``sample_weight`` and other metadata for the
            estimator and the scorer, as in `GridSearchCV`.

        Returns
        -------
        OptunaSearchCV
            Itself.

        Raises
        ------
        SearchError
            If the space is none, or the storage holds a search of something else.
        Exception
            If y or metadata are of other rows, or all trials failed: the first reason.
        """
        start = time.monotonic()
        scorer, metric = self._get_scorers()
        X, y = indexable(X, y)
        params = match_rows({"X": X, "y": y, **params})
        X, y = params.pop("X"), params.pop("y")
        params = check_metadata(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        context = self._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)

        estimator = self._base(X, y)
        splits = self._splits(estimator, X, y, routed.splitter.split)
        job = Job(
            *(estimator, X, y, splits, scorer),
            fit_params=dict(routed.estimator.fit),
            score_params=dict(routed.scorer.score),
            bounds_latency=self.max_latency_ms is not None,
        )
        if self.ensemble:
            self._prepare_ensemble(job)
        adapt_scorers(job)
        self._search(job, metric, params, start)
        if self.refit:
            self._refit(job, context)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def _base(self, X: Any, y: Any) -> Any:
        """Return the estimator with its task decided by all rows, which are checked."""
        estimator = candidate(self.estimator, {})
        if isinstance(estimator, WinduEstimator):
            inputs = fit_inputs(estimator, X, y)
            infer_schema(inputs.frame, estimator.schema)
            estimator.set_params(task=inputs.task or "auto")
        return estimator

    def _splits(
        self, estimator: Any, X: Any, y: Any, metadata: Mapping[str, Any]
    ) -> list[Any]:
        labels = y
        if isinstance(estimator, WinduEstimator) and estimator.task == "multilabel":
            # scikit-learn knows no lists of labels; several labels are not stratified.
            labels = np.zeros(len(read_target(y).values))
        with warnings.catch_warnings():
            # A class with fewer rows than folds is missing in some.
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            # An infinite y is told by the estimator.
            warnings.filterwarnings("ignore", "invalid value enc", RuntimeWarning)
            stratified = is_classifier(estimator) and labels is y
            cv = check_cv(self.cv, labels, classifier=stratified)
            splits = [
                (np.asarray(fit), np.asarray(score))
                for fit, score in cv.split(X, labels, **metadata)
            ]
        self.n_splits_ = len(splits)
        return splits

    def _search(
        self, job: Job, metric: str, params: Mapping[str, Any], start: float
    ) -> None:
        space, points = self._space(job)
        seed = as_seed(self.random_state)
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        self.study_ = study = open_study(
            self.storage,
            self.study_name,
            make_sampler(self.sampler, seed),
            self._pruner(),
            self._begun_with(job, space, params),
        )
        n_trials = self.n_trials
        if n_trials is None and self.timeout is None:
            n_trials = None if self.sampler == "grid" else _N_TRIALS
        running = Trials(
            *(study, space, workers_for(job, self.n_jobs), len(job.splits), metric),
            n_trials=n_trials,
            deadline=None if self.timeout is None else start + self.timeout,
            points=points,
            only_points=self.sampler == "grid",
            max_latency_ms=self.max_latency_ms,
            tell=self._report,
        )
        running.run()
        trials = finished(study)
        if not any(trial.state == TrialState.COMPLETE for trial in trials):
            raise _nothing(trials, running.first_cause)
        self.cv_results_ = results_of(trials, space, len(job.splits))
        self.leaderboard_ = leaderboard_of(trials, self.cv_results_, metric)
        self.multimetric_ = not (callable(self.scoring) or self.scoring is None) and (
            not isinstance(self.scoring, str)
        )
        self.scorer_ = getattr(job.scorer, "_scorers", job.scorer)
        self.best_index_ = int(
            self._select_best_index(self.refit, metric, self.cv_results_)
        )
        self.best_params_ = self.cv_results_["params"][self.best_index_]
        self.best_trial_number_ = int(self.cv_results_["trial"][self.best_index_])
        if not callable(self.refit):
            scores = self.cv_results_[f"mean_test_{metric}"]
            self.best_score_ = float(scores[self.best_index_])
        if self.ensemble:
            self._choose_ensemble(job, metric, running.outputs)

    def _prepare_ensemble(self, job: Job) -> None:
        if not isinstance(job.estimator, WinduEstimator) or not self.refit:
            raise SearchError(
                "An ensemble needs a WinduEstimator, and refit. Got "
                f"{type(job.estimator).__name__} and refit={self.refit!r}. Pass "
                "ensemble=False."
            )
        job.keeps_outputs = True
        job.classes = classes_of(job.estimator, job.y)

    def _choose_ensemble(self, job: Job, metric: str, outputs: Any) -> None:
        results, trials = self.cv_results_, finished(self.study_)
        order = np.argsort(results[f"rank_test_{metric}"], kind="stable")
        ranked = [
            (trials[i].number, results["params"][i])
            for i in order
            if results["state"][i] == "complete"
            and "repeats" not in result_of(trials[i])
        ]
        latencies = {t.number: result_of(t).get("latency_ms", 0.0) for t in trials}
        weights, self.ensemble_score_ = select(
            outputs_of(job, ranked, outputs),
            Averaged(job, metric),
            at_most=8 if self.ensemble is True else int(self.ensemble),
            costs=latencies,
            budget=self.max_latency_ms or np.inf,
        )
        self.ensemble_ = pd.DataFrame(
            {"trial": list(weights), "weight": list(weights.values())}
        )

    def _space(self, job: Job) -> tuple[Callable[[Any], dict[str, Any]], Any]:
        """Return the space, and the points that are tried first."""
        estimator = job.estimator
        if isinstance(self.space, str):
            if self.space != "auto" or not isinstance(estimator, WinduEstimator):
                raise SearchError(
                    "space must be a dict, a list of dicts, a function of a trial, or "
                    f"'auto' for a WinduEstimator. Got {self.space!r} for "
                    f"{type(estimator).__name__}."
                )
            blocks = default_space(estimator, job.X, job.y)
            return read_space(estimator, blocks), starting_points(blocks)
        space = read_space(estimator, self.space)
        return space, list(grid_of(space)) if self.sampler == "grid" else []

    def _pruner(self) -> BasePruner:
        if self.pruner is None:
            return NopPruner()
        if isinstance(self.pruner, str):
            return MedianPruner(n_startup_trials=5, n_warmup_steps=0)
        return self.pruner

    def _begun_with(
        self, job: Job, space: Any, params: Mapping[str, Any]
    ) -> dict[str, str | None]:
        raw = isinstance(job.estimator, WinduEstimator)
        X = as_frame(job.X) if raw else job.X
        space_given = self.space if not isinstance(self.space, str) else space.blocks
        return {
            "table": digest_of(X, job.y, dict(params)),
            "estimator": digest_of(job.estimator),
            "space": digest_of(space_given),
            "scoring": digest_of(self.scoring),
            "folds": digest_of(job.splits),
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        return tags

    def _report(self, study: Study, number: int) -> None:
        if not self.verbose:
            return
        trial = study.get_trials(deepcopy=False)[number]
        score = "" if trial.value is None else f" {trial.value:.5g}"
        outcome = result_of(trial).get("error", trial.params)
        state = trial.state.name.lower()
        # Somebody may read along in a file.
        print(f"[OptunaSearchCV] trial {number}: {state}{score} {outcome}", flush=True)

    def _refit(self, job: Job, context: Any) -> None:
        start = time.perf_counter()
        at = {number: i for i, number in enumerate(self.cv_results_["trial"].tolist())}
        if self.ensemble and len(self.ensemble_) > 1:
            members = [self._chosen(job, at[n]) for n in self.ensemble_["trial"]]
            weights = self.ensemble_["weight"].tolist()
            best = ensemble_of(job.estimator, members, weights)
        else:
            best = self._chosen(job, self.best_index_)
        with propagated(context.subcontext(task_name="refit"), best):
            self.best_estimator_ = best.fit(job.X, job.y, **job.fit_params)
        self.refit_time_ = time.perf_counter() - start
        self.__dict__.pop("feature_names_in_", None)
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_

    def _chosen(self, job: Job, index: int) -> Any:
        """Return the unfitted estimator of a trial, with the rounds that it found."""
        chosen = candidate(job.estimator, self.cv_results_["params"][index])
        number = int(self.cv_results_["trial"][index])
        trial = self.study_.get_trials(deepcopy=False)[number]
        if rounds := result_of(trial).get("rounds"):
            model = with_rounds(chosen.model, max(1, round(float(np.mean(rounds)))))
            chosen.set_params(**{f"model__{name}": model[name] for name in model})
        return chosen


def _nothing(trials: Any, cause: Exception | None) -> Exception:
    """Return the error of a search that has found nothing: its first reason."""
    reasons = [
        result_of(trial).get("error") or f"being {trial.state.name.lower()}"
        for trial in trials
    ]
    if not reasons:
        return SearchError("A search needs at least one trial. Got an empty space.")
    note = f"At least one trial must succeed. All {len(reasons)} failed, the first with"
    if cause is None:
        return SearchError(f"{note} {reasons[0]}")
    cause.add_note(f"{note} this.")
    return cause
