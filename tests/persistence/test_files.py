"""save and load: the same predictions in a fresh process, or a clear refusal."""

import json
import os
import subprocess
import sys
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import windu
from tests.conftest import make_ugly
from tests.persistence.forging import (
    archive_of,
    artifacts_of,
    forged,
    members_of,
    with_member,
)
from windu import OptunaSearchCV, WinduEstimator, load, save
from windu.exceptions import PersistenceError, UntrustedTypesError, WinduWarning

X, Y = make_ugly()
LABELS = pd.DataFrame({"good": Y == "good", "flag": X["flag"]})
NUMBERS = X["visits"] * 1.5

CASES = {
    "binary": (WinduEstimator(random_state=0), Y),
    "multiclass": (WinduEstimator(random_state=0), X["city"].fillna("none")),
    "regression": (WinduEstimator(random_state=0), NUMBERS),
    "multilabel": (WinduEstimator(random_state=0), LABELS),
    "label lists": (
        WinduEstimator("random_forest", random_state=0),
        [["a"] * int(flag) + ["b"] for flag in X["flag"]],
    ),
    "several outputs": (WinduEstimator(random_state=0), X[["visits", "visits"]] * 1.5),
    "logistic": (WinduEstimator(LogisticRegression(max_iter=500)), Y),
    "hist": (WinduEstimator(HistGradientBoostingClassifier(max_iter=9)), Y),
    "forest": (WinduEstimator(RandomForestRegressor(9, random_state=0)), NUMBERS),
    "forest of labels": (WinduEstimator("random_forest", random_state=0), LABELS),
    "neighbours": (WinduEstimator("k_neighbors"), Y),
    "gradient boosting": (
        WinduEstimator("GradientBoostingClassifier", random_state=0),
        Y,
    ),
}

FRESH = """
import sys, numpy as np, pandas as pd, skops.io, windu
from pathlib import Path
from tests.conftest import make_ugly
X, _ = make_ugly()
for path in Path(sys.argv[1]).glob("*.windu"):
    est = windu.load(path)
    predicted = np.asarray(est.predict(X), dtype=object)
    plain = path.with_suffix(".skops")
    other = skops.io.load(plain, trusted=windu.trusted_types())
    assert (np.asarray(other.predict(X), dtype=object) == predicted).all(), path
    if hasattr(est, "predict_proba"):
        np.save(path.with_suffix(".npy"), est.predict_proba(X), allow_pickle=False)
    path.with_suffix(".txt").write_text(repr(predicted.tolist()))
"""


@pytest.mark.slow
def test_a_fresh_process_predicts_the_same(tmp_path):
    """windu's load and plain skops with windu's list, bit for bit."""
    fitted = {name: est.fit(X, y) for name, (est, y) in CASES.items()}
    for name, est in fitted.items():
        save(est, tmp_path / f"{name}.windu")
        skops.io.dump(est, tmp_path / f"{name}.skops")
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not fresh.returncode, fresh.stderr
    for name, est in fitted.items():
        expected = np.asarray(est.predict(X), dtype=object).tolist()
        assert (tmp_path / f"{name}.txt").read_text() == repr(expected), name
        if hasattr(est, "predict_proba"):
            found = np.load(tmp_path / f"{name}.npy")
            np.testing.assert_array_equal(found, est.predict_proba(X), err_msg=name)


def test_everything_fitted_comes_back(tmp_path):
    """Schema, example, report, classes, parameters."""
    est = WinduEstimator("linear", random_state=7).fit(X, Y)
    again = load(save(est, tmp_path / "est.windu"))
    pd.testing.assert_frame_equal(again.example_, est.example_)
    pd.testing.assert_frame_equal(again.feature_report_, est.feature_report_)
    assert again.schema_ == est.schema_
    assert again.feature_schema_ == est.feature_schema_
    assert again.task_ == est.task_
    assert again.get_params() == est.get_params()
    np.testing.assert_array_equal(again.classes_, est.classes_)
    np.testing.assert_array_equal(again.feature_names_in_, est.feature_names_in_)


