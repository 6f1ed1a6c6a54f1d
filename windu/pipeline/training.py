"""`TrainingPipeline`: from data to a stored, evaluated estimator."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import pandas as pd
from sklearn.base import clone

from windu.estimator import WinduEstimator
from windu.exceptions import PartError, StepError, did_you_mean
from windu.metastore import Metastore
from windu.metastore.cache import cache_of
from windu.pipeline.digests import digest_of
from windu.pipeline.evaluation import check_scores
from windu.pipeline.result import PipelineResult, steps_table
from windu.pipeline.runner import Done, StepRunner
from windu.pipeline.single import SingleSteps
from windu.pipeline.sources import source_digest
from windu.pipeline.steps import MAIN, PREPROCESSORS, first_keys, steps_of

__all__ = ["TrainingPipeline"]

_SETTINGS = (
    *("estimator", "data", "target", "preprocess", "split", "evaluate"),
    *("metastore", "name", "trusted"),
)
_PARTS = tuple(WinduEstimator._get_param_names())


class TrainingPipeline(SingleSteps):
    """Data in a file or a frame to an estimator that is fitted, evaluated and stored.

    Each step runs only if something that it depends on has changed since it ran last:
    in this process, or in any other with the same metastore.

    Parameters
    ----------
    estimator : WinduEstimator, default=None
        What is fitted; None takes ``WinduEstimator()``.
    data : DataFrame, path, URL, list, mapping or callable
        Where the table comes from, as `windu.pipeline.read_data` takes it.
    target : str, list of str or None, default=None
        Column or columns to predict; None for features alone.
    preprocess : str, callable or list of them, default=()
        ``"drop_duplicates"``, ``"drop_empty_rows"``, or functions from table to table;
        run before the split.
    split : mapping or None, default=None
        What is held back, as `windu.pipeline.split_rows` takes it:
        ``{"test": 0.2, "dev": 0.2, "seed": 0}``. None learns from every row.
    evaluate : str, list of str or None, default=None
        Names of scikit-learn's scorers; None takes those of the task.
    metastore : Metastore, str or None, default=None
        Where results and the outputs of steps are kept.
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
    >>> pipe.set(model="random_forest").run().steps["state"].value_counts()["kept"]
    np.int64(5)
    """

    def __init__(
        self,
        estimator: WinduEstimator | None = None,
        *,
        data: Any = None,
        target: str | list[str] | None = None,
        preprocess: Any = (),
        split: Mapping[str, Any] | None = None,
        evaluate: str | Iterable[str] | None = None,
        metastore: Metastore | str | None = None,
        name: str | None = None,
        trusted: Collection[str] = (),
    ):
        self._settings: dict[str, Any] = {}
        self._runner = StepRunner(None)
        self.set(
            estimator=WinduEstimator() if estimator is None else estimator,
            data=data,
            target=target,
            preprocess=preprocess,
            split=split,
            evaluate=evaluate,
            metastore=metastore,
            name=name,
            trusted=trusted,
        )

    @property
    def settings(self) -> dict[str, Any]:
        """What this pipeline was made with, by name."""
        return dict(self._settings)

    def __repr__(self) -> str:
        said = ", ".join(
            f"{name}={value!r}"
            for name, value in self._settings.items()
            if name != "data" and value not in (None, (), [])
        )
        return f"TrainingPipeline({said})"

    def _repr_html_(self) -> str:
        if hasattr(self, "result_"):
            return self.result_._repr_html_()
        return f"<pre>{self!r}</pre>"

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
        own = {name: settings[name] for name in settings if name in _SETTINGS}
        parts = {name: settings[name] for name in settings if name not in _SETTINGS}
        for name in parts:
            if name.partition("__")[0] not in _PARTS:
                raise StepError(
                    f"A setting must be one of {list(_SETTINGS)}, or a parameter of "
                    f"WinduEstimator. Got {name!r}."
                    + did_you_mean(name, [*_SETTINGS, *_PARTS])
                )
        made = self._settings | _checked(own)
        if parts:
            made["estimator"] = clone(made["estimator"]).set_params(**parts)
        self._settings = made
        store = made["metastore"]
        self._runner.cache = None if store is None else cache_of(store)
        self._runner.trusted = {*made["trusted"], *_own_types(made["estimator"])}
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
            Called after each step with what became of it.

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
        given = self._settings
        values = {**given, "target_name": given["target"]}
        values |= {"scores": given["evaluate"], "parameters": given["estimator"]}
        try:
            made = self._runner.run(
                steps_of(
                    preprocesses=bool(given["preprocess"]),
                    model=given["estimator"].model is not None,
                ),
                values,
                self._keys(values),
                start=start,
                until=until,
                tell=progress,
                keys_of={"load": _read_keys(values), "prepare": self._prepared_keys},
            )
        finally:
            steps = steps_table(self._runner.done)
        last = self._runner.done[-1].step
        metrics = made.get("metrics", {})
        stored = None
        store, name = given["metastore"], given["name"]
        if until is None and store is not None and name is not None:
            stored = store.save(
                made["estimator_"],
                name,
                metrics=metrics,
                data=digest_of(made["X"]),
            )
        self.result_ = PipelineResult(
            *(steps, made.get("estimator_"), metrics, stored),
            made[MAIN.get(last, "estimator_")],
        )
        return self.result_

    def _keys(self, values: Mapping[str, Any]) -> dict[str, str | None]:
        names = ("target_name", "preprocess", "split", "scores", "parameters")
        keys: dict[str, str | None] = {name: digest_of(values[name]) for name in names}
        # Parts are fitted in their place, so that fresh ones are made each time.
        return keys | {"estimator": None, "data": source_digest(values["data"])}

    def _prepared_keys(self, values: Mapping[str, Any]) -> dict[str, str | None]:
        return first_keys(values, self._runner.key_of("split"))

    def _value_of(self, step: str) -> Any:
        return self.run(until=step).value

    def predict(self, X: Any = None) -> Any:
        """Predict with the fitted estimator, or return the table of predictions.

        Parameters
        ----------
        X : table, default=None
            New rows; None gives target and predictions of what was held back, one
            table a part.

        Returns
        -------
        ndarray or dict of str to DataFrame
            As `WinduEstimator.predict`.
        """
        if X is None:
            return self._value_of("predict")
        result = getattr(self, "result_", None)
        fitted = result.estimator if result is not None else None
        return (fitted or self.run(until="assemble").estimator).predict(X)


def _read_keys(
    given: Mapping[str, Any],
) -> Callable[[dict[str, Any]], dict[str, str | None]]:
    """Return what gives the key of a table that was read: by files, or by content."""
    known = source_digest(given["data"])

    def keys(values: dict[str, Any]) -> dict[str, str | None]:
        return {"raw": digest_of(values["raw"]) if known is None else f"{known}:raw"}

    return keys


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings in their own form, or raise."""
    made = dict(settings)
    if "estimator" in made and not isinstance(made["estimator"], WinduEstimator):
        raise PartError(
            "The estimator of a pipeline must be a WinduEstimator. Got "
            f"{type(made['estimator']).__name__}. Pass WinduEstimator(model)."
        )
    if made.get("evaluate") is not None:
        made["evaluate"] = check_scores(made["evaluate"])
    if "preprocess" in made:
        given = made["preprocess"] or []
        given = [given] if isinstance(given, str) or callable(given) else list(given)
        for one in given:
            if not callable(one) and one not in PREPROCESSORS:
                raise StepError(
                    f"preprocess must name one of {list(PREPROCESSORS)}, or be a "
                    f"function. Got {one!r}.{did_you_mean(one, PREPROCESSORS)}"
                )
        made["preprocess"] = given
    if isinstance(made.get("metastore"), str):
        made["metastore"] = Metastore(made["metastore"])
    if isinstance(made.get("data"), pd.DataFrame):
        made["data"] = made["data"].copy()
    return made


def _own_types(estimator: Any) -> set[str]:
    """Return the names of classes and functions that the code of the caller names."""
    held = [*estimator.get_params(deep=True).values()]
    for value in list(held):
        held += [getattr(value, "func", None)]
    names = set()
    for value in held:
        for one in (value, type(value)):
            if hasattr(one, "__qualname__") and hasattr(one, "__module__"):
                names.add(f"{one.__module__}.{one.__qualname__}")
    return names
