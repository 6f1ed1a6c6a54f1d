"""The store as a user meets it: save, load, names, tables."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.metastore.raw import load, make_files, save
from windu import WinduEstimator
from windu.datasets import load_penguins
from windu.exceptions import (
    FeatureError,
    IntegrityError,
    MetastoreError,
    NotStoredError,
    UntrustedTypesError,
    WinduWarning,
)
from windu.metastore import Metastore, StoredRun
from windu.metastore.saving import put_run, set_alias
from windu.metastore.upkeep import delete_run, remove_files

X, Y = load_penguins(return_X_y=True)
EST = WinduEstimator("linear").fit(X, Y)


def double(X):
    """Return a table with one more column."""
    return X.assign(double=X["bill_length_mm"] * 2)


def other(X):
    """Return other features than `double`."""
    return X.assign(twice=X["bill_length_mm"] * 2)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The folder of a store of three versions of one name and one of another."""
    folder = tmp_path_factory.mktemp("filled") / "store"
    store = Metastore(folder)
    store.save(
        EST, "credit", metrics={"auc": 0.7, "f1": 0.5}, tags={"team": "a"}, data=X
    )
    second = WinduEstimator("linear", random_state=1).fit(X.iloc[:, 1:], Y)
    store.save(
        second,
        "credit",
        metrics={"auc": 0.9, "note": "kept"},
        tags={"team": "b", "reviewed": True},
        alias="production",
        parent="credit@1",
        data=X.iloc[:, 1:],
        config={"model": {"linear": {}}},
    )
    store.save(EST, "credit", metrics={"auc": float("nan")}, parent="credit@production")
    store.save(EST, "churn", metrics={"auc": 0.8}, data="digest-of-my-own")
    return folder


@pytest.fixture
def store(filled, tmp_path):
    """A copy of that store."""
    shutil.copytree(filled, tmp_path / "store")
    return Metastore(tmp_path / "store")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["local", "memory", "zip", "s3"])
def test_save_and_load_everywhere(kind, place):
    """The same predictions from every kind of target, by every kind of reference."""
    url, options = place(kind)
    store = Metastore(url, storage_options=options)
    first = store.save(EST, "penguins", metrics={"accuracy": 0.9}, alias="production")
    assert isinstance(first, StoredRun)
    assert (first.reference, first.version) == ("penguins@1", 1)
    again = Metastore(url, storage_options=options)
    for reference in (
        *("penguins@1", "penguins@production", "penguins", "penguins@latest", first.id),
    ):
        loaded = again.load(reference)
        assert np.array_equal(loaded.predict_proba(X), EST.predict_proba(X))
    assert again.load_part("penguins@1", "metrics") == {"accuracy": 0.9}
    assert type(again.load_part("penguins@1", "model")).__name__ == "LogisticRegression"
    second = again.save(EST, "penguins", parent="penguins@1")
    assert second.reference == "penguins@2"
    assert again.runs()["reference"].tolist() == ["penguins@2", "penguins@1"]
    again.alias("penguins@2", "production")
    again.delete("penguins@1")
    assert store.runs()["aliases"].tolist() == ["production"]
    assert store.verify().empty
    assert store.sync().empty
    assert store.save(EST, "penguins").reference == "penguins@3"


