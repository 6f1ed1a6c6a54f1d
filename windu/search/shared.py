"""Steps before the model, performed once for all candidates that share them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from scipy import sparse

from windu.estimator.digests import digest_of
from windu.steps import Step

__all__ = ["SharedSteps"]

#: What is kept: everything that a model is fitted on, and that no model changes.
_SHARED = frozenset(
    {
        *("infer_schema", "featurize", "fit_label_encoder", "encode"),
        *("fit_transformer", "transform"),
    }
)
#: What changes nothing of the result.
_IDLE = frozenset({"n_jobs", "verbose", "callback_context", "named"})


class SharedSteps:
    """Values in memory, by what they depend on.

    A step's key is the digest of its name and of the keys of what it needs, so that
    two candidates share exactly what they have in common. A value that nothing can be
    said of, such as a featurizer with a generator of random numbers, is never shared.

    Parameters
    ----------
    max_bytes : int, default=2**30
        Bound on the tables and matrices that are kept; those not used for longest go
        first.

    Attributes
    ----------
    hits : int
        How often something was there already.
    """

    def __init__(self, max_bytes: int = 2**30):
        self.max_bytes = max_bytes
        self.hits = 0
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def get(self, key: str | None, make_value: Callable[[], Any]) -> Any:
        """Return what is kept under a key, made first if it is not there.

        Parameters
        ----------
        key : str or None
            None keeps nothing.
        make_value : callable
            Called without arguments.

        Returns
        -------
        object
            The same object each time.
        """
        if key is None:
            return make_value()
        if key in self._kept:
            self.hits += 1
            self._kept.move_to_end(key)
            return self._kept[key][0]
        value = make_value()
        self._kept[key] = value, _bytes_of(value)
        # What was just made stays, however large: it is needed now.
        while len(self._kept) > 1 and self.n_bytes > self.max_bytes:
            self._kept.popitem(last=False)
        return value

    @property
    def n_bytes(self) -> int:
        """Bytes of the tables and matrices that are kept."""
        return sum(size for _, size in self._kept.values())

    def performer(
        self, values: Mapping[str, Any], rows: str | None
    ) -> tuple[Callable[[Step, Mapping[str, Any]], Any], dict[str, str | None]]:
        """Return what performs the steps of `fit` for one candidate.

        Parameters
        ----------
        values : mapping of str to object
            What the steps start from.
        rows : str or None
            The key of the rows to learn from, with their target.

        Returns
        -------
        perform : callable
            For `windu.steps.run_steps`.
        keys : dict of str to str or None
            Filled as steps are performed: the key of each value.
        """
        keys: dict[str, str | None] = dict.fromkeys(_IDLE, "")
        keys |= {"frame": rows, "target": rows}

        def key_of(name: str) -> str | None:
            if name not in keys:
                keys[name] = digest_of(values[name])
            return keys[name]

        def perform(step: Step, needed: Mapping[str, Any]) -> Any:
            if step.name not in _SHARED:
                return step.function(**needed)
            needs = [key_of(name) for name in step.needs]
            digest = None if None in needs else digest_of(step.name, needs)
            for name in step.makes:
                keys[name] = digest and f"{digest}:{name}"
            return self.get(digest, lambda: step.function(**needed))

        return perform, keys


def _bytes_of(value: Any) -> int:
    if isinstance(value, tuple):
        return sum(map(_bytes_of, value))
    if isinstance(value, pd.DataFrame):
        return int(value.memory_usage(deep=True).sum())
    if sparse.issparse(value):
        return int(value.data.nbytes)
    return int(getattr(value, "nbytes", 0))
