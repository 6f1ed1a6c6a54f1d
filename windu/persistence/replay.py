"""Comparison of saved and loaded estimators, and replay of the example."""

from __future__ import annotations

import copy
import json
import math
import reprlib
import warnings
from collections.abc import Mapping
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.neighbors import BallTree, KDTree

from windu.exceptions import (
    FeatureSchemaError,
    IntegrityError,
    PersistenceError,
    VersionError,
    WinduWarning,
)
from windu.io.cells import plain_value, plain_values
from windu.persistence.flavors import is_native
from windu.persistence.functions import CODE
from windu.schema.user.given import pandera_schema_of

__all__ = [
    "TOLERANCE",
    "check_given",
    "check_replay",
    "check_same",
    "differences",
    "expected",
    "first_difference",
    "without_own_checks",
]

_PLAIN = (str, bytes, bytearray, int, float, complex, type(None), type(...), range)
#: Types whose equal values are identical.
_EXACT = frozenset((str, int, bool, bytes))
_INDICES = ("indices", "indptr", "offsets", "coords")

#: Counters of a nearest-neighbor tree: trims, leaves, splits and calls.
_COUNTERS = range(7, 11)


def first_difference(saved: Any, loaded: Any) -> tuple[str, Any, Any] | None:
    """Return the first difference in the stored state of two objects.

    Parameters
    ----------
    saved, loaded : object
        What was saved, and what came of it.

    Returns
    -------
    tuple of (str, object, object) or None
        The path, such as ``.model.class_weight[False]``, and what stands there in each;
        None if there is no difference.

    Examples
    --------
    >>> from windu.persistence.replay import first_difference
    >>> first_difference({"a": [1, 2]}, {"a": [1, 3]})
    ("['a'][1]", 2, 3)
    """
    seen: set[tuple[int, int]] = set()
    # Keeps objects alive, so that ids stay unique.
    alive = []
    stack = [("", saved, loaded)]
    while stack:
        path, value_saved, value_loaded = stack.pop()
        if value_saved is value_loaded or (id(value_saved), id(value_loaded)) in seen:
            continue
        if type(value_saved) is type(value_loaded) and type(value_saved) in _EXACT:
            if value_saved == value_loaded:
                continue
            return path, value_saved, value_loaded
        seen.add((id(value_saved), id(value_loaded)))
        alive.append((value_saved, value_loaded))
        if type(value_saved) is not type(value_loaded) or not _alike(
            value_saved, value_loaded
        ):
            return path, value_saved, value_loaded
        for place, *pair in reversed(_pairs(value_saved, value_loaded)):
            stack.append((path + place, *pair))
    return None


def _alike(saved: Any, loaded: Any) -> bool:
    """Tell whether two objects of one type are equal, apart from their content."""
    if isinstance(saved, _PLAIN):
        # Distinguishes -0.0 from 0.0, and treats nan as equal.
        return repr(saved) == repr(loaded)
    if isinstance(saved, CODE):
        return bool(saved == loaded)
    if isinstance(saved, (np.ndarray, np.generic)):
        return _same_array(np.asanyarray(saved), np.asanyarray(loaded))
    if isinstance(saved, np.dtype):
        return bool(saved == loaded)
    if isinstance(saved, dict):
        return _keys(saved) == _keys(loaded)
    if isinstance(saved, (set, frozenset)):
        return sorted(map(repr, saved)) == sorted(map(repr, loaded))
    if isinstance(saved, (list, tuple)):
        return len(saved) == len(loaded)
    if sparse.issparse(saved):
        # scipy chooses the width of the indices.
        names = [name for name in _INDICES if hasattr(saved, name)]
        states = ([getattr(side, name) for name in names] for side in (saved, loaded))
        return (saved.shape, saved.format) == (loaded.shape, loaded.format) and all(
            map(np.array_equal, *states)
        )
    return True


def _same_array(saved: np.ndarray, loaded: np.ndarray) -> bool:
    if saved.dtype != loaded.dtype or saved.shape != loaded.shape:
        return False
    if saved.dtype == object:
        return True
    if isinstance(saved, np.ma.MaskedArray):
        same = np.array_equal(np.ma.getmaskarray(saved), np.ma.getmaskarray(loaded))
        return same and bool(np.ma.allequal(saved, loaded))
    if saved.dtype.names:
        # Padding bytes between fields are arbitrary.
        names = saved.dtype.names
        return all([_same_array(saved[name], loaded[name]) for name in names])
    return saved.tobytes() == loaded.tobytes()


