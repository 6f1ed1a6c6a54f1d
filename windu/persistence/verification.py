"""A saved object against its source: the same parameters, the same predictions."""

from __future__ import annotations

import copy
import reprlib
from typing import Any

import numpy as np

from windu.exceptions import PersistenceError
from windu.persistence.comparison import first_difference
from windu.schema.user.given import pandera_schema_of

__all__ = ["check_same", "without_own_checks"]


def check_same(saved: Any, loaded: Any) -> None:
    """Raise if what was loaded again differs from what was saved.

    Parameters
    ----------
    saved, loaded : object
        Before and after.

    Raises
    ------
    PersistenceError
        With the path of what changed.
    """
    if type(saved) is not type(loaded):
        raise PersistenceError(
            f"A saved {type(saved).__name__} must load as one. Got "
            f"{type(loaded).__name__}."
        )
    difference = first_difference(saved, loaded)
    if difference is not None:
        path, before, after = difference
        raise PersistenceError(
            "What is saved must come back as it was. Got "
            f"{path.lstrip('.')} of the {type(saved).__name__}: skops makes "
            f"{_shown(after)} of {_shown(before)}. Use a value that "
            "JSON can hold, for instance whole numbers or texts as keys, or an array "
            "of numpy."
        )
    if hasattr(saved, "example_"):
        saved, loaded = map(without_own_checks, (saved, loaded))
        for method in ("predict", "predict_proba"):
            if hasattr(saved, method):
                _check_equal(
                    method,
                    *(getattr(e, method)(saved.example_) for e in (saved, loaded)),
                )


def _shown(value: Any) -> str:
    text = reprlib.repr(value)
    kind = type(value).__name__
    return text if isinstance(value, (dict, list, tuple)) else f"the {kind} {text}"


def without_own_checks(estimator: Any) -> Any:
    """Return an estimator that takes its example whatever a user's schema asks for."""
    # A user's checks may ask for more than the few rows of the example have.
    if pandera_schema_of(getattr(estimator, "schema", None)) is None:
        return estimator
    estimator = copy.copy(estimator)
    estimator.schema = "infer"
    return estimator


def _check_equal(method: str, saved: Any, loaded: Any) -> None:
    if hasattr(saved, "toarray"):
        saved, loaded = saved.toarray(), loaded.toarray()
    if hasattr(saved, "equals"):
        same = saved.equals(loaded)
    elif isinstance(saved, list):
        # Rows of labels may be arrays.
        same = len(saved) == len(loaded) and all(map(np.array_equal, saved, loaded))
    else:
        kind = np.asarray(saved).dtype.kind
        same = np.array_equal(saved, loaded, equal_nan=kind == "f")
    if not same:
        raise PersistenceError(
            f"A saved estimator must {method} the same after load. It does not on the "
            "stored example. A part holds state that skops does not keep; use another."
        )
