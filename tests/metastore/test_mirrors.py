"""Several targets: any of them may be damaged or away, and all end up alike."""

import errno
import itertools
import json
import shutil
import warnings

import pytest

from tests.metastore.raw import load, make_files, save, whole
from windu import WinduEstimator
from windu.exceptions import (
    IntegrityError,
    MetastoreError,
    StorageError,
    WinduWarning,
)
from windu.metastore import Metastore
from windu.metastore.saving import MIRROR, put_run
from windu.metastore.target import guarded

pytestmark = pytest.mark.slow

CAP = 10**6
EST = WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
MIXES = [
    ("local", "local", "local"),
    ("memory", "zip", "local"),
    ("s3", "local", "zip"),
]


class Switch:
    """A target that can be away."""

    secrets = ()

    def __init__(self, target):
        self.target = target
        self.label = target.label
        self.away = False

    @guarded("usable")
    def _do(self, name, *arguments):
        if self.away:
            raise TimeoutError("nobody answers")
        return getattr(self.target, name)(*arguments)

    def __getattr__(self, name):
        def do(*arguments):
            if self.away:
                return self._do(name)
            return getattr(self.target, name)(*arguments)

        return do


@pytest.fixture
def mixed(place):
    """Return a function from kinds of targets to a store on them."""

    def new(*kinds):
        (url, options), *mirrors = map(place, kinds)
        store = Metastore(
            url,
            [pair if pair[1] else pair[0] for pair in mirrors],
            storage_options=options,
        )
        store._copies.targets = tuple(map(Switch, store._copies.targets))
        return store

    return new


def contents(target):
    """Return the files of a target."""
    folders = ("runs", "names", "aliases", "deleted")
    keys = [k for folder in folders for k in target.list(folder)]
    return {key: target.read(key, CAP) for key in sorted(keys)}


def assert_alike(store):
    """Assert that all targets hold the same files, and that all is well."""
    first, *others = (contents(one) for one in store._copies.targets)
    assert first
    for other in others:
        assert other == first
    assert store.verify().empty
    assert store.sync().empty


def damage_of(data):
    """Return damaged bytes: none, cut, changed, grown."""
    middle = len(data) // 2
    changed = data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]
    return [None, data[:middle], changed, data + b"x"]


@pytest.mark.parametrize("kinds", MIXES, ids=" ".join)
def test_every_target_damaged_in_turn(kinds, mixed):
    """The right bytes and a warning that names the target, which `repair` mends."""
    store = mixed(*kinds)
    run = save(store, "credit", "one", alias="production")
    folder = f"runs/{run.id}"
    files = [
        *(
            f"{folder}/{name}"
            for name in ("manifest.json", "metrics.json", "model.skops")
        ),
        *("names/credit/1.json", "aliases/credit/production.json"),
    ]
    for position, target in enumerate(store._copies.targets):
        for key in files if kinds[0] != "s3" or position == 0 else files[:2]:
            good = target.read(key, CAP)
            # A server answers more slowly than a disk.
            for bad in damage_of(good)[: 2 if kinds[0] == "s3" else 4]:
                target.delete([key]) if bad is None else target.write({key: bad})
                before = [contents(one) for one in store._copies.targets]
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    assert load(store, "credit@production") == "one"
                # Nothing is mended while reading.
                assert [contents(one) for one in store._copies.targets] == before
                assert len(caught) == (position == 0)
                for warning in caught:
                    assert warning.category is WinduWarning
                    assert target.label in str(warning.message)
                    assert "Call repair()" in str(warning.message)
                store.repair()
                assert target.read(key, CAP) == good
    assert_alike(store)


def test_a_damaged_part_of_a_real_run(place):
    """`load` itself falls back and warns, with real estimators."""
    places = [place(kind)[0] for kind in ("local", "local", "local")]
    store = Metastore(places[0], places[1:])
    run = store.save(EST, "steps")
    targets = store._copies.targets
    for damaged in itertools.combinations(targets, 2):
        for target in damaged:
            target.write({f"runs/{run.id}/model.skops": b"damaged"})
        if targets[0] in damaged:
            with pytest.warns(WinduWarning, match=r"'model\.skops' .*Call repair\(\)"):
                loaded = store.load("steps")
        else:
            loaded = store.load("steps")
        store.repair()
        assert loaded.predict([[2.0]]).tolist() == [1]
        assert_alike(store)


def test_a_run_is_whole_on_one_target(mixed):
    """It is not put together from files of which each target has one."""
    store = mixed("local", "memory")
    run = save(store, "credit", "one")
    first, second = store._copies.targets
    first.write({f"runs/{run.id}/model.skops": b"damaged"})
    second.write({f"runs/{run.id}/metrics.json": b"damaged"})
    with pytest.raises(IntegrityError, match=r"model\.skops"):
        load(store, "credit")
    assert len(store.verify()) == 2
    assert store.repair()["action"].tolist() == ["lost", "lost"]


