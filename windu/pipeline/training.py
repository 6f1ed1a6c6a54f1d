"""`TrainingPipeline`: from data to a stored, evaluated estimator."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from sklearn.base import clone

from windu.config.pipelines import read_pipeline, write_pipeline
from windu.estimator import WinduEstimator
from windu.estimator.digests import digest_of
from windu.exceptions import ConfigError, StepError, did_you_mean
from windu.io.tables import source_digest
from windu.metastore import Metastore
from windu.metastore.cache import Tested, cache_of
from windu.pipeline.evaluation import check_model_gives, options_of
from windu.pipeline.fitted import FittedPipeline, SingleSteps, count_test, tell_alarms
from windu.pipeline.model_selection import (
    CHECKS,
    PARTS,
    SETTINGS,
    ModelSelection,
    checked,
    own_types,
    store_of,
)
from windu.pipeline.result import HIDDEN, PipelineResult, diagram, steps_table
from windu.pipeline.runner import Done, StepRunner
from windu.pipeline.steps import (
    Resolved,
    first_keys,
    read_keys,
    resolve,
    steps_of,
)
from windu.steps import Step

__all__ = ["TrainingPipeline"]


class TrainingPipeline(SingleSteps, FittedPipeline, ModelSelection):
    """Data in a file or a frame to an estimator that is fitted, evaluated and stored.

    Each step runs only if something that it depends on has changed since it ran last:
    in this process, or in any other with the same metastore.

    Parameters
    ----------
    estimator : WinduEstimator, default=None
        What is fitted; None takes ``WinduEstimator()``.
    data : DataFrame, path, URL, list, mapping or callable
        Where the table comes from, as `windu.pipeline.read_table` takes it.
    target : str, list of str or None, default=None
        Column or columns to predict; None for features alone.
    preprocess : str, callable or list of them, default=()
        ``"drop_duplicates"``, ``"drop_empty_rows"``, or functions from table to table;
        run before the split.
    split : mapping or None, default=None
        What is held back, as `windu.pipeline.split_rows` takes it:
        ``{"test": 0.2, "dev": 0.2, "seed": 0}``; also tables of their own, each as
        `data`: ``{"files": {"test": "test.csv"}}``. ``"fit_on": "train+dev"`` learns
        from the dev rows as well. None learns from every row.
    search : mapping or None, default=None
        What `search` searches, and how: ``engine`` ("optuna", "random" or "grid"),
        ``space``, ``scoring``, ``cv`` ("dev" or a number of folds), ``n_trials``,
        ``timeout``, ``storage``, ``study_name``, ``n_jobs``, ``max_latency_ms``,
        ``ensemble`` as `OptunaSearchCV` takes them, and ``seed``.
    evaluate : str, list of str, mapping or None, default=None
        Names of scikit-learn's scorers; None takes those of the task.
        ``{"scores": [...], "importance": False}`` shuffles no columns for their
        importance, a number shuffles so many rows.
    metastore : Metastore, str, mapping or None, default=None
        Where results and the outputs of steps are kept: a store, its place, or
        ``{"target": ..., "mirrors": [...]}``.
    name : str or None, default=None
        The name under which a whole run is stored; None stores nothing.
    trusted : collection of str, default=()
        Full names of your own types and functions in cached parts, beyond those of
        this pipeline's parts.

    Attributes
    ----------
    result_ : PipelineResult
        Of the last run.

    Examples
    --------
    >>> from windu import TrainingPipeline, WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> table = load_penguins().frame
    >>> pipe = TrainingPipeline(
    ...     WinduEstimator("linear"), data=table, target="species",
    ...     split={"test": 0.25, "seed": 0}, evaluate=["accuracy"],
    ... )
    >>> result = pipe.run()
    >>> result.metrics["test.accuracy"] > 0.95
    True
    >>> steps = pipe.set(model="random_forest").run(until="fit_model").steps
    >>> steps.loc[steps["state"] == "ran", "step"].tolist()
    ['load', 'fit_transformer', 'transform', 'fit_model']
    """

    def __init__(
        self,
        estimator: WinduEstimator | None = None,
        *,
        data: Any = None,
        target: str | list[str] | None = None,
        preprocess: Any = (),
        split: Mapping[str, Any] | None = None,
        search: Mapping[str, Any] | None = None,
        evaluate: str | Iterable[str] | None = None,
        metastore: Metastore | str | Mapping[str, Any] | None = None,
        name: str | None = None,
        trusted: Collection[str] = (),
    ):
        self._settings: dict[str, Any] = {}
        self._fitted: WinduEstimator | None = None
        self._before: WinduEstimator | None = None
        self._stored: str | None = None
        self._resolved = Resolved(estimator, {}, None)
        self._runner = StepRunner(None)
        self.set(
            estimator=WinduEstimator() if estimator is None else estimator,
            data=data,
            target=target,
            preprocess=preprocess,
            split=split,
            search=search,
            evaluate=evaluate,
            metastore=metastore,
            name=name,
            trusted=trusted,
        )

    @classmethod
    def from_yaml(
        cls,
        text_or_path: str | os.PathLike[str],
        *,
        allow: Iterable[str] = (),
        changes: Mapping[str, str] | None = None,
    ) -> TrainingPipeline:
        """Return the pipeline that a YAML text or file describes.

        Parameters
        ----------
        text_or_path : str or pathlib.Path
            A `str` that ends in ``.yaml`` or ``.yml`` and holds no line break is a
            file, as a `pathlib.Path` is; any other `str` is the text itself.
        allow : iterable of str, default=()
            Packages and modules whose functions and classes ``use`` may name. They are
            imported, and so run. Nothing else is.
        changes : mapping of str to str, default=None
            Values as YAML, by dotted keys: ``{"estimator.model": "random_forest"}``.

        Returns
        -------
        TrainingPipeline
            Nothing is read or run yet.

        Raises
        ------
        ConfigError
            For everything that is not as it must be, with file, line and column.

        Examples
        --------
        >>> from windu import TrainingPipeline
        >>> pipe = TrainingPipeline.from_yaml('''
        ... data: {path: credit.csv, target: status}
        ... split: {test: 0.2, seed: 0}
        ... estimator: {model: random_forest}
        ... ''')
        >>> print(pipe.to_yaml())
        data:
          path: credit.csv
          target: status
        split:
          test: 0.2
          seed: 0
        estimator:
          model: random_forest
        <BLANKLINE>
        """
        return cls(
            **read_pipeline(text_or_path, allow=allow, changes=changes, checks=CHECKS)
        )

    @classmethod
    def from_run(
        cls,
        reference: str,
        metastore: Metastore | str | Mapping[str, Any] = "./metastore",
        *,
        allow: Iterable[str] = (),
        trusted: Collection[str] = (),
    ) -> TrainingPipeline:
        """Return the pipeline of a stored run, with its fitted estimator.

        Parameters
        ----------
        reference : str
            ``"credit@3"``, ``"credit@production"`` or ``"credit"``.
        metastore : Metastore, str or mapping, default="./metastore"
            Where it is stored.
        allow : iterable of str, default=()
            As in `from_yaml`.
        trusted : collection of str, default=()
            As in `Metastore.load`.

        Returns
        -------
        TrainingPipeline
            Its `predict` uses the stored model; `run` trains again what has changed.

        Raises
        ------
        ConfigError
            If the run was not made by a pipeline, or not by one that YAML can say.
        """
        store = store_of(metastore)
        text = store.load_part(reference, "config")
        pipeline = cls(**read_pipeline(text, allow=allow) | {"metastore": metastore})
        pipeline.set(trusted=trusted)
        pipeline._fitted = store.load(reference, trusted=trusted)
        pipeline._stored = reference
        return pipeline

    def to_yaml(self) -> str:
        """Return the settings as YAML, of which `from_yaml` makes an equal pipeline.

        Returns
        -------
        str
            What differs from the defaults.

        Raises
        ------
        ConfigError
            For a setting that has no form in YAML, with the way out.
        """
        return write_pipeline(self._settings | {"metastore": self._place})

    @property
    def settings(self) -> dict[str, Any]:
        """What this pipeline was made with, by name."""
        return dict(self._settings)

    @property
    def steps(self) -> list[str]:
        """Names of the steps, in order."""
        return [step.name for step in self._steps() if step.name not in HIDDEN]

    def __repr__(self) -> str:
        text = ", ".join(
            f"{name}={value!r}"
            for name, value in self._settings.items()
            if name != "data" and value not in (None, (), [])
        )
        return f"TrainingPipeline({text})"

    def _repr_html_(self) -> str:
        steps = self.result_.steps if hasattr(self, "result_") else None
        changed = getattr(self, "_ran", self._settings) is not self._settings
        return diagram(self.steps, steps, self._settings, changed)

    def set(self, **settings: Any) -> TrainingPipeline:
        """Change settings; what does not depend on them is not run again.

        Parameters
        ----------
        **settings : dict
            Those of this class, and parameters of the estimator: ``model=...``,
            ``model__C=...``.

        Returns
        -------
        TrainingPipeline
            Itself.

        Raises
        ------
        StepError
            For a name that is none.
        """
        own = {name: settings[name] for name in settings if name in SETTINGS}
        parts = {name: settings[name] for name in settings if name not in SETTINGS}
        for name in parts:
            if name.partition("__")[0] not in PARTS:
                raise StepError(
                    f"A setting must be one of {list(SETTINGS)}, or a parameter of "
                    f"WinduEstimator. Got {name!r}."
                    + did_you_mean(name, [*SETTINGS, *PARTS])
                )
        new_settings = self._settings | checked(own)
        if parts:
            new_settings["estimator"] = clone(new_settings["estimator"]).set_params(
                **parts
            )
        self._settings = new_settings
        if not {*settings} <= {"metastore", "name", "trusted", "evaluate", "search"}:
            self._fitted = self._before = None
        store = new_settings["metastore"]
        if "metastore" in own:
            # What was given says where the store is; an object says it in code only.
            self._place = own["metastore"]
            self._tested = Tested(store)
        self._runner.cache = None if store is None else cache_of(store)
        self._runner.trusted = {
            *new_settings["trusted"],
            *own_types(new_settings["estimator"]),
        }
        return self

    def run(
        self,
        *,
        start: str | None = None,
        until: str | None = None,
        progress: Callable[[Done], None] | None = None,
    ) -> PipelineResult:
        """Run the pipeline, or a part of it.

        Parameters
        ----------
        start : str, default=None
            The first step that runs in any case; what earlier ones make comes from
            memory or from the metastore.
        until : str, default=None
            The last step. A whole run is stored, if there are a metastore and a name.
        progress : callable, default=None
            Called with each step as it begins (its state is "running") and with what
            became of it.

        Returns
        -------
        PipelineResult
            What each step did, the estimator, its scores and where it is stored.

        Raises
        ------
        StepError
            If `start` or `until` is no step of this pipeline, or what stands before
            `start` was never made.
        """
        settings = self._settings
        values = self._values(start=start, until=until, progress=progress)
        steps = steps_table(self._runner.done)
        last = self._runner.done[-1].step
        main = next(step.makes[0] for step in self._steps() if step.name == last)
        metrics = values.get("metrics", {})
        stats = values.get("stats", {})
        tell_alarms(stats, self._runner.done)
        if "metrics" in values and "test" in values["held_back"]:
            fitted = self._runner.key_of("assemble")
            count = count_test(self._tested, values["held_back"]["test"], fitted)
            metrics = metrics | {"test_evaluations": count}
        stored = None
        store, name = settings["metastore"], settings["name"]
        if until is None and store is not None and name is not None:
            stored = store.save(
                values["estimator_"],
                name,
                metrics=metrics,
                stats=stats,
                data=digest_of(values["X"]),
                config=self._config(),
                **self._lineage(store),
            )
        self._fitted = values.get("estimator_", self._fitted)
        self._ran = settings
        self.result_ = PipelineResult(
            *(steps, values.get("estimator_"), metrics, stored),
            values[main],
            stats,
        )
        return self.result_

    def _values(
        self,
        start: str | None = None,
        until: str | None = None,
        progress: Callable[[Done], None] | None = None,
    ) -> dict[str, Any]:
        settings = self._settings
        values = {**settings, "target_name": settings["target"]}
        self._resolved = resolve(
            settings["estimator"], settings["metastore"], self._runner.trusted
        )
        estimator, _, features = self._resolved
        scores, importance = options_of(settings["evaluate"])
        check_model_gives(estimator, scores)
        values |= {"scores": scores, "importance": importance}
        values |= {"parameters": estimator, "estimator": estimator, "wanted": features}
        values["files"] = (settings["split"] or {}).get("files") or {}
        return self._runner.run(
            self._steps(),
            values,
            self._keys(values),
            start=start,
            until=until,
            report=progress,
            keys_of={
                "load": partial(read_keys, values["data"], values["files"]),
                "prepare": self._prepared_keys,
            },
        )

    def _steps(self) -> list[Step]:
        return steps_of(
            preprocesses=bool(self._settings["preprocess"]),
            model=self._settings["estimator"].model is not None,
            stored=self._resolved.features is not None,
        )

    def _keys(self, values: Mapping[str, Any]) -> dict[str, str | None]:
        names = ["target_name", "preprocess", "split", "scores", "importance"]
        names += ["parameters", "wanted"]
        keys: dict[str, str | None] = {name: digest_of(values[name]) for name in names}
        # Parts are fitted in their place, so that fresh ones are made each time.
        files = [source_digest(source) for source in values["files"].values()]
        keys["files"] = None if None in files else digest_of([*values["files"]], files)
        return keys | {"estimator": None, "data": source_digest(values["data"])}

    def _prepared_keys(self, values: Mapping[str, Any]) -> dict[str, str | None]:
        rows = self._runner.key_of("split")
        if (self._settings["split"] or {}).get("files"):
            # The rows to learn from do not change with those of other files.
            rows = digest_of(values["frame"], values["target"])
        return first_keys(values, rows)

    def _lineage(self, store: Metastore) -> dict[str, Any]:
        """Return from which runs parts came: as tags, and the first as the parent."""
        runs, estimator = self._resolved.runs, self._settings["estimator"]
        if not runs:
            return {}
        own = [
            run.id
            for name, run in runs.items()
            if getattr(getattr(estimator, name), "metastore", None) is None
        ]
        tags = {name: run.reference for name, run in runs.items()}
        return {"tags": tags, "parent": own[0] if own else None}

    def _config(self) -> str | None:
        try:
            return self.to_yaml()
        except ConfigError:
            # The run says itself why its parameters have no form in YAML.
            return None

    def _value_of(self, step: str) -> Any:
        return self.run(until=step).value

    def _held_back(self) -> Mapping[str, tuple[Any, Any]]:
        held_out: Mapping[str, tuple[Any, Any]] = self._values(until="split")[
            "held_back"
        ]
        return held_out
