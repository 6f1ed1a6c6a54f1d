"""A cache of step results, shared by pipelines, searches and ``memory=``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd
from scipy import sparse

from windu.estimator.digests import IDLE, digest_of, versions
from windu.steps import Step

__all__ = ["Memo", "in_memory_of", "key_of_step", "keys_made"]

#: Values, where they come from ("ran", "kept" in memory, "cached" outside of it), and a
#: note for the user.
Outcome = tuple[Any, str, str]
Outside = Callable[[str, Callable[[], Any]], Outcome]


def key_of_step(step: Step, needed: Collection[str | None]) -> str | None:
    """Return the cache key of the results of a step.

    Parameters
    ----------
    step : Step
        The step.
    needed : collection of str or None
        The keys of its inputs, in order.

    Returns
    -------
    str or None
        A digest, which includes the versions of the libraries. None if an input has
        no key: the step then runs every time.
    """
    return None if None in needed else digest_of(step.name, list(needed), versions())


def keys_made(step: Step, key: str | None) -> dict[str, str | None]:
    """Return the keys of the results of a step, by name."""
    return {name: key and f"{key}:{name}" for name in step.makes}


class Memo:
    """Results by key, in memory up to a bound and, optionally, in a store.

    Parameters
    ----------
    steps : collection of str, default=()
        Names of the steps that `performer` looks up.
    max_bytes : int, default=2**30
        Bound on the tables and matrices in memory; the least recently used go first.
    outside : mapping of str to callable, default={}
        For steps whose results are also stored: a function of the key and of the
        function that computes the results; returns them with a state and a note.

    Examples
    --------
    >>> from windu.estimator.memo import Memo
    >>> memo = Memo()
    >>> memo.make("key", lambda: 1), memo.make("key", lambda: 2)
    ((1, 'ran', ''), (1, 'kept', ''))
    """

    def __init__(
        self,
        steps: Collection[str] = (),
        max_bytes: int = 2**30,
        outside: Mapping[str, Outside] = MappingProxyType({}),
    ):
        self.steps = steps
        self.max_bytes = max_bytes
        self.outside = outside
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._slots: dict[str, str] = {}

    def make(
        self,
        key: str | None,
        make_values: Callable[[], Any],
        *,
        outside: Outside | None = None,
        fresh: bool = False,
        slot: str | None = None,
    ) -> Outcome:
        """Return the results of a key, computed if they are not cached.

        Parameters
        ----------
        key : str or None
            None does not cache.
        make_values : callable
            Called without arguments.
        outside : callable, default=None
            Looks for the results in a store, and stores them.
        fresh : bool, default=False
            Whether to ignore the results in memory.
        slot : str, default=None
            A new result replaces the previous one of the same slot.

        Returns
        -------
        values : object
            The same object each time.
        state : str
            "ran", "kept" or "cached".
        note : str
            Why the results could not be stored.
        """
        if key is None:
            return make_values(), "ran", ""
        if key in self._kept and not fresh:
            self._kept.move_to_end(key)
            return self._kept[key][0], "kept", ""
        outcome = outside(key, make_values) if outside else (make_values(), "ran", "")
        self._keep(key, outcome[0], slot)
        return outcome

    def _keep(self, key: str, values: Any, slot: str | None) -> None:
        if slot is not None:
            self._kept.pop(self._slots.get(slot, ""), None)
            self._slots[slot] = key
        self._kept[key] = values, _bytes_of(values)
        # The newest result stays, whatever its size: it is needed now.
        while len(self._kept) > 1 and self.n_bytes > self.max_bytes:
            self._kept.popitem(last=False)

    @property
    def n_bytes(self) -> int:
        """Bytes of the cached tables and matrices."""
        return sum(size for _, size in self._kept.values())

    def performer(
        self, values: Mapping[str, Any], keys: dict[str, str | None]
    ) -> Callable[[Step, Mapping[str, Any]], Any]:
        """Return a function that runs the steps of `fit` through the cache.

        Parameters
        ----------
        values : mapping of str to object
            What the steps start from.
        keys : dict of str to str or None
            Keys of some inputs; the keys of the others and of results are added.

        Returns
        -------
        callable
            For `windu.steps.run_steps`.
        """

        def key_of(name: str) -> str | None:
            if name not in keys:
                keys[name] = "" if name in IDLE else digest_of(values[name])
            return keys[name]

        def perform(step: Step, needed: Mapping[str, Any]) -> Any:
            if step.name not in self.steps:
                return step.run(needed)
            key = key_of_step(step, [key_of(name) for name in step.needs])
            keys.update(keys_made(step, key))
            outside = self.outside.get(step.name)
            return self.make(key, lambda: step.run(needed), outside=outside)[0]

        return perform


def in_memory_of(memory: Any) -> Outside:
    """Return a function that stores results by the parameter ``memory``.

    Parameters
    ----------
    memory : object with the joblib.Memory interface
        Functions are cached by it; the one here depends on its key alone.
    """
    perform = memory.cache(_perform)

    def outside(key: str, make_values: Callable[[], Any]) -> Outcome:
        return perform(_Work(key, make_values)), "ran", ""

    return outside


def _perform(work: _Work) -> Any:
    assert work.make_values is not None
    return work.make_values()


class _Work:
    """A computation that joblib hashes by its key."""

    def __init__(self, key: str, make_values: Callable[[], Any] | None = None):
        self.key, self.make_values = key, make_values

    def __reduce__(self) -> tuple[Any, ...]:
        return _Work, (self.key,)

    def __repr__(self) -> str:
        return self.key


def _bytes_of(values: Any) -> int:
    if isinstance(values, (tuple, Mapping)):
        parts = values.values() if isinstance(values, Mapping) else values
        return sum(map(_bytes_of, parts))
    if isinstance(values, pd.DataFrame):
        return int(values.memory_usage(deep=True).sum())
    if sparse.issparse(values):
        return int(values.data.nbytes)
    return int(getattr(values, "nbytes", 0))
