"""LightGBM's texts and XGBoost's bytes, looked at: edited ones can crash both."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from struct import Struct
from typing import Any

import numpy as np

__all__ = ["check_lightgbm", "check_xgboost", "read_ubjson"]

_TEXT_NUMBERS = re.compile(r"[-+0-9.einfa ]*\Z")
_PARAMETER = re.compile(r"\[[a-z0-9_]+: [^\n]*\]\Z")
#: Values of a node, and of a leaf.
_OF_NODES = (
    *("split_feature", "split_gain", "threshold", "decision_type"),
    *("left_child", "right_child"),
)
_OF_NODES_IF = ("internal_value", "internal_weight", "internal_count")
_OF_LEAVES_IF = ("leaf_weight", "leaf_count", "leaf_const", "num_features")
_PLAIN = ("num_leaves", "num_cat", "is_linear", "shrinkage")
_LISTS = ("cat_boundaries", "cat_threshold", "leaf_features", "leaf_coeff")
_KEYS = {*_OF_NODES, *_OF_NODES_IF, *_OF_LEAVES_IF, *_PLAIN, *_LISTS, "leaf_value"}


def check_lightgbm(text: str) -> None:
    """Raise if LightGBM could crash on the text of a model.

    Parameters
    ----------
    text : str
        As ``Booster.model_to_string`` gives it.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    head, _, rest = text.partition("\n\n")
    params = _pairs(head.partition("\n")[2])
    n_features = int(params["max_feature_idx"]) + 1
    n_class = int(params["num_class"])
    per_round = int(params["num_tree_per_iteration"])
    names = ("feature_names", "feature_infos")
    _require(
        all(len(params[name].split(" ")) == n_features for name in names)
        and n_features > 0
        and 0 < n_class == per_round,
        "its head does not agree with itself",
    )
    for text_of_number in re.findall(r"num_class:(\S*)", params.get("objective", "")):
        _require(
            text_of_number == params["num_class"], "its objective has other classes"
        )
    body = rest.lstrip("\n")
    sizes = _integers(params["tree_sizes"])
    _require((sizes > 0).all() and len(sizes) % per_round == 0, "its trees are odd")
    ends = [0, *accumulate(sizes.tolist())]
    for number, (start, end) in enumerate(pairwise(ends)):
        first, _, block = body[start:end].partition("\n")
        _require(first == f"Tree={number}", "a tree does not stand where it must")
        _check_text_tree(_pairs(block.rstrip("\n")), n_features)
    tail = body[ends[-1] :]
    _require(tail.startswith("end of trees\n"), "its trees do not end where they must")
    _check_parameters(tail)


def _check_parameters(tail: str) -> None:
    _, begun, rest = tail.partition("\nparameters:\n")
    listed, ended, _ = rest.partition("\nend of parameters\n")
    lines = listed.rstrip("\n").split("\n") if begun else []
    good = bool(begun) == bool(ended) and all(map(_PARAMETER.match, lines))
    _require(good, "its parameters are odd")


def _check_text_tree(tree: dict[str, str], n_features: int) -> None:
    _require(
        tree.keys() <= _KEYS and all(map(_TEXT_NUMBERS.match, tree.values())),
        "a tree holds something else",
    )
    n_leaves, n_sets = int(tree["num_leaves"]), int(tree["num_cat"])
    _require(n_leaves > 0, "a tree has no leaves")
    _check_lengths(tree, n_leaves)
    if n_leaves == 1:
        return
    nodes = np.arange(n_leaves - 1)
    for child in (_integers(tree["left_child"]), _integers(tree["right_child"])):
        # A leaf is -1, -2, ...; a node behind its parent rules out cycles.
        inside = (child >= -n_leaves) & (child < n_leaves - 1)
        _require((inside & ((child < 0) | (child > nodes))).all(), "a tree goes astray")
    _require(
        _within(_integers(tree["split_feature"]), n_features),
        "a tree asks for a feature that is not there",
    )
    by_level = (_integers(tree["decision_type"]) & 1).astype(bool)
    sets = np.array(tree["threshold"].split(), dtype=float)[by_level]
    _require(_within(sets, n_sets), "a tree asks for levels that are not there")
    if n_sets:
        bounds = _integers(tree["cat_boundaries"])
        n_words = len(tree["cat_threshold"].split())
        _require(
            len(bounds) == n_sets + 1
            and bounds[0] == 0
            and (np.diff(bounds) > 0).all()
            and bounds[-1] == n_words,
            "levels of a tree do not fit",
        )
    if "num_features" in tree:
        counts = _integers(tree["num_features"])
        used = _integers(tree.get("leaf_features", ""))
        _require(
            (counts >= 0).all()
            and counts.sum() == len(used) == len(tree.get("leaf_coeff", "").split())
            and _within(used, n_features),
            "linear leaves of a tree do not fit",
        )