def test_runs(store):
    """A row a run, the newest first, with types that can be computed with."""
    frame = store.runs()
    assert frame["reference"].tolist() == [
        "churn@1",
        "credit@3",
        "credit@2",
        "credit@1",
    ]
    assert frame["parent"].fillna("").tolist() == ["", "credit@2", "credit@1", ""]
    assert frame["aliases"].tolist() == ["", "", "production", ""]
    assert frame["task"].unique().tolist() == ["multiclass"]
    assert frame["version"].dtype == "Int64"
    assert frame["metrics.auc"].dtype == float
    assert "metrics.note" not in frame
    assert (frame["bytes"] > 1000).all()
    assert frame["created"].is_monotonic_decreasing
    assert str(frame["created"].dt.tz) == "UTC"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"name": "credit"}, ["credit@3", "credit@2", "credit@1"]),
        ({"tags": {"team": "a"}}, ["credit@1"]),
        ({"tags": {"team": "b", "reviewed": True}}, ["credit@2"]),
        ({"tags": {"team": "c"}}, []),
        ({"tags": {"nobody": "x"}}, []),
        ({"since": "2020-01-01"}, ["churn@1", "credit@3", "credit@2", "credit@1"]),
        ({"since": pd.Timestamp("2100-01-01", tz="Europe/Rome")}, []),
        ({"where": "`metrics.auc` > 0.75"}, ["churn@1", "credit@2"]),
        (
            {"sort_by": "metrics.auc", "where": "`metrics.auc` == `metrics.auc`"},
            ["credit@2", "churn@1", "credit@1"],
        ),
        ({"name": "credit", "ascending": True}, ["credit@1", "credit@2", "credit@3"]),
    ],
)
def test_filters(store, arguments, expected):
    """Name, tags, time and conditions choose rows; a column sorts them."""
    assert store.runs(**arguments)["reference"].tolist() == expected


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"sort_by": "auc"}, "sort_by must be one of the columns"),
        ({"where": "nonsense >"}, "where must be a condition on the columns"),
        ({"since": "last week-ish"}, "since must be a time"),
        ({"name": "credti"}, "Did you mean 'credit'"),
    ],
)
def test_filters_that_are_none(store, arguments, match):
    """What cannot be a filter is told."""
    with pytest.raises(MetastoreError, match=match):
        store.runs(**arguments)


def test_no_runs(tmp_path):
    """An empty store has an empty table with its columns."""
    frame = Metastore(tmp_path / "none").runs()
    assert frame.empty
    assert "reference" in frame
    with pytest.raises(NotStoredError, match="has no runs. Check the place"):
        Metastore(tmp_path / "none").load("credit")
    assert not (tmp_path / "none").exists()


def test_compare(store):
    """All metrics, and of the rest what differs."""
    table = store.compare("credit@1", "credit@production")
    assert table.columns.tolist() == ["credit@1", "credit@production"]
    assert table.loc[("metrics", "auc")].tolist() == [0.7, 0.9]
    assert table.loc[("tags", "team")].tolist() == ["a", "b"]
    assert table.loc[("parameters", "random_state")].tolist() == [None, 1]
    assert table.loc[("config", "model.linear"), "credit@1"] is None
    first = X.columns[0]
    assert table.loc[("schema", f"{first}.kind")].tolist()[1] is None
    assert ("run", "data") in table.index
    assert "versions" not in table.index.get_level_values(0)
    with pytest.raises(MetastoreError, match="compare needs two runs"):
        store.compare("credit@1", "credit@1")


def test_lineage(store):
    """The chain of parents; a deleted one ends it and is still named."""
    table = store.lineage("credit@3")
    assert table["reference"].tolist() == ["credit@3", "credit@2", "credit@1"]
    first = store.find("credit@1").id
    store.delete("credit@1")
    table = store.lineage("credit")
    assert table["reference"].tolist() == ["credit@3", "credit@2"]
    assert table["parent"].tolist() == ["credit@2", first]


def test_a_child_takes_the_name_of_its_parent(store):
    """As what a part was replaced in; without a parent it needs one."""
    stored = store.save(EST.replace(threshold=None), parent="credit@production")
    assert stored.name == "credit"
    assert store.lineage(stored.reference)["reference"][1] == "credit@2"
    with pytest.raises(MetastoreError, match="must have a name"):
        store.save(EST)


def test_what_the_manifest_keeps(store):
    """Where a run comes from: parent, data, configuration, parameters."""
    said = store.open("credit@2").manifest.lineage
    assert said["name"] == "credit"
    assert said["parent"] == store.find("credit@1").id
    assert said["config"] == {"model": {"linear": {}}}
    assert said["parameters"]["random_state"] == 1
    assert said["data"] != store.open("credit@1").manifest.lineage["data"]
    assert store.open("churn").manifest.lineage["data"] == "digest-of-my-own"


@pytest.mark.parametrize(
    ("reference", "match"),
    [
        ("credti", r"\['churn', 'credit'\].*Did you mean 'credit'"),
        ("credit@9", r"has the versions \[1, 2, 3\]. Got 9"),
        ("credit@prodution", r"\['production', 'latest'\].*Did you mean 'production'"),
        ("credti@3", "Did you mean 'credit'"),
        ("credti@production", "Did you mean 'credit'"),
        ("20260101T120000000000-0a1b2c3d", "or by its id"),
    ],
)
def test_what_is_not_there(store, reference, match):
    """The message lists what there is, and what was meant."""
    with pytest.raises(NotStoredError, match=match):
        store.load(reference)


