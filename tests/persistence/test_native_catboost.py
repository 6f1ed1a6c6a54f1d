"""CatBoost's bytes that were edited: refused before CatBoost follows them."""

import numpy as np
import pandas as pd
import pytest

from windu import Metastore, WinduEstimator, inspect, load, save
from windu.exceptions import PersistenceError, UntrustedTypesError, WinduWarning
from windu.persistence.flavors import NativePart, from_native
from windu.persistence.flavors.catboost import (
    _BIASES,
    _BINS,
    _LEAF_OF_NODE,
    _LEAVES,
    _SIZES,
    _SPLITS,
    _STARTS,
    _STEPS,
    _TREES,
    _Table,
    check_catboost,
)

catboost = pytest.importorskip("catboost", reason="an optional model")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
X[::7, 2] = np.nan
TARGETS = {
    "binary": X[:, 0] > 0,
    "multiclass": RNG.choice(["a", "b", "c"], 200),
    "labels": (X[:, :3] > 0).astype(int),
    "regression": X[:, 0] * 3,
    "targets": X[:, :2] * 2,
}
LOSSES = {"labels": "MultiLogloss", "targets": "MultiRMSE"}
GROWN = ("SymmetricTree", "Depthwise", "Lossguide")


def fitted(tmp_path, task, grown, **options):
    given = {"iterations": 5, "depth": 3, "grow_policy": grown, "verbose": 0}
    given |= {"allow_writing_files": False, "thread_count": 1} | options
    if task in LOSSES:
        given["loss_function"] = LOSSES[task]
    values = task in ("regression", "targets")
    kind = catboost.CatBoostRegressor if values else catboost.CatBoostClassifier
    model = kind(**given).fit(X, TARGETS[task])
    model.save_model(str(tmp_path / "model.cbm"))
    return bytearray((tmp_path / "model.cbm").read_bytes())


def place_of(data, field, number=0, size=4):
    """Return where a number of a vector of the trees stands, and how many there are."""
    core = memoryview(bytes(data))[8:]
    trees = _Table(core, int.from_bytes(core[:4], "little")).table(_TREES)
    place = trees._place(field)
    start = place + trees._unpack("<I", place)
    return 8 + start + 4 + size * number, trees._unpack("<I", start)


@pytest.mark.parametrize("grown", GROWN)
@pytest.mark.parametrize("task", TARGETS)
def test_what_catboost_writes_is_good(tmp_path, task, grown):
    """All tasks and ways to grow, many borders, a tree without splits."""
    check_catboost(bytes(fitted(tmp_path, task, grown)))
    check_catboost(bytes(fitted(tmp_path, task, grown, border_count=600)))


@pytest.mark.parametrize("grown", ["SymmetricTree", "Lossguide"])
@pytest.mark.parametrize("field", [_SPLITS, _SIZES, _STARTS, _BINS])
def test_numbers_that_lead_out(tmp_path, field, grown):
    """Any split, size or start that is not its own."""
    good = fitted(tmp_path, "multiclass", grown)
    _, count = place_of(good, field)
    for number in range(count):
        for value in (2**31 - 1, 2**32 - 1, 9999):
            bad = good.copy()
            at, _ = place_of(good, field, number)
            bad[at : at + 4] = value.to_bytes(4, "little")
            with pytest.raises(ValueError, match="it splits by|its trees|its leaves"):
                check_catboost(bytes(bad))


@pytest.mark.parametrize("field", [_STEPS, _LEAF_OF_NODE])
def test_nodes_that_lead_out(tmp_path, field):
    """Steps to another tree, leaves that are not there."""
    good = fitted(tmp_path, "binary", "Lossguide")
    _, count = place_of(good, field)
    for number in range(count):
        bad = good.copy()
        at, _ = place_of(good, field, number)
        before = bytes(bad[at : at + 4])
        bad[at : at + 4] = b"\xfe\xff\xfe\xff"
        if field == _LEAF_OF_NODE and before == b"\xff\xff\xff\xff":
            # Of an inner node, which has none.
            continue
        with pytest.raises(ValueError, match="a node leads out"):
            check_catboost(bytes(bad))


