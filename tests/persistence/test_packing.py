"""Trees as a few arrays: the same forest, small and quick, and checked."""

from io import BytesIO
from zipfile import ZIP_DEFLATED

import joblib
import numpy as np
import pytest
import skops.io
from sklearn import ensemble
from sklearn.datasets import make_classification
from sklearn.tree import DecisionTreeClassifier

from windu.exceptions import IntegrityError, PersistenceError
from windu.persistence.packing import PackedPredictors, PackedTrees, pack, unpack
from windu.persistence.substitution import substitute

X, Y = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
MODELS = [
    ensemble.AdaBoostClassifier(n_estimators=5, random_state=0),
    ensemble.BaggingClassifier(n_estimators=5, random_state=0, max_features=4),
    ensemble.ExtraTreesRegressor(5, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=5, random_state=0),
    ensemble.HistGradientBoostingClassifier(
        max_iter=5, categorical_features=[7], early_stopping=False
    ),
    ensemble.IsolationForest(n_estimators=5, random_state=0),
    ensemble.RandomForestClassifier(5, random_state=0, class_weight="balanced"),
    ensemble.RandomForestRegressor(5, random_state=0),
]


def scores(model):
    for method in ("predict_proba", "score_samples", "predict"):
        if hasattr(model, method):
            return getattr(model, method)(table())
    raise AssertionError


def table():
    made = X.copy()
    made[:, 7] = np.abs(made[:, 7].round())
    return made


@pytest.mark.parametrize("model", MODELS, ids=lambda m: type(m).__name__)
def test_the_same_forest_comes_back(model):
    model.fit(table(), Y)
    before = scores(model)
    packed = substitute(model, pack)
    assert packed is not model
    again = substitute(packed, unpack)
    np.testing.assert_array_equal(scores(again), before)
    np.testing.assert_array_equal(scores(model), before)
    assert repr(again.get_params()) == repr(model.get_params())
    trees = getattr(model, "estimators_", None)
    if trees is not None:
        for one, other in zip(
            np.ravel(trees), np.ravel(again.estimators_), strict=True
        ):
            assert list(vars(one)) == list(vars(other)) or set(vars(one)) == set(
                vars(other)
            )
            assert type(one) is type(other)


def test_a_packed_forest_is_not_larger_than_compressed_joblib():
    model = ensemble.RandomForestClassifier(100, random_state=0).fit(X, Y)
    data = skops.io.dumps(substitute(model, pack), compression=ZIP_DEFLATED)
    other = BytesIO()
    joblib.dump(model, other, compress=3)
    assert len(data) < len(other.getvalue())


@pytest.mark.parametrize(
    "held",
    [
        [],
        [1, 2],
        [[]],
        [[1]],
        np.array([], dtype=object),
        [DecisionTreeClassifier()],
        [DecisionTreeClassifier().fit(X, Y), None],
        [DecisionTreeClassifier().fit(X, Y), DecisionTreeClassifier().fit(X[:, :3], Y)],
    ],
    ids=str,
)
def test_other_lists_stay(held):
    assert pack(held) is held


@pytest.mark.parametrize(
    ("name", "edit"), [("n_classes", [3, 0]), ("counts", [0]), ("values", [[[1.0]]])]
)
def test_arrays_that_do_not_fit_are_refused(name, edit):
    """No tree has no class or no node, or values of another shape."""
    two = np.column_stack([Y, Y])
    packed = pack([DecisionTreeClassifier(random_state=0).fit(X, two)])
    unpack(packed)
    setattr(packed, name, np.array(edit, dtype=getattr(packed, name).dtype))
    with pytest.raises(IntegrityError, match="must fit each other"):
        unpack(packed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_edited_arrays_are_refused_or_harmless(seed):
    """Lengths that do not add up, other dtypes, other classes: one clear error."""
    rng = np.random.default_rng(seed)
    forest = ensemble.RandomForestClassifier(3, random_state=0, max_depth=3).fit(X, Y)
    hist = ensemble.HistGradientBoostingClassifier(max_iter=2).fit(X, Y)
    for packed in (pack(forest.estimators_), pack(hist._predictors)):
        assert isinstance(packed, (PackedTrees, PackedPredictors))
        name = rng.choice(
            [n for n in vars(packed) if n not in ("shared", "own", "depths")]
        )
        edits = {
            "counts": rng.integers(-5, 50, 3),
            "nodes": packed.nodes[: rng.integers(0, len(packed.nodes))],
            "values": np.zeros((3, 1, 1)),
            "n_features": "many",
            "n_outputs": -1,
            "n_classes": np.array([0.5]),
            "kind": "system",
            "shape": [7],
            "per_round": 0,
            "binned": np.zeros((9, 8), np.uint32),
            "raw": np.zeros((9, 8), np.uint32),
            "tables": rng.integers(1, 9, (6, 2)),
        }
        setattr(packed, name, edits[name])
        with pytest.raises(PersistenceError, match="must fit each other"):
            unpack(packed)