def test_damaged_everywhere(mixed):
    """What nobody has whole is an error, and is left as it is."""
    store = mixed("local", "memory")
    run = save(store, "credit", "one")
    key = f"runs/{run.id}/model.skops"
    for target in store._copies.targets:
        target.write({key: b"damaged"})
    with pytest.raises(IntegrityError, match="must have the bytes that its manifest"):
        load(store, "credit")
    assert store.repair()["action"].tolist() == ["lost", "lost"]
    assert [one.read(key, CAP) for one in store._copies.targets] == [b"damaged"] * 2


@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_target_away_while_reading(mixed, position):
    """The others answer; the warning names the one that does not."""
    store = mixed("local", "memory", "zip")
    save(store, "credit", "one", alias="production")
    save(store, "credit", "two")
    target = store._copies.targets[position]
    target.away = True
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert load(store, "credit") == "two"
        assert load(store, "credit@production") == "one"
        assert len(store.runs()) == 2
        assert len(store.lineage("credit")) == 1
    assert bool(caught) == (position == 0)
    assert all(target.label in str(one.message) for one in caught)
    assert store.verify()["problem"].tolist() == ["unreachable"]
    assert store.sync()["action"].tolist() == ["unreachable"]


@pytest.mark.parametrize("position", [1, 2])
def test_a_mirror_away_while_saving(mixed, position):
    """The warning says which; the others keep the run, and sync catches up."""
    store = mixed("local", "memory", "local")
    store.save(EST, "steps")
    target = store._copies.targets[position]
    target.away = True
    with pytest.warns(
        WinduWarning, match="The run 'steps@2' could not be written.*sync"
    ) as told:
        run = store.save(EST, "steps", alias="production")
    assert target.label in str(told[0].message)
    assert run.reference == "steps@2"
    with pytest.warns(WinduWarning, match="The alias 'staging' could not be written"):
        store.alias("steps@1", "staging")
    with pytest.warns(WinduWarning, match="The removal of 'steps@staging'"):
        store.remove_alias("steps@staging")
    target.away = False
    actions = store.sync()
    assert set(actions["target"]) == {target.label}
    assert set(actions["action"]) == {"copied"}
    assert_alike(store)


def test_the_first_target_away_while_saving(mixed):
    """The others get run, version, aliases and deletes; sync brings them back."""
    store = mixed("local", "memory", "zip")
    store.save(EST, "steps")
    store.save(EST, "steps", alias="staging")
    first = store._copies.first
    first.away = True
    with pytest.warns(WinduWarning, match="'steps@3' could not be written") as told:
        run = store.save(EST, "steps", alias="production")
    assert first.label in str(told[0].message)
    with pytest.warns(WinduWarning, match="could not be used"):
        assert store.load("steps@production").predict([[2.0]]).tolist() == [1]
    # What is read is told as well.
    with (
        pytest.warns(WinduWarning, match="could not be used"),
        pytest.warns(WinduWarning, match="The alias 'staging' could not be written"),
    ):
        store.alias("steps@3", "staging")
    with (
        pytest.warns(WinduWarning, match="could not be used"),
        pytest.warns(WinduWarning, match="The deletion of 'steps@1'"),
    ):
        store.delete("steps@1")
    first.away = False
    assert store.find("steps@staging").version == 2
    assert store.save(EST, "steps").reference == "steps@4"
    store.sync()
    assert store.find("steps@production").id == store.find("steps@staging").id == run.id
    assert store.runs()["reference"].tolist() == ["steps@4", "steps@3", "steps@2"]
    assert_alike(store)


def test_the_newest_alias_counts(mixed):
    """Wherever it was set while the other target was away."""
    store = mixed("local", "memory")
    for text in ("one", "two", "three"):
        save(store, "credit", text, alias="production")
    first, second = store._copies.targets
    for away, reference in ((second, "credit@1"), (first, "credit@2")):
        away.away = True
        with pytest.warns(WinduWarning):
            store.alias(reference, "production")
        away.away = False
    store.sync()
    assert store.find("credit@production").version == 2
    assert_alike(store)


def test_all_targets_away(mixed):
    """Nothing is stored, and that is an error."""
    store = mixed("local", "memory")
    for target in store._copies.targets:
        target.away = True
    with pytest.raises(StorageError, match="nobody answers"):
        store.save(EST, "steps")
    for target in store._copies.targets:
        target.away = False
    assert store.runs().empty
    assert store.verify().empty


def test_the_first_target_lost_for_good(mixed):
    """An empty one in its place is filled from a mirror, and goes on counting."""
    store = mixed("memory", "local", "zip")
    for text in ("one", "two"):
        save(store, "credit", text, alias="production")
    store.delete(store.find("credit@1").reference)
    first = store._copies.first
    for folder in ("runs", "names", "aliases", "deleted"):
        first.delete(list(first.list(folder)))
    with pytest.warns(WinduWarning, match="is missing"):
        assert load(store, "credit@production") == "two"
    assert save(store, "credit", "three").version == 3
    store.sync()
    whole(store, {"credit@2": "two", "credit@3": "three"})
    assert_alike(store)


