"""A fault at every step of everything that writes: what was whole stays whole."""

import itertools
import shutil
import warnings
from contextlib import nullcontext, suppress

import pytest

from tests.metastore.faults import (
    MODES,
    Crash,
    Faults,
    ObjectStore,
    broken_disk,
    faulty,
)
from tests.metastore.raw import load, make_files, save
from windu.exceptions import NotStoredError, StorageError, WinduWarning
from windu.metastore import Metastore
from windu.metastore.copies import Copies

pytestmark = pytest.mark.slow

COUNT = itertools.count()
KEPT = {"credit@1": "one", "credit@2": "two"}


def open_store(targets):
    """Return a store on targets that exist already."""
    store = Metastore("memory://nowhere")
    store._copies = Copies(targets, None)
    return store


def a_save(store):
    """Store a third version with an alias."""
    save(store, "credit", "three", alias="production")


def a_first_save(store):
    """Store a first version of another name."""
    save(store, "churn", "three")


def an_alias(store):
    """Move an alias, and make another."""
    store.alias("credit@2", "production")
    store.alias("credit@2", "staging")


def no_alias(store):
    """Remove an alias."""
    store.remove_alias("credit@production")


def a_delete(store):
    """Delete a version that no alias means."""
    store.delete("credit@2")


def a_collection(store):
    """Remove a torn run, and what a killed writer left."""
    store.gc(older_than="0s")


ACTIONS = [a_save, a_first_save, an_alias, no_alias, a_delete, a_collection]


def prepared(targets):
    """Fill targets with two versions, an alias, a torn run and a temporary file."""
    store = open_store(targets)
    save(store, "credit", "one", alias="production")
    save(store, "credit", "two")
    torn = make_files("torn")
    del torn["manifest.json"]
    for target in targets:
        target.write(
            {f"runs/20200101T000000000000-0a1b2c3d/{k}": d for k, d in torn.items()}
        )
        target.write({"tmp/left": b"half"})
    return store


