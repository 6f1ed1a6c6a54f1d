"""Boosters in their library's own form: the same bits in a fresh process."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

from tests.conftest import make_ugly
from windu import WinduEstimator, load, save
from windu.exceptions import PersistenceError
from windu.persistence import flavors
from windu.persistence.flavors import NativePart, from_native, to_native

X, Y = make_ugly()
TARGETS = {
    "binary": Y,
    "multiclass": X["city"].fillna("none"),
    "regression": X["visits"] * 1.5,
    "multilabel": [["a"] * int(flag) + ["b"] for flag in X["flag"]],
}
FRESH = """
import sys, numpy as np, windu
from tests.conftest import make_ugly
for path in sys.argv[1:]:
    est = windu.load(path)
    X, _ = make_ugly()
    scores = est.predict_proba(X) if hasattr(est, "predict_proba") else est.predict(X)
    np.save(path + ".npy", scores, allow_pickle=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("library", ["catboost", "lightgbm", "xgboost"])
def test_a_fresh_process_gives_the_same_bits(library, tmp_path):
    """For every task, without any trust from the caller."""
    pytest.importorskip(library, reason="an optional model")
    expected = {}
    for task, y in TARGETS.items():
        est = WinduEstimator(library, task=task, random_state=0)
        est.set_params(model__n_estimators=9).fit(X, y)
        path = tmp_path / f"{task}.windu"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            save(est, path)
        scores = est.predict if task == "regression" else est.predict_proba
        expected[str(path)] = scores(X)
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, *expected],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not fresh.returncode, fresh.stderr
    for path, scores in expected.items():
        np.testing.assert_array_equal(np.load(f"{path}.npy"), scores)


@pytest.mark.slow
def test_a_booster_inside_another_estimator(tmp_path):
    """A mixed chain: each part in its own form."""
    lightgbm = pytest.importorskip("lightgbm", reason="an optional model")
    from sklearn.ensemble import RandomForestClassifier, VotingClassifier

    members = [
        ("booster", lightgbm.LGBMClassifier(n_estimators=5, verbose=-1)),
        ("forest", RandomForestClassifier(5, random_state=0)),
    ]
    est = WinduEstimator(VotingClassifier(members, voting="soft")).fit(X, Y)
    again = load(save(est, tmp_path / "est.windu"))
    np.testing.assert_array_equal(again.predict_proba(X), est.predict_proba(X))
    assert est.model_.estimators_[0].booster_.num_trees() == 5


def test_parts_that_cannot_be_read(monkeypatch):
    """A missing library, an unknown flavor, bytes of something else."""

    def get(name):
        assert name == "file"
        return b"no model"

    with pytest.raises(PersistenceError, match="flavor 'lightgmb'.*Did you mean"):
        from_native(NativePart("lightgmb", "file", {}), get)
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(PersistenceError, match=r"pip install 'windu\[xgboost\]'"):
        from_native(NativePart("xgboost", "file", {}), get)
    pytest.importorskip("catboost", reason="an optional model")
    for state in ({}, {"kind": "os.system", "params": {}}):
        with pytest.raises(PersistenceError, match="catboost wrote cannot be read"):
            from_native(NativePart("catboost", "file", state), get)


class Table:
    """A model of another library."""

    def __init__(self, values):
        self.values = values


def clear():
    flavors._flavors.cache_clear()
    flavors._by_type.cache_clear()


class TableFlavor:
    """How that library writes it."""

    types = (f"{__name__}.Table",)

    def dump(self, held):
        return bytes(held.values), {"n": len(held.values)}

    def load(self, data, state):
        assert state["n"] == len(data)
        return Table(list(data))


def test_a_flavor_of_a_users_package(monkeypatch):
    """Found by its entry point; windu's own names cannot be taken."""

    class Point:
        def __init__(self, name):
            self.name = name

        def load(self):
            return TableFlavor()

    monkeypatch.setattr(
        flavors, "entry_points", lambda group: [Point("table"), Point("xgboost")]
    )
    clear()
    try:
        files = {}

        def put(suffix, data):
            files[f"model.0{suffix}"] = data
            return f"model.0{suffix}"

        part = to_native(Table([1, 2, 3]), put)
        assert part.flavor == "table"
        assert list(files) == ["model.0.table"]
        assert from_native(part, files.get).values == [1, 2, 3]
        assert "xgboost.core.Booster" in flavors._flavors()["xgboost"].types
    finally:
        clear()