def _keys(mapping: dict[Any, Any]) -> list[tuple[type, str]]:
    return [(type(key), repr(key)) for key in mapping]


def _pairs(saved: Any, loaded: Any) -> list[tuple[str, Any, Any]]:
    """Return the content of two equal objects in pairs."""
    if isinstance(saved, (*_PLAIN, *CODE)) or is_native(saved):
        return []
    if isinstance(saved, dict):
        values = zip(saved, saved.values(), loaded.values(), strict=True)
        return [(f"[{key!r}]", first, second) for key, first, second in values]
    if isinstance(saved, (list, tuple)):
        return _items(saved, loaded)
    if isinstance(saved, np.ndarray):
        is_plain = saved.dtype != object
        return [] if is_plain else _items(saved.ravel().tolist(), loaded.ravel())
    if sparse.issparse(saved):
        return [(".data", saved.data, loaded.data)]
    if isinstance(saved, partial):
        names = ("func", "args", "keywords")
        return [
            (f".{name}", getattr(saved, name), getattr(loaded, name)) for name in names
        ]
    if isinstance(saved, (KDTree, BallTree)):
        items = _items(saved.__getstate__(), loaded.__getstate__())
        return [item for number, item in enumerate(items) if number not in _COUNTERS]
    if isinstance(saved, (np.random.RandomState, np.random.Generator)):
        return [("", _stream(saved), _stream(loaded))]
    if isinstance(saved, (np.generic, np.dtype, set, frozenset)):
        return []
    pairs: list[tuple[str, Any, Any]] = []
    for state, other in zip(_content(saved), _content(loaded), strict=True):
        if isinstance(state, dict) and isinstance(other, dict):
            for name in sorted({*state, *other}, key=str):
                pair = state.get(name, _Missing), other.get(name, _Missing)
                pairs.append((f".{name}", *pair))
        else:
            pairs.append(("", state, other))
    return pairs


def _items(saved: Any, loaded: Any) -> list[tuple[str, Any, Any]]:
    pairs = enumerate(zip(saved, loaded, strict=True))
    return [(f"[{number}]", *pair) for number, pair in pairs]


class _Missing:
    """Marks a missing attribute."""


def _content(obj: Any) -> list[Any]:
    """Return the constructor arguments, state and items of an object."""
    try:
        reduced = obj.__reduce_ex__(4)
    except TypeError:
        # It cannot be reduced, and counts as different.
        return [_Missing(), None, None, None]
    if isinstance(reduced, str):
        return [reduced, None, None, None]
    arguments, state, items, pairs = [*reduced[1:], None, None, None][:4]
    items = None if items is None else list(items)
    return [arguments, state, items, None if pairs is None else list(pairs)]


def _stream(obj: Any) -> Any:
    if isinstance(obj, np.random.RandomState):
        return obj.get_state(legacy=False)
    return obj.bit_generator.state


def check_same(saved: Any, loaded: Any) -> None:
    """Raise if the loaded object differs from the saved one.

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
    """Return the estimator without the checks of the user's schema."""
    # A user's checks may need more rows than the example has.
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
        # Lists of labels may be arrays.
        same = len(saved) == len(loaded) and all(map(np.array_equal, saved, loaded))
    else:
        kind = np.asarray(saved).dtype.kind
        same = np.array_equal(saved, loaded, equal_nan=kind == "f")
    if not same:
        raise PersistenceError(
            f"A saved estimator must {method} the same after load. It does not on the "
            "stored example. A part holds state that skops does not keep; use another."
        )


#: Tolerance of predictions under other versions, absolute and relative.
TOLERANCE = 1e-9
_N_SHOWN = 5