class Place:
    """One target of a kind that can be opened again and again, as it was prepared."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.folder = folder
        if kind == "local":
            prepared([self.open(folder / "first", Faults())])
        elif kind == "memory":
            self.url = f"memory://faults-{next(COUNT)}/store"
            target = self.open(self.url, Faults())
            prepared([target])
            self.files = dict(target._at("x")[0].store)
        else:
            self.store = ObjectStore()
            prepared([self.open(self.store, Faults())])

    def open(self, where, faults):
        return faulty(self.kind, where, faults)

    def fresh(self):
        """Return where a copy of what was prepared is."""
        if self.kind == "local":
            where = self.folder / f"copy{next(COUNT)}"
            shutil.copytree(self.folder / "first", where)
            return where
        if self.kind == "memory":
            store = self.open(self.url, Faults())._at("x")[0].store
            for name in [n for n in store if n.startswith(self.url[8:])]:
                del store[name]
            store.update(self.files)
            return self.url
        copy = ObjectStore()
        copy.files = dict(self.store.files)
        return copy


def attempt(store, action, faults, kind):
    """Do something on failing storage; return whether it said that it failed."""
    with broken_disk(faults) if kind == "local" else nullcontext():
        try:
            action(store)
        except (Crash, StorageError, WinduWarning) as error:
            said = error
        else:
            return False
    assert isinstance(said, Crash) or "No space left on device" in str(said)
    return True


def check(store, action, said):
    """Assert that nothing is lost or half there, whatever happened."""
    with warnings.catch_warnings():
        # A damaged run would be told.
        warnings.simplefilter("error")
        kept = dict(KEPT)
        listed = store.runs()["reference"].tolist()
        if action is a_delete:
            gone = "credit@2" not in listed
            assert gone or said
            if gone:
                del kept["credit@2"]
                with pytest.raises(NotStoredError, match="was deleted"):
                    store.load("credit@2")
        for reference, text in kept.items():
            assert load(store, reference) == text
        for reference in listed:
            expected = kept.get(reference, "three")
            assert load(store, reference) == expected
        if action is a_save and not said:
            assert load(store, "credit@production") == "three"
        texts = {"one", "two", "three"} if action in (a_save, an_alias) else {"one"}
        try:
            assert load(store, "credit@production") in texts
        except NotStoredError:
            assert action is no_alias
        store.gc(older_than="0s")
        assert store.gc(older_than="0s").empty
        assert set(store.runs()["reference"]) == set(listed)
        for reference, text in kept.items():
            assert load(store, reference) == text
        assert store.verify().empty
        new = save(store, "credit", "four")
        assert new.version == 1 + max(
            [2, *(int(one[7:]) for one in listed if one.startswith("credit@"))]
        )
        assert load(store, "credit") == "four"


def points(place, action):
    """Yield every step, mode and error of an action on a place."""
    faults = Faults()
    where = place.fresh()
    attempt(open_store([place.open(where, faults)]), action, faults, place.kind)
    assert faults.count
    modes = MODES if place.kind == "local" else ("before", "after")
    yield from itertools.product(range(faults.count), modes, (Crash,))
    # An error that tells of a step that was done is rare on a disk.
    modes = ("before", "inside") if place.kind == "local" else ("before", "after")
    yield from itertools.product(range(faults.count), modes, (OSError,))


TRIED = {}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
@pytest.mark.parametrize("kind", ["local", "memory", "object"])
def test_a_fault_at_every_step(kind, action, tmp_path):
    """Earlier runs load, none is mixed, and the torn one is invisible and removable."""
    place = Place(kind, tmp_path)
    tried = TRIED[kind, action] = []
    for at, mode, error in points(place, action):
        faults, where = Faults(at, mode, error), place.fresh()
        store = open_store([place.open(where, faults)])
        said = attempt(store, action, faults, kind)
        assert faults.fired
        tried.append(said)
        check(open_store([place.open(where, Faults())]), action, said)
    assert any(tried)


def test_at_least_500_faults():
    """The loops above are no empty ones."""
    # With only some of them chosen there is nothing to count.
    if len(TRIED) == 3 * len(ACTIONS):
        assert sum(map(len, TRIED.values())) >= 500


def with_mirror(folder, faults, place):
    """Return a store on a local folder with a fake object store as mirror."""
    where, mirror = place
    return open_store(
        [faulty("local", where, faults), faulty("object", mirror, faults)]
    )


@pytest.mark.parametrize("error", [Crash, OSError])
def test_a_fault_at_every_step_with_a_mirror(error, tmp_path):
    """Also the mirrors keep only what is whole, and end up alike after a sync."""
    first, mirror = tmp_path / "first", ObjectStore()
    prepared([faulty("local", first, Faults()), faulty("object", mirror, Faults())])

    def fresh():
        copy = ObjectStore()
        copy.files = dict(mirror.files)
        where = tmp_path / f"copy{next(COUNT)}"
        shutil.copytree(first, where)
        return where, copy

    def act(store):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            a_save(store)
            store.alias("credit@1", "staging")
            store.delete("credit@2")

    faults = Faults()
    with broken_disk(faults):
        act(with_mirror(tmp_path, faults, fresh()))
    for at in range(faults.count):
        faults, place = Faults(at, MODES[at % 3], error), fresh()
        with broken_disk(faults), suppress(Crash, StorageError):
            act(with_mirror(tmp_path, faults, place))
        store = with_mirror(tmp_path, Faults(), place)
        for alone in range(2):
            one = open_store([store._copies.targets[alone]])
            assert load(one, "credit@1") == "one"
        store.sync()
        store.gc(older_than="0s")
        assert store.sync().empty
        assert store.verify().empty
        assert load(store, "credit@1") == "one"
        for reference in store.runs()["reference"]:
            assert load(store, reference) in ("one", "two", "three")
        left, right = store._copies.targets
        for folder in ("runs", "names", "aliases", "deleted"):
            assert set(left.list(folder)) == set(right.list(folder))


@pytest.mark.parametrize("error", [Crash, OSError])
def test_a_fault_at_every_step_of_a_sync(error, tmp_path):
    """A sync that stopped is begun again, and a good copy is never replaced."""
    whole, behind = ObjectStore(), ObjectStore()
    targets = [faulty("object", one, Faults()) for one in (whole, behind)]
    save(open_store(targets[:1]), "credit", "one", alias="production")
    save(open_store(targets[:1]), "credit", "two")
    save(open_store(targets), "credit", "three")
    damaged = next(key for key in behind.files if key.endswith("model.skops"))
    behind.files[damaged] = (b"damaged", 0.0)
    before = dict(whole.files)

    def act(faults, copy):
        store = open_store(
            [faulty("object", whole, Faults()), faulty("object", copy, faults)]
        )
        store.repair()

    def fresh():
        copy = ObjectStore()
        copy.files = dict(behind.files)
        return copy

    faults = Faults()
    act(faults, fresh())
    for at, mode in itertools.product(range(faults.count), ("before", "after")):
        copy = fresh()
        with suppress(Crash):
            act(Faults(at, mode, error), copy)
        mirror = open_store([faulty("object", copy, Faults())])
        for reference in mirror.runs()["reference"]:
            if reference != "credit@3":
                assert load(mirror, reference) in ("one", "two")
        assert whole.files == before
        act(Faults(), copy)
        assert {k: d for k, (d, _) in copy.files.items() if "mirror" not in k} == {
            k: d for k, (d, _) in whole.files.items()
        }


def test_a_read_only_folder(tmp_path):
    """A clear error, and nothing is lost."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    store = open_store([faulty("local", tmp_path / "store", Faults())])
    save(store, "credit", "one")
    with pytest.MonkeyPatch.context() as patch:
        # For root a folder without rights is writable all the same.
        patch.setattr("windu.metastore.local.write_whole", refused)
        for action in (a_save, an_alias_of_one, lambda s: s.delete("credit@1")):
            with pytest.raises(
                StorageError, match=r"must be writable\. Got PermissionError"
            ):
                action(store)
        assert load(store, "credit") == "one"
    assert save(store, "credit", "two").version == 2


def an_alias_of_one(store):
    """Make an alias of the only version."""
    store.alias("credit@1", "production")
