"""Files of an attacker: refused with a clean error before anything is built."""

import json
import os
import resource
import subprocess
import sys
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import skops.io
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from tests.conftest import make_ugly
from tests.persistence.forging import (
    archive_of,
    forged,
    members_of,
    with_member,
)
from tests.persistence.fuzz_edits import mutated
from windu import WinduEstimator, inspect, load, load_part, save
from windu.exceptions import IntegrityError, PersistenceError, UntrustedTypesError
from windu.persistence.format.artifacts import from_parquet
from windu.persistence.format.container import check_cost, check_roles

X, Y = make_ugly()
CALLS = []


def recorded(*args, **kwargs):
    """Function that a file would like to call."""
    CALLS.append((args, kwargs))
    return {}


NAME = f"{__name__}.recorded"
#: Functions that windu trusts, and that stand where skops would call them.
TRUSTED = "sklearn.utils.validation.check_array"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A file of windu's."""
    est = WinduEstimator("linear", random_state=0).fit(X, Y)
    return save(est, tmp_path_factory.mktemp("good") / "est.windu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same as a folder."""
    est = WinduEstimator("linear", random_state=0).fit(X, Y)
    return save(est, tmp_path_factory.mktemp("good") / "est")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_accidents_in_a_file(seed, good, tmp_path):
    """All are seen: 1,200 mutations of any byte."""
    rng, data = np.random.default_rng(seed), good.read_bytes()
    path = tmp_path / "bad.windu"
    for _ in range(200):
        bad = mutated(data, rng)
        if bad == data:
            continue
        path.write_bytes(bad)
        with pytest.raises(IntegrityError):
            load(path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_accidents_in_a_folder(seed, folder, tmp_path):
    """All are seen: 900 mutations of any artifact, or of the manifest."""
    rng = np.random.default_rng(seed)
    names = sorted(file.name for file in folder.iterdir())
    # What `load` itself does not need is read by `inspect`.
    for name in rng.choice(names, 150):
        file, data = folder / name, (folder / name).read_bytes()
        bad = mutated(data, rng)
        if bad == data:
            continue
        try:
            file.write_bytes(bad)
            with pytest.raises(IntegrityError):
                inspect(folder)
        finally:
            file.write_bytes(data)
    assert load(folder).task_ == "binary"


def junk():
    """Return 80 places and kinds of junk."""
    rng = np.random.default_rng(0)
    for place in ("before", "behind", "between", "doubled"):
        for size in (1, 2, 4, 16, 22, 30, 64, 100, 512, 4096):
            for fill in (bytes(size), rng.bytes(size)):
                yield place, fill


def test_junk_around_a_file(good, tmp_path):
    """80 of 80 are refused: what other readers of zip skip."""
    data, refused = good.read_bytes(), 0
    path = tmp_path / "bad.windu"
    for place, fill in junk():
        middle = data.index(b"PK\1\2")
        path.write_bytes(
            {
                "before": fill + data,
                "behind": data + fill,
                "between": data[:middle] + fill + data[middle:],
                "doubled": data + fill + data,
            }[place]
        )
        with pytest.raises(IntegrityError, match="byte for byte"):
            load(path)
        refused += 1
    assert refused == 80


def containers(members):
    """Yield files with the same members that other programs write."""
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield members, {"compression": compression}
    yield dict(reversed(members.items())), {}
    yield members | {"more.json": b"{}"}, {}
    yield {name: data for name, data in members.items() if name != "stats.json"}, {}
    yield members | {"../../escape": b"x"}, {}
    yield members | {"/etc/escape": b"x"}, {}
    yield {f"./{name}": data for name, data in members.items()}, {}


def test_other_containers(good, tmp_path):
    """The layout is one, and the members are those of the manifest."""
    members, path = members_of(good.read_bytes()), tmp_path / "bad.windu"
    for held, options in containers(members):
        with zipfile.ZipFile(path, "w", **options) as file:
            for name, data in held.items():
                file.writestr(name, data)
        with pytest.raises(IntegrityError):
            load(path)
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("schema.json", members["schema.json"])
    with pytest.raises(IntegrityError):
        load(path)


def edit_node(change):
    """Return an edit of an artifact that changes the first node."""

    def edit(data):
        tree = json.loads(data)
        change(tree)
        return json.dumps(tree).encode()

    return with_member("schema.json", edit)


def allowlisting():
    """Yield 50 ways in which a file says that it may be trusted."""
    names = ("trusted", "trusted_types", "_trusted", "allow", "safe")
    values = (["os.system"], "os.system", True, {"os.system": True}, ["*"])
    for name in names:
        for value in values:
            yield "node", name, value
            yield "json", name, value


@pytest.mark.slow
def test_files_that_allow_themselves(good, tmp_path):
    """0 of 50 load: trust is the loader's."""
    refused = 0
    for where, name, value in allowlisting():

        def hostile(tree, name=name, value=value):
            tree["__module__"], tree["__class__"] = "os", "system"
            tree[name] = value

        changes = {"model.skops": edit_node(hostile)}
        if where == "json":
            for file in ("metrics.json", "stats.json", "environment.json"):
                changes[file] = json.dumps({name: value}).encode()
        path = forged(good, changes, tmp_path / "bad.windu")
        with pytest.raises(UntrustedTypesError, match=r"os\.system"):
            load(path)
        refused += 1
    assert refused == 50
    stated = json.loads(members_of(good.read_bytes())["manifest.json"])
    assert "trusted" not in stated


def text(value):
    """Return a node that holds a text."""
    plain = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode"}
    return plain | {"content": json.dumps(value), "is_json": True}


def sequence(loader, *items, name=("list", "builtins")):
    """Return a node of a list or tuple."""
    return {
        "__class__": name[0],
        "__module__": name[1],
        "__loader__": loader,
        "content": list(items),
    }


def routes(full):
    """Return nodes that make skops call a name with arguments of the file."""
    module, _, name = full.rpartition(".")
    called = {"__class__": name, "__module__": module}
    types = called | {"__loader__": "TypeNode"}
    arguments = sequence("TupleNode", text("pwned"), name=("tuple", "builtins"))
    keys = sequence("ListNode", types)
    return {
        "reduce": called
        | {"__loader__": "ConstructorFromReduceNode", "content": arguments},
        "key types": {
            "__class__": "dict",
            "__module__": "builtins",
            "__loader__": "DictNode",
            "content": {"pwned": text(1)},
            "key_types": keys,
        },
        "list": sequence("ListNode", text("pwned"), name=(name, module)),
        "set": sequence("SetNode", text("pwned"), name=(name, module)),
        "tuple": sequence("TupleNode", text("pwned"), name=(name, module)),
        "dict": called
        | {"__loader__": "DictNode", "content": {}, "key_types": sequence("ListNode")},
        "array": called
        | {
            "__loader__": "NdArrayNode",
            "type": "json",
            "content": [],
            "shape": sequence("TupleNode", name=("tuple", "builtins")),
        },
        "object": called | {"__loader__": "ObjectNode"},
        "value": called | {"__loader__": "FunctionNode"},
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [NAME, TRUSTED])
@pytest.mark.parametrize("route", sorted(routes(NAME)))
def test_no_route_calls_a_trusted_function(route, name, good, tmp_path):
    """Trust in a function is trust in it as a featurizer, not with any arguments."""
    node = routes(name)[route]

    def hostile(tree):
        tree["content"]["content"]["C"] = node

    path = forged(good, {"model.skops": edit_node(hostile)}, tmp_path / "bad.windu")
    before = len(CALLS)
    if (route, name) == ("value", TRUSTED):
        # A reviewed function may be a value, where scikit-learn has it as one.
        with pytest.raises(UntrustedTypesError, match=r"check_array as \.C"):
            load(path)
        assert callable(load_part(path, "model", trusted=[name]).C)
        return
    with pytest.raises(PersistenceError):
        load(path)
    with pytest.raises(IntegrityError, match="must use each name as what it is"):
        load(path, trusted=[name])
    assert len(CALLS) == before


@pytest.mark.parametrize(
    "node",
    [
        routes(NAME)["object"],
        routes(NAME)["value"],
        routes("no_such_module.name")["object"],
        routes("builtins.no_such_name")["object"],
    ],
    ids=["function", "value", "module", "name"],
)
def test_a_name_is_looked_at_wherever_it_stands(node):
    """Before and after texts, dicts of a user, and nodes that were met before."""
    others = [text(0), sequence("ListNode"), sequence("ListNode"), {"key": text(1)}]
    check_roles(sequence("ListNode", *others), "it")
    for place in range(5):
        nodes = [*others[:place], node, *others[place:]]
        with pytest.raises(IntegrityError, match="use each name as what it is"):
            check_roles(sequence("ListNode", *nodes), "it")


def test_plain_skops_would_call(good):
    """The routes are real: without windu's look, the function runs."""
    tree = routes(NAME)["list"] | {"protocol": 2}
    archive = archive_of({"schema.json": json.dumps(tree).encode()})
    before = len(CALLS)
    skops.io.loads(archive, trusted=[NAME])
    assert len(CALLS) == before + 1


def billion():
    """Return a tree in which each part is shared twice by the next, 60 deep."""
    node = text(0) | {"__id__": 1}
    for number in range(2, 60):
        short = {"__id__": number - 1, "__loader__": "ListNode"}
        node = sequence("ListNode", node, short) | {"__id__": number}
    return node | {"protocol": 2}


def test_shared_parts_are_counted_as_often_as_they_are_met():
    """A tree is small, and a walk through it is without end."""
    with pytest.raises(IntegrityError, match="must hold at most 10000000 parts"):
        check_cost(billion(), "it")
    check_cost(sequence("ListNode", *[text(0)] * 99) | {"protocol": 2}, "it")


def deep(n):
    """Return a text of lists in lists."""
    return b"[" * n + b"]" * n


def bombs():
    """Return archives that are small, and ask for much."""
    zeros = BytesIO()
    np.save(zeros, np.zeros(2))
    header = zeros.getvalue()[:128]
    huge = header.replace(b"(2,), }", b"(134217728,), }").replace(b" " * 8, b"", 1)
    plain = json.dumps(text(0) | {"protocol": 2}).encode()
    npz = archive_of({"data.npy": header + bytes(2**28)})
    return {
        "array": {"1.npy": header + bytes(2**28), "schema.json": plain},
        "header": {"1.npy": huge, "schema.json": plain},
        "sparse": {"1.npz": npz, "schema.json": plain},
        "text": {"schema.json": b'{"a":"' + b"a" * 2**28 + b'"}'},
        "numbers": {"schema.json": b"[" + b"0," * 2**26 + b"0]"},
        "deep": {"schema.json": deep(100_000)},
        "shared": {"schema.json": json.dumps(billion()).encode()},
        "many": {f"{n}.npy": header for n in range(100_001)} | {"schema.json": plain},
    }


REFUSE = """
import resource, sys
from pathlib import Path
from windu.exceptions import IntegrityError
from windu.persistence.objects import types_in
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
for file in sorted(Path(sys.argv[1]).iterdir()):
    data, before = file.read_bytes(), peak()
    try:
        types_in(data, file.name)
    except IntegrityError as error:
        print(error.args[0])
    else:
        sys.exit(f"accepted {file}")
    assert peak() - before < 200, (file, before, peak())
"""


@pytest.mark.slow
def test_bombs(tmp_path):
    """Refused within 200 MB and a minute of them all, before they are unpacked."""
    for name, members in bombs().items():
        (tmp_path / name).write_bytes(archive_of(members))
    done = subprocess.run(
        [sys.executable, "-c", REFUSE, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    )
    assert not done.returncode, done.stderr
    assert len(done.stdout.splitlines()) == len(bombs())


def test_a_large_member_is_not_read(folder, tmp_path):
    """A file that is larger than its manifest says is read no further."""
    file, data = folder / "model.skops", (folder / "model.skops").read_bytes()
    try:
        with file.open("wb") as opened:
            opened.truncate(2**34)
        with pytest.raises(IntegrityError, match=r"'model.skops'"):
            load(folder)
    finally:
        file.write_bytes(data)


def test_a_name_in_the_file_is_not_a_path(good, tmp_path):
    """A native part asks for an artifact of the run, never for a file."""
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    for name in (str(secret), "../secret.txt", "schema.json\0", "manifest.json"):
        node = {
            "__class__": "NativePart",
            "__module__": "windu.persistence.flavors",
            "__loader__": "ObjectNode",
            "content": {
                "__class__": "dict",
                "__module__": "builtins",
                "__loader__": "DictNode",
                "content": {"flavor": text("lightgbm"), "file": text(name)},
                "key_types": sequence(
                    "ListNode",
                    *[
                        {
                            "__class__": "str",
                            "__module__": "builtins",
                            "__loader__": "TypeNode",
                        }
                    ]
                    * 2,
                ),
            },
        }

        def hostile(tree, node=node):
            tree["content"]["content"]["C"] = node

        path = forged(good, {"model.skops": edit_node(hostile)}, tmp_path / "bad.windu")
        with pytest.raises(IntegrityError, match="must have the artifact"):
            load(path)


def test_an_archive_in_the_place_of_an_array(tmp_path):
    """numpy opens it as an object that breaks on every question."""
    path = save(TfidfTransformer().fit(sparse.eye(4).tocsr()), tmp_path / "a.windu")

    def edit(archive):
        members = members_of(archive)
        name = next(name for name in members if name.endswith(".npy"))
        zipped = BytesIO()
        np.savez(zipped, data=np.zeros(4))
        members[f"{name[:-3]}npz"] = zipped.getvalue()
        tree = members["schema.json"].replace(name.encode(), f"{name[:-3]}npz".encode())
        return archive_of(members | {"schema.json": tree})

    forged(path, {"object.skops": edit})
    with pytest.raises(IntegrityError, match="cannot be read"):
        load(path)


def test_an_example_that_is_no_table():
    """It is damaged, or was written by another tool."""
    other = BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(other)
    for data in (b"", b"no table", other.getvalue()):
        with pytest.raises(IntegrityError, match="must be a table that windu wrote"):
            from_parquet(data, "example.parquet")


NO_PICKLE = """
import sys
# skops imports what scikit-learn can work with; dask hashes by pickle as it begins.
import skops.io
loaded = []
sys.addaudithook(lambda event, _: loaded.append(event) if "pickle" in event else None)
from windu import WinduEstimator, load, save
from tests.conftest import make_ugly
X, y = make_ugly()
load(save(WinduEstimator("random_forest").fit(X, y), sys.argv[1])).predict(X)
assert not loaded, loaded
import pickle
pickle.loads(pickle.dumps(WinduEstimator))
assert loaded
"""


@pytest.mark.slow
def test_no_pickle(tmp_path):
    """Neither save nor load reads one, by Python's own audit."""
    done = subprocess.run(
        [sys.executable, "-c", NO_PICKLE, str(tmp_path / "est.windu")],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not done.returncode, done.stderr
