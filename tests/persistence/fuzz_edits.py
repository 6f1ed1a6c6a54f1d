"""Seeded edits of what a run holds: each gives back other bytes of the same kind."""

import copy
import json
import zipfile
from io import BytesIO

import numpy as np

from tests.persistence.forging import archive_of, members_of

#: What a number, a text or a flag may become.
VALUES = (
    *(None, True, False, 0, 1, -1, 2, 7, 255, 256, -(2**31), 2**31, 2**63, 10**30),
    *(0.5, -0.0, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
    *("", "x", "1", "../x", "kd_tree", "linear", "precomputed", "auto", "a" * 9999),
    *([], [0], [None], {}, {"a": 1}, [[1, 2], [3]]),
)
_DTYPES = ("i1", "i4", "i8", "u4", "f4", "f8", "f2", "?", "c16", "U3", "S5", ">f8")
_LOADERS = (
    *("DictNode", "ListNode", "TupleNode", "SetNode", "JsonNode", "ObjectNode"),
    *("TypeNode", "NdArrayNode", "CachedNode", "TreeNode", "ConstructorFromReduceNode"),
    *("SparseMatrixNode", "LossNode", "DTypeNode", "FunctionNode", "PartialNode"),
    *("MethodNode", "OperatorFuncNode", "BytesNode", "SliceNode", "NoSuchNode"),
    *("RandomStateNode", "RandomGeneratorNode", "MaskedArrayNode", "DefaultDictNode"),
)


def pick(rng, items):
    """Return one of the items as it is."""
    return items[int(rng.integers(len(items)))]


def mutated(data, rng):
    """Return bytes with one accident."""
    data = bytearray(data)
    if not data:
        return b"x"
    kind = rng.integers(7)
    start = int(rng.integers(len(data)))
    length = int(rng.integers(1, 64))
    if kind == 0:
        data[start] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        data[start : start + length] = rng.bytes(length)
    elif kind == 2:
        del data[start:]
    elif kind == 3:
        del data[start : start + length]
    elif kind == 4:
        data[start:start] = rng.bytes(length)
    elif kind == 5:
        data[start : start + length] = bytes(length)
    else:
        other = int(rng.integers(len(data)))
        data[start:start] = data[other : other + length]
    return bytes(data)


# Arrays


def npy(data, rng):
    """Return an array's file with other values, another shape or dtype."""
    array = np.load(BytesIO(data), allow_pickle=False)
    return saved(edited_array(array, rng))


def npz(data, rng):
    """Return a sparse matrix's file with one array edited."""
    members = members_of(data)
    name = pick(rng, sorted(members))
    if name == "format.npy" and rng.random() < 0.8:
        name = pick(rng, sorted(members))
    members[name] = npy(members[name], rng)
    return archive_of(members)


def saved(array):
    """Return the file of an array."""
    buffer = BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def edited_array(array, rng):
    """Return an array with one edit."""
    if rng.random() < 0.5 and array.size:
        return _other_values(array, rng)
    if rng.random() < 0.75:
        return _other_shape(array, rng)
    try:
        if array.dtype.names:
            return (
                array.view("u1") if rng.random() < 0.5 else array[array.dtype.names[0]]
            )
        return array.astype(pick(rng, _DTYPES))
    except (TypeError, ValueError, OverflowError):
        return np.zeros(array.shape, "i4")


def _other_values(array, rng):
    array = array.copy()
    if array.dtype.names:
        field = pick(rng, array.dtype.names)
        array[field] = _other_values(np.ascontiguousarray(array[field]), rng)
        return array
    flat = array.reshape(-1)
    kind, size = array.dtype.kind, array.size
    places = slice(None)
    if rng.random() < 0.7:
        places = rng.integers(size, size=int(rng.integers(1, 4)))
    if kind in "iu":
        info = np.iinfo(array.dtype)
        chosen = [-1, -2, 0, 1, size, size + 1, 10**6, 2**31 - 1, info.max, info.min]
        flat[places] = min(max(pick(rng, chosen), info.min), info.max)
        if rng.random() < 0.2:
            flat[:] = rng.permutation(flat)
    elif kind == "f":
        values = [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e308, 1e-320, 300.0]
        with np.errstate(over="ignore"):
            flat[places] = np.array(pick(rng, values)).astype(array.dtype)
    elif kind == "b":
        flat[places] = ~flat[places]
    elif kind in "US":
        flat[places] = pick(rng, ["", "x", "precomputed", "csc", "coo", "dia", "zzz"])
    return array


def _other_shape(array, rng):
    rows = len(array) if array.ndim else 0
    kind = int(rng.integers(10))
    if array.ndim == 0:
        return np.array([array] * 3)
    if kind == 0:
        return array[: int(rng.integers(rows + 1))]
    if kind == 1:
        return np.concatenate([array, array])
    if kind == 2:
        return array[:0]
    if kind == 3 and array.ndim > 1:
        return array[:, : int(rng.integers(array.shape[1] + 1))]
    if kind == 4 and array.ndim > 1:
        return np.concatenate([array, array], axis=1)
    if kind == 5:
        return np.asfortranarray(array.T)
    if kind == 6:
        return array.ravel()
    if kind == 7:
        return array[None]
    if kind == 8:
        return array.reshape(*array.shape, 1)
    return array.ravel()[:1].reshape(()) if array.size else array[None]


# JSON


def places(held, path=()):
    """Yield the path of every value in plain data, containers too."""
    yield path
    items = ()
    if isinstance(held, dict):
        items = held.items()
    elif isinstance(held, list):
        items = enumerate(held)
    for key, value in items:
        yield from places(value, (*path, key))


def at(held, path):
    """Return the value at a path."""
    for key in path:
        held = held[key]
    return held


def plain(data, rng):
    """Return JSON with one value, key or part edited."""
    held = json.loads(data)
    paths = [path for path in places(held) if path]
    if not paths:
        return b"[]"
    path = pick(rng, paths)
    parent = at(held, path[:-1])
    kind = int(rng.integers(6))
    if kind < 3:
        parent[path[-1]] = copy.deepcopy(pick(rng, VALUES))
    elif kind == 3:
        del parent[path[-1]]
    elif kind == 4:
        parent[path[-1]] = copy.deepcopy(at(held, pick(rng, paths)))
    elif isinstance(parent, dict):
        parent[pick(rng, ["", "x", "trusted", "format", "__class__"])] = 1
    else:
        parent.append(copy.deepcopy(pick(rng, VALUES)))
    return json.dumps(held).encode()


# skops


def nodes_of(tree):
    """Return the paths of every node of skops in a tree."""
    return [
        path
        for path in places(tree)
        if isinstance(held := at(tree, path), dict) and "__loader__" in held
    ]


def skops_tree(data, rng):
    """Return a tree of skops with one node edited, swapped, doubled or gone."""
    tree = json.loads(data)
    paths = nodes_of(tree)
    path, other = pick(rng, paths), pick(rng, paths)
    node = at(tree, path)
    kind = int(rng.integers(12))
    if kind < 4:
        # Settings and counts are where the logic is.
        plain_ones = [p for p in paths if at(tree, p)["__loader__"] == "JsonNode"]
        node = at(tree, pick(rng, plain_ones or paths))
        node["content"] = json.dumps(pick(rng, VALUES))
    elif kind == 4 and path:
        _put(tree, path, _json_node(pick(rng, VALUES)))
    elif kind == 5 and path and other:
        one, two = copy.deepcopy(node), copy.deepcopy(at(tree, other))
        _put(tree, path, two)
        if not _starts(other, path):
            _put(tree, other, one)
    elif kind == 6 and path:
        made = copy.deepcopy(at(tree, other))
        if rng.random() < 0.5:
            made = _without_ids(made)
        _put(tree, path, made)
    elif kind == 7:
        given = at(tree, other)
        node["__class__"], node["__module__"] = given["__class__"], given["__module__"]
    elif kind == 8:
        node["__loader__"] = pick(rng, _LOADERS)
    elif kind == 9:
        node["__id__"] = at(tree, other).get("__id__", 1)
        if rng.random() < 0.5:
            node["__loader__"] = "CachedNode"
    elif kind == 10:
        files = [p for p in paths if "file" in at(tree, p)]
        if files:
            at(tree, pick(rng, files))["file"] = at(tree, pick(rng, files))["file"]
    else:
        _drop_attribute(tree, paths, rng)
    return json.dumps(tree).encode()


def _starts(path, head):
    return path[: len(head)] == head


def _put(tree, path, node):
    at(tree, path[:-1])[path[-1]] = node


def _json_node(value):
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(value),
        "is_json": True,
    }


