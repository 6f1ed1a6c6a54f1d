"""CatBoost's bytes are looked at before CatBoost reads them: edited ones can crash it.

A ``cbm`` file is a head of eight bytes and a FlatBuffer [1]_ of CatBoost's own schema
[2]_, of which only what a prediction follows is read here.

References
----------
.. [1] FlatBuffers, "Internals", https://flatbuffers.dev/internals/.
.. [2] catboost/libs/model/flatbuffers/model.fbs of CatBoost.
"""

from __future__ import annotations

import json
from struct import error, unpack_from
from typing import Any

import numpy as np

__all__ = ["check_catboost", "holds_tables"]

_MAGIC = b"CBM1"
#: Fields of a model, of its trees, and of a feature, by their place in the schema.
_VERSION, _TREES, _FACTS, _PARTS = 0, 1, 2, 3
_DIMENSION, _SPLITS, _SIZES, _STARTS = 0, 1, 2, 3
_CATEGORICAL, _FLOATS, _ONE_HOT, _COUNTED = 4, 5, 6, 7
_LEAVES, _STEPS, _LEAF_OF_NODE, _TEXTS, _ESTIMATED = 8, 10, 11, 12, 13
_BIASES, _BINS, _EMBEDDINGS = 16, 17, 18
_HAS_NANS, _INDEX, _FLAT_INDEX, _BORDERS, _NAME, _NANS = 0, 1, 2, 3, 4, 5
_SCALE, _BIAS = 14, 15
#: What cannot be looked into: tables of levels, and other models.
_UNSUPPORTED = (_CATEGORICAL, _ONE_HOT, _COUNTED, _TEXTS, _ESTIMATED, _EMBEDDINGS)
_STEP = np.dtype([("left", "<u2"), ("right", "<u2")])
_BIN = np.dtype([("feature", "<u2"), ("mask", "u1"), ("split", "u1")])
#: Borders of one feature that CatBoost keeps together.
_PER_BIN = 254
#: What tells of classes, by the version of CatBoost.
_CLASSES = ("class_params", "multiclass_params")
_MAX_DEPTH = 16
_MAX_DIMENSION = 100_000


def holds_tables(data: bytes) -> bool:
    """Tell whether a model holds tables of levels, texts or embeddings.

    These cannot be looked into: who loads such a model must trust its origin.

    Parameters
    ----------
    data : bytes
        As ``CatBoost.save_model`` writes them.

    Raises
    ------
    ValueError
        If they are none of CatBoost.
    """
    model = _model(data)
    trees = model.table(_TREES)
    features = any(len(trees.vector(field, "<u4")) for field in _UNSUPPORTED)
    return features or _has_more(model, data)


def _model(data: bytes) -> _Table:
    _require(data[:4] == _MAGIC and len(data) >= 12, "it is no model")
    core = memoryview(data)[8:]
    return _Table(core, unpack_from("<I", core)[0])


def _has_more(model: _Table, data: bytes) -> bool:
    """Tell whether more than trees is stored, behind them or in parts of their own."""
    size = unpack_from("<I", data, 4)[0]
    return size != len(data) - 8 or len(model.vector(_PARTS, "<u4")) > 0


def check_catboost(data: bytes) -> None:
    """Raise if CatBoost could crash on the bytes of a model.

    Parameters
    ----------
    data : bytes
        As ``CatBoost.save_model`` writes them.

    Raises
    ------
    ValueError
        With what is wrong. Models of categorical, text or embedding features hold
        tables that cannot be looked into: these are features of numbers.
    """
    model = _model(data)
    _require(not _has_more(model, data), "more than its trees is stored")
    model.text(_VERSION)
    trees = model.table(_TREES)
    _require(
        not any(len(trees.vector(field, "<u4")) for field in _UNSUPPORTED),
        "it has features that are no numbers, whose tables cannot be checked",
    )
    _check_trees(trees, *_borders(trees))
    n_classes = max(2, trees.number(_DIMENSION, 0))
    for fact in model.tables(_FACTS):
        _check_fact(fact.text(0), fact.text(1), n_classes)


def _check_fact(name: str, text: str, n_classes: int) -> None:
    if name not in _CLASSES:
        return
    value = json.loads(text)
    _require(isinstance(value, dict), "its classes are odd")
    counted, names = value.get("class_to_label"), value.get("class_names")
    _require(
        counted == list(range(n_classes))
        and (names is None or np.size(names) == n_classes)
        and value.get("classes_count", 0) in (0, n_classes),
        "its classes are odd",
    )


