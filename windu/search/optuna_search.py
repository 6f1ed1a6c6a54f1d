"""`OptunaSearchCV`: a search of parts and parameters that can be stopped and go on."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import TrialState
from sklearn.exceptions import FitFailedWarning
from sklearn.utils import get_tags, indexable

from windu._compat.row_order import match_rows
from windu._compat.sklearn import (
    BaseSearchCV,
    CallbackSupportMixin,
    HasMethods,
    Interval,
    StrOptions,
    check_metadata,
    fit_context,
    propagated,
)
from windu.estimator import WinduEstimator
from windu.estimator.fitting import fit_inputs, infer_schema
from windu.estimator.parts import as_seed
from windu.exceptions import SearchError
from windu.search.defaults import space_with_starts
from windu.search.display import Progress, SearchDisplay
from windu.search.early_stopping import with_rounds
from windu.search.ensembles import (
    SearchScore,
    adapt_scorers,
    choose_ensemble,
    ensemble_of,
    n_members,
    prepare_ensemble,
)
from windu.search.folds import FoldTasks, Job, candidate, fit
from windu.search.results import error_of, failures_of, leaderboard_of, results_of
from windu.search.samplers import make_pruner, make_sampler
from windu.search.space import grid_of, points_of
from windu.search.splits import splits_of
from windu.search.studies import digests_of, finished, open_study, result_of
from windu.search.trials import Trials
from windu.search.workers import workers_for

__all__ = ["OptunaSearchCV"]

#: Trials where neither their number nor a time was asked for.
_N_TRIALS = 50
#: Points of a space that are counted, so that none is tried twice.
_GRID = 10_000


class OptunaSearchCV(SearchDisplay, SearchScore, BaseSearchCV, CallbackSupportMixin):
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
    timeout_includes_refit : bool, default=False
        Whether the fit of the best candidate, as far as its folds tell how long it
        takes, ends within `timeout` as well.
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
    executor : concurrent.futures.Executor or None, default=None
        Where folds are evaluated instead, `n_jobs` at a time or as many as it has
        workers: threads, loky, ``client.get_executor()`` of Dask. It is left running.
    max_latency_ms : float or None, default=None
        A candidate whose prediction of one row takes longer, in the median of 7 rows,
        is given up after its first fold.
    ensemble : bool or int, default=False
        Whether the best estimator is a weighted average of trials, chosen greedily on
        the held-out rows, and of how many at most; True is 8. It is one trial alone
        where no average is better.
    refit : bool, str or callable, default=True
        As in `GridSearchCV`. With False the first of several scores is maximized.
    error_score : "raise" or float, default=nan
        In the place of the scores of a fold that fails. With nan the candidate ends
        there. One warning at the end says how many failed, and the first reason.
    return_train_score : bool, default=False
        Whether ``cv_results_`` has the scores of the rows of each fit.
    study : optuna.study.Study or None, default=None
        What is searched with in the place of `storage`, `study_name`, `sampler` and
        `pruner`. It must maximize.
    callbacks : list of callable, default=None
        Called with the study and each trial that has ended, as by
        `optuna.study.Study.optimize`; they may stop the study.
    catch : tuple of type, default=()
        Errors that are not raised with ``error_score="raise"``.
    random_state : int, RandomState instance or None, default=None
        Seed of the sampler.
    verbose : "auto" or int, default="auto"
        "auto" draws a bar in a terminal and in a notebook: trials, best score, time
        left. From 1 on there is a line for each trial; 0 is quiet.

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
        "timeout_includes_refit": ["boolean"],
        "storage": "no_validation",
        "study_name": [str, None],
        "sampler": "no_validation",
        "pruner": [StrOptions({"median"}), BasePruner, None],
        "n_jobs": [Integral, None],
        "executor": [HasMethods(["submit"]), None],
        "max_latency_ms": [Interval(Real, 0, None, closed="neither"), None],
        "ensemble": ["boolean", Interval(Integral, 1, None, closed="left")],
        "refit": ["boolean", str, callable],
        "error_score": [StrOptions({"raise"}), Real],
        "return_train_score": ["boolean"],
        "study": [Study, None],
        "callbacks": ["array-like", None],
        "catch": [tuple],
        "random_state": ["random_state"],
        "verbose": ["verbose", StrOptions({"auto"})],
    }

    def __init__(
        self,
        estimator: Any,
        space: Any = "auto",
        *,
        scoring: Any = None,
        cv: Any = None,
        n_trials: int | None = None,
        timeout: float | None = None,
        timeout_includes_refit: bool = False,
        storage: Any = None,
        study_name: str | None = None,
        sampler: Any = "tpe",
        pruner: Any = "median",
        n_jobs: int | None = None,
        executor: Executor | None = None,
        max_latency_ms: float | None = None,
        ensemble: bool | int = False,
        refit: Any = True,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        study: Study | None = None,
        callbacks: Any = None,
        catch: tuple[type[Exception], ...] = (),
        random_state: Any = None,
        verbose: int | str = "auto",
    ):
        self.estimator = estimator
        self.space = space
        self.scoring = scoring
        self.cv = cv
        self.n_trials = n_trials
        self.timeout = timeout
        self.timeout_includes_refit = timeout_includes_refit
        self.storage = storage
        self.study_name = study_name
        self.sampler = sampler
        self.pruner = pruner
        self.n_jobs = n_jobs
        self.executor = executor
        self.max_latency_ms = max_latency_ms
        self.ensemble = ensemble
        self.refit = refit
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.study = study
        self.callbacks = callbacks
        self.catch = catch
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
        self._check_estimator()
        scorer, _ = self._get_scorers()
        X, y = indexable(X, y)
        params = match_rows({"X": X, "y": y, **params})
        X, y = params.pop("X"), params.pop("y")
        params = check_metadata(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        weight = params.get("sample_weight")
        data = {"estimator": self, "X": X, "y": y}
        data["metadata"] = None if weight is None else {"sample_weight": weight}
        context = self._init_callback_context(
            max_subtasks=1 + (self.refit is not False)
        ).call_on_fit_task_begin(**data)

        estimator = self._base(X, y)
        splits = splits_of(self.cv, estimator, X, y, routed.splitter.split)
        self.n_splits_ = len(splits)
        job = Job(
            *(estimator, X, y, splits, scorer),
            fit_params=dict(routed.estimator.fit),
            score_params=dict(routed.scorer.score),
            bounds_latency=self.max_latency_ms is not None,
            scores_train=self.return_train_score,
        )
        if self.ensemble:
            prepare_ensemble(job, self.refit)
        adapt_scorers(job)
        search = context.subcontext(task_name="search", max_subtasks=None)
        job.tasks = FoldTasks(self, search)
        search.call_on_fit_task_begin(estimator=self)
        outputs = self._search(job, params, start)
        search.call_on_fit_task_end(estimator=self)
        self._select(job, outputs)
        if self.refit:
            self._refit(job, context, data)
        context.call_on_fit_task_end(**data)
        return self

    def _check_estimator(self) -> None:
        if not hasattr(self.estimator, "fit") or isinstance(self.estimator, type):
            raise SearchError(
                "The estimator must be a scikit-learn estimator. Got "
                f"{self.estimator!r}. Pass an object that has fit."
            )

    def _base(self, X: Any, y: Any) -> Any:
        """Return the estimator with its task decided by all rows, which are checked."""
        estimator = candidate(self.estimator, {})
        if isinstance(estimator, WinduEstimator):
            inputs = fit_inputs(estimator, X, y)
            infer_schema(inputs.frame, estimator.schema)
            estimator.set_params(task=inputs.task or "auto")
        return estimator

    def _search(
        self, job: Job, params: Mapping[str, Any], start: float
    ) -> dict[int, list[np.ndarray]]:
        """Run trials; return what those of this process predict for held-out rows."""
        space, points = space_with_starts(job.estimator, self.space, job.X, job.y)
        seed = as_seed(self.random_state)
        seed = int(np.random.default_rng().integers(2**31)) if seed is None else seed
        described: Any = self.space
        if isinstance(described, str):
            described = getattr(space, "blocks", described)
        self.study_ = study = open_study(
            self.storage if self.study is None else self.study,
            self.study_name,
            make_sampler(self.sampler, seed),
            make_pruner(self.pruner),
            digests_of(job, described, self.scoring, params),
        )
        n_trials = self.n_trials
        is_grid = self.sampler == "grid"
        if n_trials is None and self.timeout is None and not is_grid:
            n_trials = _N_TRIALS
        grid = list(grid_of(space)) if is_grid else points_of(space, at_most=_GRID)
        # Where all points will be tried, there is nothing to learn for the next one.
        is_grid |= 0 < len(grid) <= (n_trials or _N_TRIALS)
        progress = Progress(
            self.verbose, self.refit, self.scoring, n_trials, self.timeout
        )
        running = Trials(
            *(
                study,
                space,
                workers_for(job, self.n_jobs, self.executor),
                len(job.splits),
            ),
            self._metric_of,
            n_trials=n_trials,
            deadline=None if self.timeout is None else start + self.timeout,
            points=grid if is_grid else points,
            only_points=is_grid,
            grid=grid,
            n_refits=n_members(self.ensemble)
            * bool(self.timeout_includes_refit and self.refit),
            max_latency_ms=self.max_latency_ms,
            error_score=self.error_score,
            catch=self.catch,
            callbacks=[progress, *(self.callbacks or ())],
        )
        with warnings.catch_warnings(), progress:
            # Threads that silence warnings leave them silenced.
            running.run()
        trials = finished(study)
        if not any(
            trial.state == TrialState.COMPLETE and not result_of(trial).get("n_failed")
            for trial in trials
        ):
            raise error_of(trials, running.first_cause)
        if message := failures_of(trials, self.error_score):
            warnings.warn(message, FitFailedWarning, stacklevel=3)
        missing = np.nan if self.error_score == "raise" else self.error_score
        self.cv_results_ = results_of(
            *(trials, space, len(job.splits)),
            format_results=self._format_results,
            error_score=missing,
        )
        return running.outputs

    def _metric_of(self, scores: Mapping[str, float]) -> str:
        """Return the score that counts, of those of a fold."""
        if {*scores} == {"score"}:
            return "score"
        self._check_refit_for_multimetric(scores)
        return self.refit if isinstance(self.refit, str) else next(iter(scores))

    def _select(self, job: Job, outputs: Mapping[int, list[np.ndarray]]) -> None:
        """Choose the best trial, and the members of an ensemble if one is asked for."""
        results = self.cv_results_
        names = [
            key.removeprefix("mean_test_") for key in results if "mean_test_" in key
        ]
        metric = self._metric_of(dict.fromkeys(names, 0.0))
        self.leaderboard_ = leaderboard_of(finished(self.study_), results, metric)
        self.multimetric_ = names != ["score"]
        self.scorer_ = getattr(job.scorer, "_scorers", job.scorer)
        if not self.refit and self.multimetric_:
            return
        self.best_index_ = int(self._select_best_index(self.refit, metric, results))
        self.best_params_ = results["params"][self.best_index_]
        self.best_trial_number_ = int(results["trial"][self.best_index_])
        if not callable(self.refit):
            self.best_score_ = float(results[f"mean_test_{metric}"][self.best_index_])
        if self.ensemble:
            self.ensemble_, self.ensemble_score_ = choose_ensemble(
                *(job, metric, results, finished(self.study_), outputs),
                at_most=n_members(self.ensemble),
                max_latency_ms=self.max_latency_ms or np.inf,
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        return tags

    def _refit(self, job: Job, context: Any, data: Mapping[str, Any]) -> None:
        start = time.perf_counter()
        at = {number: i for i, number in enumerate(self.cv_results_["trial"].tolist())}
        if self.ensemble and len(self.ensemble_) > 1:
            members = [self._chosen(job, at[n]) for n in self.ensemble_["trial"]]
            weights = self.ensemble_["weight"].tolist()
            best = ensemble_of(job.estimator, members, weights)
        else:
            best = self._chosen(job, self.best_index_)
        task = context.subcontext(task_name="refit-with-best-params")
        with propagated(task, best):
            task.call_on_fit_task_begin(**data)
            fit(best, job.X, job.y, job.fit_params)
            task.call_on_fit_task_end(**data)
        self.best_estimator_ = best
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
