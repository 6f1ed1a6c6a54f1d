"""LightGBM's text is looked at before LightGBM reads it: an edited one can crash it."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

__all__ = ["check_lightgbm"]

_NUMBERS = re.compile(r"[-+0-9.einfa ]*\Z")
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
        _check_tree(_pairs(block.rstrip("\n")), n_features)
    tail = body[ends[-1] :]
    _require(tail.startswith("end of trees\n"), "its trees do not end where they must")
    _check_parameters(tail)


def _check_parameters(tail: str) -> None:
    _, begun, rest = tail.partition("\nparameters:\n")
    listed, ended, _ = rest.partition("\nend of parameters\n")
    lines = listed.rstrip("\n").split("\n") if begun else []
    good = bool(begun) == bool(ended) and all(map(_PARAMETER.match, lines))
    _require(good, "its parameters are odd")


def _check_tree(tree: dict[str, str], n_features: int) -> None:
    _require(
        tree.keys() <= _KEYS and all(map(_NUMBERS.match, tree.values())),
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


def _within(values: np.ndarray, length: int) -> bool:
    return bool((values >= 0).all() and (values < length).all())


def _require(holds: Any, why: str) -> None:
    if not holds:
        raise ValueError(why)