def _borders(trees: _Table) -> tuple[int, int]:
    """Return how many borders there are, and how many groups of them."""
    features = trees.tables(_FLOATS)
    places = range(len(features))
    for place, feature in zip(places, features, strict=True):
        at = feature.number(_INDEX, -1), feature.number(_FLAT_INDEX, -1)
        _require(at == (place, place), "its features are out of order")
        _require(
            feature.holds(_HAS_NANS, 1) and feature.holds(_NANS, 1),
            "a feature is odd",
        )
        feature.text(_NAME, missing="")
    counts = [len(feature.vector(_BORDERS, "<f4")) for feature in features]
    return sum(counts), sum(-(-count // _PER_BIN) for count in counts)


def _check_trees(trees: _Table, n_borders: int, n_groups: int) -> None:
    splits, sizes = trees.vector(_SPLITS, "<i4"), trees.vector(_SIZES, "<i4")
    leaves, steps = trees.vector(_LEAVES, "<f8"), trees.vector(_STEPS, _STEP)
    bins = trees.vector(_BINS, _BIN)
    dimension = trees.number(_DIMENSION, 0)
    _require(trees.holds(_SCALE, 8) and trees.holds(_BIAS, 8), "its scale is odd")
    ends = np.cumsum(sizes, dtype=np.int64)
    _require(0 < dimension <= _MAX_DIMENSION, "its dimension is odd")
    _require(len(trees.vector(_BIASES, "<f8")) in (0, dimension), "its bias is odd")
    _require(
        (sizes >= 0).all()
        and np.array_equal(trees.vector(_STARTS, "<i4"), ends - sizes)
        and (ends[-1] if len(ends) else 0) == len(splits),
        "its trees do not stand where they must",
    )
    if len(steps) or len(trees.vector(_LEAF_OF_NODE, "<u4")):
        _check_steps(trees, steps, ends, sizes, len(leaves) - dimension)
    else:
        n_leaves = sum(2 ** int(size) for size in sizes if size <= _MAX_DEPTH)
        _require(
            (sizes <= _MAX_DEPTH).all() and n_leaves * dimension == len(leaves),
            "its leaves are not those of its trees",
        )
    # Leaves have splits as well, the first one.
    _require(
        (splits >= 0).all()
        and (splits < max(n_borders, 1)).all()
        and len(bins) in (0, len(splits))
        and (bins["feature"] < max(n_groups, 1)).all(),
        "it splits by borders that it has not",
    )


def _check_steps(
    trees: _Table, steps: np.ndarray, ends: np.ndarray, sizes: np.ndarray, last: int
) -> None:
    """Raise if a step from node to node leads out of its tree."""
    at = np.arange(len(steps))
    _require(len(steps) == sizes.sum() and (sizes > 0).all(), "its nodes are odd")
    end = np.repeat(ends, sizes)
    leaf_of = trees.vector(_LEAF_OF_NODE, "<u4").astype(np.int64)
    _require(len(leaf_of) == len(steps), "its nodes are odd")
    leaf = (steps["left"] == 0) | (steps["right"] == 0)
    _require(
        all((at + steps[side] < end).all() for side in ("left", "right"))
        and (leaf_of[leaf] <= last).all(),
        "a node leads out of its tree",
    )


class _Table:
    """A table of a FlatBuffer; whatever leads out of the bytes is an error."""

    def __init__(self, data: memoryview, at: int):
        self.data, self.at = data, at
        start = at - self._unpack("<i", at)
        size = self._unpack("<H", start)
        _require(size >= 4 and size % 2 == 0, "a table is odd")
        self.fields = [self._unpack("<H", start + place) for place in range(4, size, 2)]

    def number(self, field: int, default: int) -> int:
        place = self._place(field)
        return default if place is None else self._unpack("<i", place)

    def holds(self, field: int, n_bytes: int) -> bool:
        """Tell whether a value of so many bytes is inside; one left out is, too."""
        place = self._place(field)
        return place is None or place + n_bytes <= len(self.data)

    def text(self, field: int, missing: str | None = None) -> str:
        place = self._place(field)
        if place is None:
            _require(missing is not None, "a text is missing")
            return missing or ""
        start = place + self._unpack("<I", place)
        end = start + 4 + self._unpack("<I", start)
        # Readers in C go on to the zero behind it.
        _require(end < len(self.data) and self.data[end] == 0, "a text has no end")
        return bytes(self.data[start + 4 : end]).decode()

    def vector(self, field: int, dtype: Any) -> np.ndarray:
        place = self._place(field)
        if place is None:
            return np.empty(0, dtype=dtype)
        start = place + self._unpack("<I", place)
        return np.frombuffer(self.data, dtype, self._unpack("<I", start), start + 4)

    def table(self, field: int) -> _Table:
        place = self._place(field)
        if place is None:
            raise ValueError("a table is missing")
        return _Table(self.data, place + self._unpack("<I", place))

    def tables(self, field: int) -> list[_Table]:
        offsets = self.vector(field, "<u4")
        if not len(offsets):
            return []
        place = self._place(field) or 0
        first = place + self._unpack("<I", place) + 4
        return [
            _Table(self.data, first + 4 * number + int(offset))
            for number, offset in enumerate(offsets)
        ]

    def _place(self, field: int) -> int | None:
        offset = self.fields[field] if field < len(self.fields) else 0
        return self.at + offset if offset else None

    def _unpack(self, form: str, at: int) -> int:
        _require(0 <= at <= len(self.data) - 2, "a table leads out of it")
        try:
            return int(unpack_from(form, self.data, at)[0])
        except error:
            raise ValueError("a table leads out of it") from None


def _require(holds: Any, requirement: str) -> None:
    if not holds:
        raise ValueError(requirement)