def test_a_part_alone(tmp_path):
    """Each fitted part is an object of its own."""
    est = WinduEstimator("linear").fit(X, Y)
    for part in (est.featurizer_, est.transformer_, est.label_encoder_, est.model_):
        assert type(load(save(part, tmp_path / "part.windu"))) is type(part)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the user's with a featurizer function."""
    file = tmp_path / "user_features.py"
    file.write_text(
        "def add_ratio(X):\n    return X.assign(r=X['amount'] / (1 + X['visits']))\n"
        "def scaled(X):\n    return X / 100\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "user_features", raising=False)
    import user_features

    yield user_features
    sys.modules.pop("user_features", None)


@pytest.mark.slow
def test_functions_are_references(module, tmp_path):
    """A function is bound only if it is trusted by name, or given."""
    est = WinduEstimator("linear", featurizer=module.add_ratio).fit(X, Y)
    path = save(est, tmp_path / "est.windu")
    assert est.featurizer is module.add_ratio
    with pytest.raises(UntrustedTypesError, match=r"user_features.add_ratio") as caught:
        load(path)
    assert caught.value.types == ["user_features.add_ratio"]
    for again in (
        load(path, trusted=["user_features.add_ratio"]),
        load(path, featurizer=module.add_ratio),
    ):
        np.testing.assert_array_equal(again.predict_proba(X), est.predict_proba(X))
        assert again.featurizer is module.add_ratio


def test_functions_deep_inside_are_references_too(module, tmp_path):
    """skops never resolves a user's function, wherever it stands."""
    log = FunctionTransformer(module.scaled, feature_names_out="one-to-one")
    columns = ColumnTransformer([("log", make_pipeline(log), ["amount", "visits"])])
    est = WinduEstimator("linear", featurizer=None, transformer=columns)
    est.fit(X.fillna({"amount": 0, "visits": 0}), Y)
    table = X.fillna({"amount": 0, "visits": 0})
    path = save(est, tmp_path / "est.windu")
    part = artifacts_of(path)["transformer.skops"]
    assert "user_features.scaled" not in skops.io.get_untrusted_types(data=part)
    with pytest.raises(UntrustedTypesError, match=r"user_features.scaled"):
        load(path)
    again = load(path, trusted=["user_features.scaled"])
    np.testing.assert_array_equal(again.predict_proba(table), est.predict_proba(table))
    assert est.transformer_.transformers_[0][1][0].func is module.scaled


@pytest.mark.slow
def test_changed_source_is_said(module, tmp_path):
    """A function of the same name with another source warns."""
    est = WinduEstimator("linear", featurizer=module.add_ratio).fit(X, Y)
    path = save(est, tmp_path / "est.windu")

    def add_ratio(X):
        return X.assign(r=X["amount"] / (2 + X["visits"]))

    module.add_ratio = add_ratio
    with pytest.warns(WinduWarning, match="source of .*add_ratio' has changed"):
        load(path, trusted=["user_features.add_ratio"])


@pytest.mark.parametrize("kind", ["lambda", "local"])
def test_functions_that_nobody_can_find_are_refused_at_save(kind, tmp_path):
    """Not at load, when it is too late."""

    def local(X):
        return X

    function = (lambda X: X) if kind == "lambda" else local
    est = WinduEstimator("linear", featurizer=function).fit(X, Y)
    with pytest.raises(PersistenceError, match="Move it to a module"):
        save(est, tmp_path / "est.windu")
    assert not list(tmp_path.iterdir())


def test_what_skops_changes_silently_is_refused(tmp_path):
    """skops loses entries of dicts with boolean keys."""
    weights = {False: 9, True: 1}
    est = WinduEstimator(LogisticRegression(class_weight=weights, max_iter=500))
    est.fit(X, Y == "good")
    with pytest.raises(PersistenceError, match=r"must come back.*model\.class_weight"):
        save(est, tmp_path / "est.windu")


@pytest.mark.slow
def test_search_whose_trials_are_in_a_storage_is_refused(tmp_path):
    """What it found is saved; its trials have a storage of their own."""
    est = WinduEstimator("linear", task="binary")
    search = OptunaSearchCV(est, {"model__C": [0.1, 1.0]}, n_trials=1, cv=2).fit(X, Y)
    with pytest.raises(PersistenceError, match="OptunaSearchCV.*Save its best_est"):
        save(search, tmp_path / "search")
    assert not list(tmp_path.iterdir())
    loaded = load(save(search.best_estimator_, tmp_path / "best"))
    assert loaded.predict(X).tolist() == search.predict(X).tolist()


@pytest.mark.slow
def test_tolerances_and_kinds_are_saved(tmp_path):
    """The schema comes back as it was edited, and acts so."""
    schema = windu.infer_schema(X, tolerance={"extra": "raise"})
    schema.columns["city"].metadata["windu"]["tolerance"] = {"level": "raise"}
    est = WinduEstimator("linear", schema=schema).fit(X, Y)
    again = load(save(est, tmp_path / "est.windu"))
    assert again.schema == schema
    assert again.schema_ == est.schema_
    with pytest.raises(
        windu.exceptions.SchemaError, match="'city' must have the levels"
    ):
        again.predict(X.assign(city="Atlantis"))
    with pytest.raises(windu.exceptions.SchemaError, match="'more' must be known"):
        again.predict(X.assign(more=1))


def test_types_that_a_file_brings_are_not_trusted(tmp_path):
    """A file that asks for os.system is refused with the name, nothing is built."""
    path = save(WinduEstimator("linear").fit(X, Y), tmp_path / "est.windu")

    def change(data):
        state = json.loads(data)
        state["__module__"], state["__class__"] = "os", "system"
        return json.dumps(state).encode()

    forged(path, {"model.skops": with_member("schema.json", change)})
    with pytest.raises(UntrustedTypesError, match=r"os.system"):
        load(path)


def test_trust_given_by_the_caller(tmp_path):
    """What the caller has reviewed loads."""
    from tests.persistence import own_model

    est = WinduEstimator(own_model.Constant()).fit(X, Y)
    with pytest.warns(WinduWarning, match="ask whether to trust .*Constant"):
        path = save(est, tmp_path / "est.windu")
    with pytest.raises(UntrustedTypesError, match="Constant"):
        load(path)
    again = load(path, trusted=["tests.persistence.own_model.Constant"])
    np.testing.assert_array_equal(again.predict(X), est.predict(X))
    with pytest.raises(PersistenceError, match="must be a list of names"):
        load(path, trusted="tests.persistence.own_model.Constant")


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        "random_forest",
        "hist_gradient_boosting",
        KNeighborsClassifier(algorithm="kd_tree"),
    ],
    ids=str,
)
def test_edited_structures_are_refused(model, tmp_path):
    """Cycles, children and indices outside the data: found before predict."""
    est = WinduEstimator(model, random_state=0).fit(X, Y)
    path = save(est, tmp_path / "est.windu")
    members = members_of(artifacts_of(path)["model.skops"])
    refused = 0
    for name in [name for name in members if name.endswith(".npy")]:
        array = np.load(BytesIO(members[name]), allow_pickle=False)
        edited = edit(array)
        if edited is None:
            continue
        buffer = BytesIO()
        np.save(buffer, edited, allow_pickle=False)
        archive = archive_of(members | {name: buffer.getvalue()})
        bad = forged(path, {"model.skops": archive}, tmp_path / "bad.windu")
        with pytest.raises(PersistenceError, match="damaged or edited"):
            load(bad)
        refused += 1
        if refused == 5:
            break
    assert refused