def expected(estimator: Any) -> dict[str, Any]:
    """Return the predictions for the example as plain data.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.

    Returns
    -------
    dict of str to list
        By method: one list of values a row.
    """
    estimator = without_own_checks(estimator)
    frame = estimator.example_
    return {
        method: _rows(getattr(estimator, method)(frame))
        for method in _methods(estimator)
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> pd.DataFrame:
    """Return every value that differs.

    Parameters
    ----------
    before, now : mapping of str to list
        As `expected` gives them.

    Returns
    -------
    pandas.DataFrame
        With the columns method, row, column, expected, got, difference.
    """
    different = [
        (method, row, column, old, new, _distance(old, new))
        for method in sorted({*before, *now})
        for row, (olds, news) in enumerate(
            zip_longest(before.get(method, []), now.get(method, []), fillvalue=())
        )
        for column, (old, new) in enumerate(zip_longest(olds, news))
        if _distance(old, new) > 0
    ]
    names = ["method", "row", "column", "expected", "got", "difference"]
    return pd.DataFrame(different, columns=names)


def check_replay(
    estimator: Any, stored: bytes, changes: Mapping[str, tuple[str, str]], source: str
) -> None:
    """Raise if the predictions for the example have changed.

    Parameters
    ----------
    estimator : WinduEstimator
        As loaded.
    stored : bytes
        The artifact ``expected.json``.
    changes : mapping of str to tuple of str
        Packages with other versions than at save.
    source : str
        What it is called in messages.

    Raises
    ------
    VersionError
        With the versions and the differences.

    Warns
    -----
    WinduWarning
        If versions differ and all is well.
    """
    listed = ", ".join(
        f"{p} {now} (was {saved_outputs})"
        for p, (saved_outputs, now) in changes.items()
    )
    try:
        saved_outputs = json.loads(stored)
        different = differences(saved_outputs, expected(estimator))
    except (AttributeError, TypeError, ValueError) as error:
        if not changes:
            raise IntegrityError(f"{source} cannot predict: {error}.") from error
        raise VersionError(
            f"{source} must predict with the installed versions. Got "
            f"{type(error).__name__}: {error}. What differs: {listed}. Install the "
            "versions that it was saved with, or fit again."
        ) from error
    if len(different):
        raise VersionError(
            f"{source} must predict the same as when it was saved. On its example "
            f"{len(different)} values differ, by up to "
            f"{different['difference'].max():.3g}:\n"
            f"{different.head(_N_SHOWN).to_string(index=False)}\n"
            f"What differs: {listed or 'nothing that windu knows'}. Install the "
            "versions that it was saved with, or fit again.",
            different,
        )
    if changes:
        warnings.warn(
            f"{source} was saved with other versions: {listed}. Its predictions on the "
            "stored example are the same.",
            WinduWarning,
            stacklevel=2,
        )


def check_given(estimator: Any, stored: bytes, source: str) -> None:
    """Raise if a passed function does not return the features of training.

    Parameters
    ----------
    estimator : WinduEstimator
        With the function.
    stored : bytes
        The artifact ``expected.json``.
    source : str
        What it is called in messages.

    Raises
    ------
    FeatureSchemaError
        With all differences of the features.

    Warns
    -----
    WinduWarning
        If predictions on the example are others.
    """
    estimator = without_own_checks(estimator)
    report = estimator.validate(estimator.example_, features=True)
    if not report.ok:
        raise FeatureSchemaError(
            f"{source} needs a function that makes the features of training. The one "
            f"that is given does not, on the stored example:\n{report}\nGive the "
            "function of training, or fit again.",
            report,
        )
    different = differences(json.loads(stored), expected(estimator))
    if len(different):
        warnings.warn(
            f"{source} predicts {len(different)} other values on its example, with the "
            "function that is given, than when it was saved; they differ by up to "
            f"{different['difference'].max():.3g}. If that is not what you want, give "
            "the "
            "function of training.",
            WinduWarning,
            stacklevel=2,
        )


def _methods(estimator: Any) -> list[str]:
    if hasattr(estimator, "predict_proba"):
        return ["predict", "predict_proba"]
    if hasattr(estimator, "decision_function"):
        return ["predict", "decision_function"]
    return ["predict"] if hasattr(estimator, "predict") else ["transform"]


def _rows(output: Any) -> list[list[Any]]:
    if sparse.issparse(output):
        rows = output.tocsr()
        return [
            [
                [int(c), plain_value(v)]
                for c, v in zip(row.indices, row.data, strict=True)
            ]
            for row in rows
        ]
    if isinstance(output, (pd.DataFrame, pd.Series)):
        output = output.to_numpy(dtype=object)
    if isinstance(output, list):
        return [plain_values(np.ravel(row)) for row in output]
    return [plain_values(np.ravel(row).astype(object)) for row in output]


def _distance(old: Any, new: Any) -> float:
    """Return the distance of two values; 0 within the tolerance."""
    if isinstance(old, list) and isinstance(new, list) and old[:1] == new[:1]:
        # A cell of a sparse row: its column and its value.
        return _distance(old[1], new[1])
    if type(old) is not type(new) or not isinstance(old, (int, float)):
        return 0.0 if old == new and type(old) is type(new) else np.inf
    near = math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return 0.0 if near else abs(float(old) - float(new))