def test_aliases_move(store):
    """An alias means one version at a time, and can be removed."""
    assert store.alias("credit@1", "production").reference == "credit@1"
    assert store.find("credit@production").version == 1
    store.alias("credit@production", "staging")
    assert store.runs("credit")["aliases"].tolist() == ["", "", "production, staging"]
    store.remove_alias("credit@production")
    with pytest.raises(NotStoredError, match=r"\['staging', 'latest'\]"):
        store.load("credit@production")
    with pytest.raises(NotStoredError, match="has the aliases"):
        store.remove_alias("credit@production")
    with pytest.raises(MetastoreError, match="must be an alias"):
        store.remove_alias("credit@1")
    with pytest.raises(MetastoreError, match="Write it as name@version"):
        store.alias(store.find("credit@1").id, "production")


def test_delete(store, tmp_path):
    """Not what an alias means; a version is never given again."""
    run = store.find("credit@2").id
    for reference in ("credit@2", "credit@production", run):
        with pytest.raises(
            MetastoreError, match="is 'credit@production'.*remove_alias"
        ):
            store.delete(reference)
    assert store.load("credit@2") is not None
    store.delete("credit@3")
    assert store.find("credit").version == 2
    for reference in ("credit@3",):
        with pytest.raises(NotStoredError, match="was"):
            store.load(reference)
        with pytest.raises(NotStoredError, match="was"):
            store.alias(reference, "production")
    assert store.save(EST, "credit").version == 4
    left = {path.name for path in (tmp_path / "store" / "runs").iterdir()}
    assert left == set(store.runs()["run"])


def test_an_alias_that_is_set_while_its_run_is_deleted(store, monkeypatch):
    """The delete sees the alias that came in between, and takes its mark back."""
    copies, once = store._copies, iter([True])
    write = copies.first.write

    def alias_in_between(files):
        write(files)
        if next(once, False):
            set_alias(copies, "credit", "staging", 1)

    monkeypatch.setattr(copies.first, "write", alias_in_between)
    with pytest.raises(MetastoreError, match="is 'credit@staging'"):
        store.delete("credit@1")
    store.load("credit@staging")


def test_a_run_that_is_deleted_while_it_gets_an_alias(store, monkeypatch):
    """The alias sees the mark that came in between, and takes itself back."""
    copies, once = store._copies, iter([True])
    write, run = copies.first.write, store.find("credit@1").id

    def delete_in_between(files):
        if next(once, False):
            delete_run(copies, run)
        write(files)

    monkeypatch.setattr(copies.first, "write", delete_in_between)
    with pytest.raises(NotStoredError, match="was deleted meanwhile"):
        store.alias("credit@1", "staging")
    with pytest.raises(NotStoredError, match="has the aliases"):
        store.load("credit@staging")


def test_functions(tmp_path):
    """A function is trusted by name, or given again."""
    store = Metastore(tmp_path)
    est = WinduEstimator("linear", featurizer=double).fit(X, Y)
    store.save(est, "trusted")
    with pytest.raises(UntrustedTypesError, match="double"):
        store.load("trusted")
    name = f"{__name__}.double"
    assert (store.load("trusted", trusted=[name]).predict(X) == est.predict(X)).all()
    store.save(est, "omitted", omit=["featurizer"])
    assert (store.load("omitted", featurizer=double).predict(X) == est.predict(X)).all()
    with pytest.raises(FeatureError, match="makes the features of training"):
        store.load("omitted", featurizer=other)


def test_another_example(tmp_path):
    """Rows of training need not leave."""
    store = Metastore(tmp_path)
    store.save(EST, "penguins", example=X.tail(3))
    assert len(store.load_part("penguins", "example")) == 3


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"tags": {"a": [1]}}, "A tag must be a text"),
        ({"data": [1, 2]}, "data must be the training DataFrame"),
        ({"config": {"x": object()}}, "plain JSON"),
        ({"parent": "nobody"}, "has no runs"),
        ({"alias": "7"}, "must not be a number"),
    ],
)
def test_what_cannot_be_saved(tmp_path, arguments, match):
    """It is told before anything is written."""
    store = Metastore(tmp_path / "store")
    with pytest.raises(ValueError, match=match):
        store.save(EST, "penguins", **arguments)
    assert store.runs().empty
    assert not list(tmp_path.rglob("*.skops"))


