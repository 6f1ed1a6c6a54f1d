"""Two object trees, compared whole: where they differ first."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.neighbors import BallTree, KDTree

from windu.persistence.flavors import is_native
from windu.persistence.functions import CODE

__all__ = ["first_difference"]

_PLAIN = (str, bytes, bytearray, int, float, complex, type(None), type(...), range)
_INDICES = ("indices", "indptr", "offsets", "coords")

#: What a tree of neighbours counts while it is asked: trims, leaves, splits and calls.
_COUNTERS = range(7, 11)


def first_difference(saved: Any, again: Any) -> tuple[str, Any, Any] | None:
    """Return where two objects differ first, in what is stored of them.

    Parameters
    ----------
    saved, again : object
        What was saved, and what came of it.

    Returns
    -------
    tuple of (str, object, object) or None
        The path, such as ``.model.class_weight[False]``, and what stands there in each;
        None if there is no difference.

    Examples
    --------
    >>> from windu.persistence.comparison import first_difference
    >>> first_difference({"a": [1, 2]}, {"a": [1, 3]})
    ("['a'][1]", 2, 3)
    """
    seen: set[tuple[int, int]] = set()
    # What is compared stays alive, so that an id means one object.
    kept = []
    stack = [("", saved, again)]
    while stack:
        path, one, other = stack.pop()
        if one is other or (id(one), id(other)) in seen:
            continue
        seen.add((id(one), id(other)))
        kept.append((one, other))
        if type(one) is not type(other) or not _alike(one, other):
            return path, one, other
        pairs = [(path + place, *pair) for place, *pair in _pairs(one, other)]
        stack += reversed(pairs)
    return None


def _alike(one: Any, other: Any) -> bool:
    """Tell whether two objects of a type are the same, but for the parts they hold."""
    if isinstance(one, _PLAIN):
        # Tells -0.0 from 0.0, and finds nan equal to itself.
        return repr(one) == repr(other)
    if isinstance(one, CODE):
        return bool(one == other)
    if isinstance(one, (np.ndarray, np.generic)):
        return _same_array(np.asanyarray(one), np.asanyarray(other))
    if isinstance(one, np.dtype):
        return bool(one == other)
    if isinstance(one, dict):
        return _keys(one) == _keys(other)
    if isinstance(one, (set, frozenset)):
        return sorted(map(repr, one)) == sorted(map(repr, other))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other)
    if sparse.issparse(one):
        # The width of their indices is scipy's to choose.
        names = [name for name in _INDICES if hasattr(one, name)]
        held = ([getattr(each, name) for name in names] for each in (one, other))
        return (one.shape, one.format) == (other.shape, other.format) and all(
            map(np.array_equal, *held)
        )
    return True


def _same_array(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype == object:
        return True
    if isinstance(one, np.ma.MaskedArray):
        same = np.array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other))
        return same and bool(np.ma.allequal(one, other))
    if one.dtype.names:
        # Between the fields lie bytes that nobody has set.
        return all(_same_array(one[field], other[field]) for field in one.dtype.names)
    return one.tobytes() == other.tobytes()


def _keys(held: dict[Any, Any]) -> list[tuple[type, str]]:
    return [(type(key), repr(key)) for key in held]


def _pairs(one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield what two alike objects hold, side by side."""
    if isinstance(one, (*_PLAIN, *CODE)) or is_native(one):
        return
    if isinstance(one, dict):
        values = zip(one, one.values(), other.values(), strict=True)
        yield from ((f"[{key!r}]", first, second) for key, first, second in values)
    elif isinstance(one, (list, tuple)):
        items = enumerate(zip(one, other, strict=True))
        yield from ((f"[{number}]", *pair) for number, pair in items)
    elif isinstance(one, np.ndarray):
        if one.dtype == object:
            lists = one.ravel().tolist(), other.ravel().tolist()
            items = enumerate(zip(*lists, strict=True))
            yield from ((f"[{number}]", *pair) for number, pair in items)
    elif sparse.issparse(one):
        yield ".data", one.data, other.data
    elif isinstance(one, partial):
        for name in ("func", "args", "keywords"):
            yield f".{name}", getattr(one, name), getattr(other, name)
    elif isinstance(one, (KDTree, BallTree)):
        counted = one.__getstate__(), other.__getstate__()
        items = enumerate(zip(*counted, strict=True))
        yield from ((f"[{n}]", *pair) for n, pair in items if n not in _COUNTERS)
    elif isinstance(one, (np.random.RandomState, np.random.Generator)):
        yield "", _stream(one), _stream(other)
    elif not isinstance(one, (np.generic, np.dtype, set, frozenset)):
        (made, *states), (made_of, *other_states) = _content(one), _content(other)
        yield "", made, made_of
        for state, other_state in zip(states, other_states, strict=True):
            if isinstance(state, dict) and isinstance(other_state, dict):
                for name in sorted({*state, *other_state}, key=str):
                    pair = (each.get(name, _Missing) for each in (state, other_state))
                    yield f".{name}", *pair
            else:
                yield "", state, other_state


class _Missing:
    """Stands for an attribute that is not there."""


def _content(held: Any) -> list[Any]:
    """Return how an object is made, its state, and the items that it is filled with."""
    try:
        reduced = held.__reduce_ex__(4)
    except TypeError:
        # It does not say; what came of it is another.
        return [_Missing(), None, None, None]
    if isinstance(reduced, str):
        return [reduced, None, None, None]
    arguments, state, items, pairs = [*reduced[1:], None, None, None][:4]
    filled = (None if one is None else list(one) for one in (items, pairs))
    return [arguments, state, *filled]


def _stream(held: Any) -> Any:
    if isinstance(held, np.random.RandomState):
        return held.get_state(legacy=False)
    return held.bit_generator.state