def _check_lengths(tree: dict[str, str], n_leaves: int) -> None:
    lengths = {"leaf_value": n_leaves}
    if n_leaves > 1:
        lengths |= dict.fromkeys(_OF_NODES, n_leaves - 1)
        lengths |= {name: n_leaves - 1 for name in _OF_NODES_IF if name in tree}
        lengths |= {name: n_leaves for name in _OF_LEAVES_IF if name in tree}
    if int(tree.get("is_linear", "0")):
        lengths |= dict.fromkeys(("leaf_const", "num_features"), n_leaves)
    for name, length in lengths.items():
        _require(len(tree[name].split()) == length, f"a tree has an odd {name}")


def _pairs(block: str) -> dict[str, str]:
    lines = [line.partition("=") for line in block.split("\n")]
    values = {key: value for key, _, value in lines}
    _require(len(values) == len(lines), "a key stands twice")
    return values


def _integers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=np.int64)


_MAX_DEPTH = 32
_LENGTH = Struct(">q")
_NUMBERS = {
    code: np.dtype(f">{kind}")
    for code, kind in {
        **{"i": "i1", "U": "u1", "I": "i2", "l": "i4", "L": "i8"},
        **{"d": "f4", "D": "f8"},
    }.items()
}
#: What stands for the parent of a first node.
_NO_PARENT = (-1, 2**31 - 1)
_SCORES = re.compile(r"\[?[-+0-9.E,]+\]?\Z")