def _without_ids(held):
    if isinstance(held, dict):
        return {k: _without_ids(v) for k, v in held.items() if k != "__id__"}
    return [_without_ids(v) for v in held] if isinstance(held, list) else held


def _drop_attribute(tree, paths, rng):
    dicts = [p for p in paths if at(tree, p)["__loader__"] == "DictNode"]
    if not dicts:
        return
    node = at(tree, pick(rng, dicts))
    if node.get("content"):
        position = int(rng.integers(len(node["content"])))
        del node["content"][list(node["content"])[position]]
        if isinstance(node.get("key_types"), dict):
            del node["key_types"]["content"][position : position + 1]


def skops(data, rng):
    """Return a skops file with one member edited: its tree, or an array."""
    if rng.random() < 0.05:
        return mutated(data, rng)
    members = members_of(data)
    arrays = sorted(n for n in members if n.endswith((".npy", ".npz")))
    if arrays and rng.random() < 0.5:
        name = pick(rng, arrays)
        edit = npy if name.endswith(".npy") else npz
        members[name] = edit(members[name], rng)
    else:
        members["schema.json"] = skops_tree(members["schema.json"], rng)
    return archive_of(members)


def natives(data, rng):
    """Return a library's own file with bytes or numbers edited."""
    try:
        words = data.decode().split(" ")
    except UnicodeDecodeError:
        return mutated(data, rng)
    if rng.random() < 0.3 or len(words) < 3:
        return mutated(data, rng)
    for _ in range(int(rng.integers(1, 4))):
        words[int(rng.integers(len(words)))] = pick(
            rng, ["-1", "0", "99999999", "-2147483648", "nan", "1e308", "", "x", "2"]
        )
    return " ".join(words).encode()


def container(data, rng):
    """Return a whole file packed by another zip program, or with an accident."""
    if rng.random() < 0.5:
        return mutated(data, rng)
    members = members_of(data)
    name = pick(rng, sorted(members))
    kind = int(rng.integers(4))
    if kind == 0:
        del members[name]
    elif kind == 1:
        members[pick(rng, ["x", "../x", "a/", "model.9.txt"])] = members.pop(name)
    elif kind == 2:
        members[name] = members[pick(rng, sorted(members))]
    else:
        members["more.json"] = b"{}"
    buffer = BytesIO()
    method = pick(rng, [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    with zipfile.ZipFile(buffer, "w", method) as file:
        for member, held in members.items():
            file.writestr(member, held)
    return buffer.getvalue()