def test_a_mirror_gives_no_versions(place):
    """Saved to by itself, it would give numbers that the first target gives too."""
    first, mirror = place("local")[0], place("local")[0]
    save(Metastore(first, [mirror]), "credit", "one")
    alone = Metastore(mirror)
    assert load(alone, "credit@1") == "one"
    for store in (alone, Metastore(mirror, [first])):
        with pytest.raises(MetastoreError, match="is the mirror of another store"):
            store.save(EST, "credit")
    alone._copies.first.delete([MIRROR])
    assert alone.save(EST, "credit").version == 2


def test_a_store_of_its_own_is_no_mirror(place):
    """Its versions would stand beside those of the first target."""
    first, other = place("local")[0], place("local")[0]
    save(Metastore(first), "credit", "one")
    save(Metastore(other), "credit", "two")
    save(Metastore(other), "credit", "three")
    with pytest.raises(MetastoreError, match="has versions of its own"):
        Metastore(first, [other]).save(EST, "credit")
    whole(Metastore(other), {"credit@1": "two", "credit@2": "three"})


def test_two_runs_of_one_version(mixed):
    """Where it happened all the same, nothing is overwritten and repair tells it."""
    store = mixed("local", "memory")
    save(store, "credit", "one")
    first, mirror = store._copies.targets
    theirs = json.loads(mirror.read("names/credit/1.json", CAP))
    other = Metastore("memory://two-runs-of-one-version")
    save(other, "credit", "other")
    mirror.write(
        {"names/credit/1.json": other._copies.first.read("names/credit/1.json", CAP)}
    )
    assert load(store, "credit@1") == "one"
    actions = store.repair()
    assert actions["action"].tolist() == ["conflict"]
    assert actions["target"].tolist() == [mirror.label]
    assert json.loads(mirror.read("names/credit/1.json", CAP)) != theirs
    assert store.verify()["item"].tolist() == ["names/credit/1.json"]
    assert first.read("names/credit/1.json", CAP)


def test_a_deleted_run_does_not_come_back(mixed):
    """A mirror that was away forgets it as well."""
    store = mixed("local", "memory")
    run = save(store, "credit", "one")
    save(store, "credit", "two")
    store._copies.targets[1].away = True
    with pytest.warns(WinduWarning, match="The deletion of 'credit@1'"):
        store.delete("credit@1")
    store._copies.targets[1].away = False
    assert "deleted" in store.sync()["action"].tolist()
    assert_alike(store)
    assert not store._copies.targets[1].list(f"runs/{run.id}")
    whole(store, {"credit@2": "two"})


def test_a_run_without_a_version_is_copied(mixed):
    """What a save left that died before its version is whole everywhere."""
    store = mixed("local", "memory")
    save(store, "credit", "one")
    files = make_files("two")
    run = json.loads(files["manifest.json"])["id"]
    put_run(store._copies, run, files)
    mirror = store._copies.targets[1]
    mirror.delete([f"runs/{run}/manifest.json"])
    assert store.sync()["action"].tolist() == ["mended"]
    assert load(store, run) == "two"
    assert_alike(store)


def test_a_full_mirror_keeps_nothing_torn(mixed, monkeypatch):
    """What could be written of a run is removed from a disk that is full."""
    store = mixed("local", "local")
    save(store, "credit", "one")
    mirror = store._copies.targets[1].target
    whole_write = mirror.write

    def full(files):
        for key, data in files.items():
            if key.endswith("model.skops"):
                error = StorageError("no space left on device")
                error.errno = errno.ENOSPC
                raise error
            whole_write({key: data})

    monkeypatch.setattr(mirror, "write", full)
    with pytest.warns(WinduWarning, match="no space left"):
        store.save(EST, "credit")
    assert len({key.split("/")[1] for key in mirror.list("runs")}) == 1
    monkeypatch.setattr(mirror, "write", whole_write)
    store.sync()
    assert_alike(store)


def test_a_mirror_that_was_never_there_joins_by_sync(tmp_path):
    """It gives no versions by itself, but keeps runs while the first is away."""
    first, mirror = tmp_path / "first", tmp_path / "mirror"
    store = Metastore(first, [mirror])
    mirror.write_text("in the way")
    with pytest.warns(WinduWarning, match="is a file"):
        store.save(EST, "steps")
    mirror.unlink()
    store.sync()
    with pytest.raises(MetastoreError, match="is the mirror of another store"):
        Metastore(mirror).save(EST, "steps")
    shutil.rmtree(first)
    first.write_text("in the way")
    with pytest.warns(WinduWarning, match="'steps@2' could not be written"):
        assert store.save(EST, "steps").version == 2
    first.unlink()
    store.sync()
    assert list(Metastore(first).runs()["reference"]) == ["steps@2", "steps@1"]
    assert_alike(store)


def test_a_file_is_no_folder(tmp_path):
    """A store on it is not an empty one."""
    file = tmp_path / "store"
    file.write_text("something else")
    with pytest.raises(StorageError, match="is a file"):
        Metastore(file).runs()