def check_xgboost(data: bytes) -> None:
    """Raise if XGBoost could crash on the bytes of a model.

    Parameters
    ----------
    data : bytes
        As ``Booster.save_raw("ubj")`` gives them.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    learner = read_ubjson(data)["learner"]
    params = learner["learner_model_param"]
    n_features, n_class, n_targets = (
        int(params[name]) for name in ("num_feature", "num_class", "num_target")
    )
    n_groups = max(n_class, n_targets, 1)
    scores = params["base_score"]
    _require(
        0 <= n_features < 2**31
        and n_class >= 0
        and n_targets > 0
        and _SCORES.match(scores)
        and len(scores.split(",")) in (1, n_groups),
        "its head does not agree with itself",
    )
    for objective in learner["objective"].values():
        if isinstance(objective, dict) and "num_class" in objective:
            _require(
                objective["num_class"] == params["num_class"], "it has other classes"
            )
    booster = learner["gradient_booster"]
    if booster["name"] == "gblinear":
        n_weights = len(booster["model"]["weights"])
        _require(n_weights == (n_features + 1) * n_groups, "it has odd weights")
        return
    dart = booster["name"] == "dart"
    model = (booster["gbtree"] if dart else booster)["model"]
    n_trees = len(model["trees"])
    groups, ends = np.array(model["tree_info"]), np.array(model["iteration_indptr"])
    _require(
        booster["name"] in ("dart", "gbtree")
        and (not dart or len(booster["weight_drop"]) == n_trees)
        and int(model["gbtree_model_param"]["num_trees"]) == n_trees == len(groups)
        and int(model["gbtree_model_param"]["num_parallel_tree"]) > 0
        and _within(groups, n_groups)
        and len(ends) > 0
        and (ends[0], ends[-1]) == (0, n_trees)
        and (np.diff(ends) >= 0).all(),
        "its trees do not fit",
    )
    for tree in model["trees"]:
        _check_tree(tree, n_features, n_targets)


def _check_tree(tree: dict[str, Any], n_features: int, n_targets: int) -> None:
    params = {name: int(value) for name, value in tree["tree_param"].items()}
    n, width = params["num_nodes"], max(params["size_leaf_vector"], 1)
    names = (
        *("left_children", "right_children", "parents", "split_indices"),
        *("split_conditions", "default_left", "split_type", "loss_changes"),
    )
    _require(
        n > 0
        and width in (1, n_targets)
        and params["num_deleted"] >= 0
        and all(len(tree[name]) == n for name in (*names, "sum_hessian"))
        and len(tree["base_weights"]) == n * width,
        "a tree has arrays of other lengths",
    )
    left_children, right = (
        np.array(tree["left_children"]),
        np.array(tree["right_children"]),
    )
    inner = left_children != -1
    children = np.concatenate([left_children[inner], right[inner]])
    # No node has two parents, and the first has none: there is no way back.
    _require(
        _within(children, n)
        and (children > 0).all()
        and len(np.unique(children)) == len(children)
        and _parents_fit(np.array(tree["parents"]), children, np.flatnonzero(inner)),
        "a tree goes astray",
    )
    _require(
        _within(np.array(tree["split_indices"])[inner], n_features),
        "a tree asks for a feature that is not there",
    )
    if width > 1:
        leaves = right[~inner]
        n_leaves = len(tree["leaf_weights"]) // width
        _require(_within(leaves, n_leaves), "a tree has leaves without weights")
    _check_levels(tree, np.array(tree["split_type"]))


def _parents_fit(parents: np.ndarray, children: np.ndarray, inner: np.ndarray) -> bool:
    # A node that was taken out keeps the parent that it had.
    own = np.isin(parents, _NO_PARENT) | ((parents >= 0) & (parents < len(parents)))
    return bool(own.all()) and np.array_equal(parents[children], np.tile(inner, 2))


def _check_levels(tree: dict[str, Any], kinds: np.ndarray) -> None:
    names = ("categories_nodes", "categories_segments", "categories_sizes")
    nodes, starts, sizes = (np.array(tree[name], dtype=np.int64) for name in names)
    levels = np.array(tree["categories"], dtype=np.int64)
    ends = np.cumsum(sizes)
    _require(
        _within(kinds, 2)
        and len(nodes) == len(starts) == len(sizes)
        and np.array_equal(nodes, np.flatnonzero(kinds))
        and (sizes > 0).all()
        and np.array_equal(starts, ends - sizes)
        and int(sizes.sum()) == len(levels)
        and _within(levels, 2**24),
        "levels of a tree do not fit",
    )


def read_ubjson(data: bytes) -> Any:
    """Return what bytes in the form of Universal Binary JSON hold.

    Parameters
    ----------
    data : bytes
        All of them must belong to it.

    Returns
    -------
    object
        Arrays of numbers as ndarrays.

    Raises
    ------
    ValueError
        If they are none.
    """
    content, end = _value(data, 0, 0)
    _require(end == len(data), "there are bytes behind its end")
    return content


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    _require(depth < _MAX_DEPTH, "it is nested too deep")
    code, at = data[at : at + 1].decode("ascii"), at + 1
    if code == "{":
        return _object(data, at, depth)
    if code == "[":
        return _array(data, at, depth)
    if code == "S":
        return _text(data, at)
    if code in ("T", "F", "Z"):
        return {"T": True, "F": False, "Z": None}[code], at
    numbers, at = _numbers(data, at, code, 1)
    return numbers[0].item(), at


def _object(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    members: dict[str, Any] = {}
    while data[at : at + 1] != b"}":
        key, at = _text(data, at)
        _require(key not in members, "a key stands twice")
        members[key], at = _value(data, at, depth + 1)
    return members, at + 1


def _array(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    code = ""
    if data[at : at + 1] == b"$":
        code, at = data[at + 1 : at + 2].decode("ascii"), at + 2
    _require(data[at : at + 1] == b"#", "an array does not say how long it is")
    count, at = _count(data, at + 1)
    if code:
        return _numbers(data, at, code, count)
    items = []
    for _ in range(count):
        item, at = _value(data, at, depth + 1)
        items.append(item)
    return items, at


def _text(data: bytes, at: int) -> tuple[str, int]:
    count, at = _count(data, at)
    return data[at : at + count].decode(), at + count


def _count(data: bytes, at: int) -> tuple[int, int]:
    _require(data[at : at + 1] == b"L", "a length is no whole number")
    (count,) = _LENGTH.unpack(data[at + 1 : at + 1 + _LENGTH.size])
    at += 1 + _LENGTH.size
    _require(0 <= count <= len(data) - at, "it is longer than its bytes")
    return count, at


def _numbers(data: bytes, at: int, code: str, count: int) -> tuple[Any, int]:
    _require(code in _NUMBERS, f"it holds a {code!r}")
    kind = _NUMBERS[code]
    end = at + count * kind.itemsize
    _require(end <= len(data), "it is longer than its bytes")
    return np.frombuffer(data[at:end], dtype=kind), end


def _within(values: np.ndarray, length: int) -> bool:
    return bool((values >= 0).all() and (values < length).all())


def _require(holds: Any, why: str) -> None:
    if not holds:
        raise ValueError(why)