def edit(array):
    """Make the first inner node its own child, or an index point outside."""
    names = array.dtype.names or ()
    edited = array.copy()
    if "left_child" in names and len(array) > 1:
        edited["left_child"][0] = 0
    elif "left" in names and len(array) > 1:
        edited["left"][0] = 0
    elif "idx_start" in names:
        edited["idx_end"][0] = 10**9
    else:
        return None
    return edited


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda p: None, "must exist. Got none"),
        (lambda p: p.mkdir(), "must have a manifest.json"),
        (lambda p: p.write_bytes(b""), "must be one that windu.save wrote"),
        (
            lambda p: p.write_bytes(b"PK\x03\x04 no"),
            "must be one that windu.save wrote",
        ),
        (lambda p: zipfile.ZipFile(p, "w").close(), "must have a manifest.json"),
    ],
)
def test_files_that_are_none(write, message, tmp_path):
    """A path that leads to nothing windu wrote is one clear line."""
    path = tmp_path / "est.windu"
    write(path)
    with pytest.raises(PersistenceError, match=message):
        load(path)


@pytest.mark.slow
def test_a_failed_save_keeps_the_earlier_file(tmp_path, monkeypatch):
    """Written beside, then renamed."""
    est = WinduEstimator("linear").fit(X, Y)
    path = save(est, tmp_path / "est.windu")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PersistenceError, match="No space left.*earlier file"):
        save(est, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["est.windu"]


def test_the_list_is_the_loaders_own():
    """trusted_types gives a copy; changing it changes nothing."""
    windu.trusted_types().append("os.system")
    assert "os.system" not in windu.trusted_types()