def test_a_damaged_run(store, tmp_path):
    """It is an error to load it; the table leaves it out and says so."""
    run = store.find("credit@1").id
    model = tmp_path / "store" / "runs" / run / "model.skops"
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match=r"model\.skops"):
        store.load("credit@1")
    assert store.load_part("credit@1", "metrics")["auc"] == 0.7
    (model.parent / "manifest.json").unlink()
    with pytest.raises(IntegrityError, match="No target has its manifest"):
        store.load("credit@1")
    with pytest.warns(WinduWarning, match="was left out.*credit@1"):
        assert len(store.runs()) == 3
    problems = store.verify()
    assert problems["problem"].tolist() == ["missing"]
    assert store.repair()["action"].tolist() == ["lost"]
    # What may still be mended by hand is no garbage.
    assert store.gc(older_than="0s").empty
    assert model.exists()


def test_a_run_without_a_version(tmp_path):
    """A save that died before its version leaves a run that is found by its id."""
    store = Metastore(tmp_path)
    save(store, "credit", "one")
    put_run(store._copies, (run := "20260101T120000000000-0a1b2c3d"), make_files("two"))
    assert load(store, "credit") == "one"
    with pytest.raises(IntegrityError, match="it was exchanged"):
        store.load(run)
    files = make_files("three")
    run = json.loads(files["manifest.json"])["id"]
    put_run(store._copies, run, files)
    assert load(store, run) == "three"
    with pytest.warns(WinduWarning, match="was left out"):
        frame = store.runs()
    assert frame["reference"].tolist() == [run, "credit@1"]
    assert store.save(EST, "credit").version == 2
    store.delete(run)
    with pytest.raises(NotStoredError, match="was"):
        store.load(run)


@pytest.mark.parametrize("lacking", ["first", "second"])
def test_a_version_that_only_one_target_has(tmp_path, lacking):
    """It is told, and copied in either direction."""
    store = Metastore(tmp_path / "first", [tmp_path / "second"])
    for _ in range(2):
        store.save(EST, name="birds")
    record = tmp_path / lacking / "names" / "birds" / "2.json"
    record.unlink()
    again = Metastore(tmp_path / "first", [tmp_path / "second"])
    if lacking == "second":
        assert again.verify()["item"].tolist() == ["names/birds/2.json"]
    assert again.sync()["item"].tolist() == ["names/birds/2.json"]
    assert record.is_file()
    assert again.verify().empty


@pytest.mark.parametrize("lacking", ["first", "second"])
def test_what_only_one_target_has_is_copied_from_it(tmp_path, lacking):
    """Runs from the target that has them whole, aliases from the newest, both ways."""
    store = Metastore(tmp_path / "first", [tmp_path / "second"])
    texts = {save(store, "birds", text).reference: text for text in ("one", "two")}
    store.alias("birds@1", "production")
    aliases = tmp_path / lacking / "aliases"
    shutil.copytree(aliases, tmp_path / "old")
    store.alias("birds@2", "production")
    shutil.rmtree(aliases)
    shutil.move(tmp_path / "old", aliases)
    shutil.rmtree(tmp_path / lacking / "runs" / store.find("birds@1").id)
    again = Metastore(tmp_path / "first", [tmp_path / "second"])
    assert set(again.sync()["action"]) == {"copied"}
    for name in ("first", "second"):
        alone = Metastore(tmp_path / name)
        assert alone.find("birds@production").version == 2
        assert {reference: load(alone, reference) for reference in texts} == texts


def test_a_manifest_goes_first():
    """A delete that is cut leaves what is no run, not a run without its parts."""
    deleted = []

    class Target:
        def list(self, folder):
            names = ("a.json", "manifest.json", "z.skops")
            return {f"{folder}/{name}": 1 for name in names}

        def delete(self, keys):
            deleted.extend(keys)

    assert remove_files(Target(), "20260101T120000000000-0a1b2c3d") == 3
    assert [key.rpartition("/")[2] for key in deleted] == [
        *("manifest.json", "a.json", "z.skops"),
    ]