@pytest.mark.parametrize("field", [_LEAVES, _BIASES])
def test_lengths(tmp_path, field):
    """Fewer leaves than nodes ask for; a bias of another dimension."""
    bad = fitted(tmp_path, "multiclass", "SymmetricTree")
    at, count = place_of(bad, field)
    bad[at - 4 : at] = (count - 1).to_bytes(4, "little")
    with pytest.raises(ValueError, match="its leaves|its bias"):
        check_catboost(bytes(bad))


def test_classes_and_ends(tmp_path):
    """Classes that are not there, a file that is cut or goes on."""
    good = bytes(fitted(tmp_path, "multiclass", "SymmetricTree"))
    with pytest.raises(ValueError, match="classes"):
        check_catboost(good.replace(b'label":[0,1,2]', b'label":[0,1,6]'))
    for bad in (good[:-1], good + b"x", good[:9], b"", b"CBM2" + good[4:]):
        with pytest.raises(ValueError, match="no model|more than"):
            check_catboost(bad)
    for length in range(12, len(good), 97):
        cut = good[:4] + (length - 8).to_bytes(4, "little") + good[8:length]
        with pytest.raises(ValueError, match=r"\w"):
            check_catboost(cut)


@pytest.mark.slow
def test_no_mutation_crashes(tmp_path):
    """What passes the check is loaded and predicts, or says why not."""
    kinds = [fitted(tmp_path, "multiclass", grown) for grown in GROWN]
    passed = 0
    for number in range(2000):
        rng = np.random.default_rng(number)
        data = kinds[number % len(kinds)].copy()
        at = int(rng.integers(8, len(data) - 4))
        value = int(rng.choice([0, 1, 255, 65535, 2**31 - 1, 2**32 - 1]))
        data[at : at + 4] = value.to_bytes(4, "little")
        try:
            check_catboost(bytes(data))
        except ValueError:
            continue
        passed += 1
        try:
            model = catboost.CatBoostClassifier().load_model(blob=bytes(data))
            model.predict_proba(X[:5])
        except (catboost.CatBoostError, ValueError, TypeError, KeyError):
            pass
    assert 0 < passed < 2000


def test_levels_cannot_be_looked_into(tmp_path):
    """Tables of levels are read from who is trusted, by name or by a signature."""
    frame = pd.DataFrame({"x": X[:, 0], "z": RNG.choice(["u", "v", "w"], 200)})
    model = catboost.CatBoostClassifier(
        iterations=3, verbose=0, allow_writing_files=False
    )
    est = WinduEstimator(model, transformer=None).fit(frame, TARGETS["binary"])
    assert est.model_.get_cat_feature_indices() == [1]
    name, key = "catboost.core.CatBoost", "a secret of at least 16 bytes"
    with pytest.warns(WinduWarning, match=f"whether to trust \\['{name}'\\]"):
        save(est, tmp_path / "plain.windu")
    save(est, tmp_path / "signed.windu", key=key)
    for path in ("plain.windu", "signed.windu"):
        with pytest.raises(UntrustedTypesError, match="cannot be looked into") as told:
            load(tmp_path / path)
        assert told.value.types == inspect(tmp_path / path).untrusted == [name]
    store = Metastore(tmp_path / "store", key=key)
    store.save(est, "levels")
    for again in (
        load(tmp_path / "plain.windu", trusted=[name]),
        load(tmp_path / "signed.windu", key=key),
        store.load("levels"),
    ):
        np.testing.assert_array_equal(again.predict(frame), est.predict(frame))


def test_tables_of_levels_under_another_name(tmp_path):
    """What is no file of CatBoost by its name is looked at all the same."""
    frame = pd.DataFrame({"z": RNG.choice(["u", "v", "w"], 200)})
    model = catboost.CatBoostClassifier(
        iterations=3, cat_features=["z"], verbose=0, allow_writing_files=False
    ).fit(frame, TARGETS["binary"])
    path = tmp_path / "model.cbm"
    model.save_model(str(path))
    part = NativePart(
        "catboost", "model.txt", {"kind": "CatBoostClassifier", "params": {}}
    )
    with pytest.raises(UntrustedTypesError):
        from_native(part, lambda _: path.read_bytes())
    with pytest.raises(PersistenceError, match="damaged"):
        from_native(part, lambda _: path.read_bytes()[:40])
