"""gc: never a complete run, whatever else lies about."""

import os
import random
import threading

import pytest

from tests.metastore.faults import ObjectStore
from tests.metastore.raw import load, make_files, save
from windu.exceptions import MetastoreError
from windu.metastore import Metastore
from windu.metastore.copies import Copies
from windu.metastore.places import FileSystemTarget
from windu.metastore.saving import name_run, put_run
from windu.persistence.format.manifest import Manifest

#: Runs are made once: what differs between tries is what is left of them.
POOL = [make_files(f"run {i}") for i in range(12)]
IDS = [Manifest.read(files["manifest.json"], "It").id for files in POOL]


def make_store():
    """Return a store on an object store of its own."""
    target = FileSystemTarget("s3://fake")
    target._opened = os.getpid(), ObjectStore(), "bucket"
    store = Metastore("memory://nowhere")
    store._copies = Copies([target], None)
    return store


def scatter(store, rng):
    """Store runs whole, torn, damaged, named and not; return the complete ones."""
    complete = {}
    for i in rng.sample(range(len(POOL)), rng.randint(1, 6)):
        files, run = dict(POOL[i]), IDS[i]
        state = rng.choice(["whole", "whole", "torn", "torn", "cut", "empty"])
        if state == "torn":
            del files["manifest.json"]
            files.pop(rng.choice(sorted(files)))
        elif state == "cut":
            name = rng.choice(sorted(files))
            files[name] = files[name][: rng.randrange(len(files[name]))]
        elif state == "empty":
            files["manifest.json"] = b""
        put_run(store._copies, run, files)
        if state != "torn":
            complete[run] = files
        if state == "whole" and rng.random() < 0.7:
            digest = Manifest.read(files["manifest.json"], "It").digest
            name_run(store._copies, "credit", run, digest)
    for _ in range(rng.randint(0, 2)):
        key = f"tmp/{rng.randrange(10**6)}"
        store._copies.first.write({key: b"half"})
    return complete


@pytest.mark.slow
def test_a_thousand_collections():
    """0 files of complete runs are removed in 1,000 tries; nothing torn stays."""
    rng = random.Random(0)
    removed = 0
    for _ in range(1_000):
        store = make_store()
        complete = scatter(store, rng)
        target = store._copies.first
        expected = {
            f"runs/{run}/{name}": data
            for run, files in complete.items()
            for name, data in files.items()
        }
        dry = store.gc(older_than="0s", dry_run=True)
        table = store.gc(older_than="0s")
        assert table.equals(dry)
        removed += len(table)
        assert {k: target.read(k, 10**6) for k in target.list("runs")} == expected
        assert target.list("tmp") == {}
    assert removed > 1_000


def test_what_is_young_stays():
    """Somebody may be writing it; a day is the rule."""
    store = make_store()
    files = dict(POOL[0])
    del files["manifest.json"]
    # The id is old, as of a run that is copied from a mirror just now.
    put_run(store._copies, "20200101T000000000000-0a1b2c3d", files)
    assert store.gc().empty
    assert store.gc(older_than="1h").empty
    held = store._copies.first._opened[1].files
    for key, (data, at) in held.items():
        held[key] = (data, at - 7200)
    assert store.gc().empty
    assert store.gc(older_than="1h", dry_run=True)["files"].tolist() == [2]
    assert store.gc(older_than="1h")["item"].tolist() == [
        "20200101T000000000000-0a1b2c3d"
    ]


def test_a_time_that_is_none():
    """It is told, and nothing is removed."""
    with pytest.raises(MetastoreError, match="older_than must be a time"):
        make_store().gc(older_than="a while")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["local", "memory"])
def test_while_others_save(kind, place):
    """Collections between the steps of writers remove nothing of theirs."""
    store = Metastore(place(kind)[0])
    save(store, "credit", "0")
    done = threading.Event()

    def collect():
        while not done.is_set():
            store.gc(older_than="10s")

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        for i in range(1, 60):
            save(store, "credit", f"{i}")
    finally:
        done.set()
        collector.join()
    assert [load(store, f"credit@{i + 1}") for i in range(60)] == [
        f"{i}" for i in range(60)
    ]
