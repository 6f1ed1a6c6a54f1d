"""Running the steps of a pipeline: computed, kept in memory, or cached."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from windu.estimator.memo import Memo, key_of_step, keys_made
from windu.exceptions import (
    PersistenceError,
    StepError,
    StorageError,
    UntrustedTypesError,
    did_you_mean,
)
from windu.metastore.cache import StepCache
from windu.steps import Step, run_steps

__all__ = ["HIDDEN", "Done", "StepRunner"]

#: Steps that take longer to compute than to read from the cache.
CACHED = frozenset(
    {
        *("load", "preprocess", "featurize", "fit_transformer", "fit_model"),
        *("select_threshold", "evaluate", "describe"),
    }
)


#: Steps that are not shown to users.
HIDDEN = ("prepare", "check_features", "assemble")


@dataclass
class Done:
    """The outcome of one step.

    Attributes
    ----------
    step : str
        Its name.
    state : {"running", "ran", "cached", "kept", "absent"}
        Whether it has just begun, ran, came from the store's cache, was still in
        memory, or has nothing to do since its part is None.
    seconds : float
        How long it took.
    shapes : str
        Shapes of the tables that it made.
    note : str
        Why it could not be cached, where it could not.
    """

    step: str
    state: str
    seconds: float
    shapes: str = ""
    note: str = ""


#: The part without which a step does nothing.
_ABSENT = {
    **{"featurize": "featurizer", "fit_transformer": "transformer"},
    **{"transform": "transformer_", "fit_model": "model"},
    **{"fit_label_encoder": "target", "encode": "target"},
    "select_threshold": "threshold",
}


@dataclass
class StepRunner:
    """Run lists of steps, each again only if one of its inputs has changed.

    The last result of each step is kept in memory, and that of slow steps in a cache.

    Parameters
    ----------
    cache : StepCache or None
        Where outputs are kept for other processes.
    trusted : collection of str, default=()
        Types and functions of a user's own that cached parts may hold.
    cached : collection of str
        Names of the steps whose outputs are kept in the cache.
    """

    cache: StepCache | None
    trusted: Collection[str] = ()
    cached: Collection[str] = CACHED
    done: list[Done] = field(default_factory=list)
    _memo: Memo = field(default_factory=Memo)
    _keys: dict[str, str | None] = field(default_factory=dict)

    def run(
        self,
        steps: Sequence[Step],
        values: Mapping[str, Any],
        keys: Mapping[str, str | None],
        *,
        start: str | None = None,
        until: str | None = None,
        report: Callable[[Done], None] | None = None,
        keys_of: Mapping[str, Callable[[dict[str, Any]], dict[str, str | None]]],
    ) -> dict[str, Any]:
        """Run steps, and return all values.

        Parameters
        ----------
        steps : sequence of Step
            In order.
        values : mapping of str to object
            What is there before the first.
        keys : mapping of str to str or None
            Their keys.
        start : str, default=None
            The first step that runs in any case; what earlier ones make must be in
            memory or in the cache.
        until : str, default=None
            The last step.
        report : callable, default=None
            Called before each step and after it.
        keys_of : mapping of str to callable
            For steps whose outputs have keys of their own: given what the step made,
            returns them.

        Returns
        -------
        dict of str to object
            The given values and all that was made.

        Raises
        ------
        StepError
            If `start` or `until` is no step, or something is missing before `start`.
        """
        names = [step.name for step in steps]
        shown = [name for name in names if name not in HIDDEN]
        for argument, step_given in (("start", start), ("until", until)):
            if step_given is not None and step_given not in names:
                raise StepError(
                    f"{argument} must name one of the steps {shown}. Got "
                    f"{step_given!r}." + did_you_mean(step_given, shown)
                )
        first = 0 if start is None else names.index(start)
        key_of = dict(keys)
        self.done = []

        def perform(step: Step, needed: Mapping[str, Any]) -> Mapping[str, Any]:
            before = time.perf_counter()
            if report is not None:
                report(Done(step.name, "running", 0.0))
            key = key_of_step(step, [key_of.get(name) for name in step.needs])
            at, absent = names.index(step.name), _is_absent(step, needed)

            def make() -> dict[str, Any]:
                if at < first and step.name in self.cached and not absent:
                    raise StepError(
                        f"To start at {start!r}, what {step.name!r} makes must be in "
                        "memory or in the cache of the metastore. Got neither, or what "
                        "it depends on has changed. Run without start, or from "
                        f"{step.name!r}."
                    )
                return step.run(needed)

            fresh = start is not None and at >= first
            values, state, note = self._memo.make(
                key,
                make,
                outside=None if absent else self._outside(step, fresh),
                fresh=fresh,
                slot=step.name,
            )
            if state == "ran" and absent:
                state = "absent"
            elif state == "ran" and key is None and self._is_cached(step):
                note = "not cached: it depends on what has no digest"
            self._keys[step.name] = key
            own = keys_of.get(step.name)
            key_of.update(own(values) if own is not None else keys_made(step, key))
            self.done.append(
                Done(
                    *(step.name, state, time.perf_counter() - before),
                    *(_shapes(values), note),
                )
            )
            if report is not None:
                report(self.done[-1])
            return values

        return run_steps(steps, values, until=until, perform=perform)

    def key_of(self, step: str) -> str | None:
        """Return the key under which a step was performed last."""
        return self._keys[step]

    def _is_cached(self, step: Step) -> bool:
        return self.cache is not None and step.name in self.cached

    def _outside(self, step: Step, fresh: bool) -> Any:
        """Return a function that reads results from the cache or stores them there."""
        cache = self.cache
        if cache is None or step.name not in self.cached:
            return None

        def through_cache(key: str, make: Callable[[], dict[str, Any]]) -> Any:
            in_cache = None
            if not fresh:
                with suppress(UntrustedTypesError):
                    in_cache = cache.get(key, trusted=self.trusted)
            if in_cache is not None and set(in_cache) == set(step.makes):
                return in_cache, "cached", ""
            values = make()
            try:
                cache.put(key, values, step=step.name)
            except (PersistenceError, StorageError) as error:
                return values, "ran", f"not cached: {error}"
            return values, "ran", ""

        return through_cache


def _is_absent(step: Step, needed: Mapping[str, Any]) -> bool:
    part = _ABSENT.get(step.name)
    return part is not None and needed[part] is None


def _shapes(values: Mapping[str, Any]) -> str:
    """Return the shapes of the tables in the results of a step."""
    texts = [
        f"{name} {' x '.join(map(str, value.shape))}"
        for name, value in values.items()
        if len(getattr(value, "shape", None) or ()) == 2 and name != "fitted_matrix"
    ]
    return ", ".join(dict.fromkeys(texts))
