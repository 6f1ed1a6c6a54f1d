"""The compiled chain gives the bits of the fitted parts, for any number of rows."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import windu
from windu import WinduEstimator
from windu.estimator import chain as chain_module
from windu.estimator.chain import FEW_ROWS, chain_of, compile_chain
from windu.exceptions import SchemaError

ROWS = settings(
    max_examples=12,
    # The ordinary way is slow: no time to look for a smaller row.
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
WORDS = ["late", "paid", "good", "bad", "customer", "phone", "mail", "again"]
MODELS = ["auto", "trees", "linear"]
TASKS = ["binary", "multiclass", "regression", "multilabel"]


def make_table(n_rows=160, seed=0):
    """Return a table with a column of every kind that the compiled chain knows."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "city": rng.choice(["Rome", "Oslo", "Bern", "Zürich"], n_rows),
            "colour": pd.Categorical(rng.choice(["red", "blue"], n_rows)),
            # More levels than have a column of their own: some are infrequent.
            "street": [f"street{i}" for i in rng.integers(0, 60, n_rows)],
            "amount": rng.normal(size=n_rows),
            "size": rng.normal(size=n_rows).astype("float32"),
            "visits": rng.integers(0, 9, n_rows),
            "small": rng.integers(0, 9, n_rows).astype("int8"),
            "maybe": pd.array(rng.integers(0, 9, n_rows), dtype="Int64"),
            "when": pd.date_range("2020-01-01", periods=n_rows, freq="31h"),
            "signed": pd.date_range("2021-03-01", periods=n_rows).strftime("%d/%m/%Y"),
            "flag": rng.random(n_rows) > 0.5,
            "note": [" ".join(rng.choice(WORDS, 5)) for _ in range(n_rows)],
            "uid": [f"K{i:05d}X" for i in range(n_rows)],
            "fixed": "same",
            "price": [f"{value:.2f}" for value in rng.normal(size=n_rows)],
            # Levels of several words are encoded as texts.
            "agent": [f"agent {i}" for i in rng.integers(0, 60, n_rows)],
        }
    )
    X.loc[::7, "amount"] = np.nan
    X.loc[::11, "city"] = None
    X.loc[::13, ["street", "agent"]] = None
    X.loc[3::50, "price"] = "n/a"
    return X


def make_target(X, task):
    score = X["amount"].fillna(0) + X["flag"] + (X["city"] == "Rome")
    if task == "regression":
        return score * np.pi
    if task == "multilabel":
        return pd.DataFrame({"high": score > 1, "odd": X["visits"] % 2 == 1})
    cuts = [0.6] if task == "binary" else [0.3, 1.0]
    return np.array(["low", "mid", "top"])[np.digitize(score, cuts)]


def make_model(name, task):
    if name != "trees":
        return name
    if task == "regression":
        return GradientBoostingRegressor(n_estimators=5, random_state=0)
    return GradientBoostingClassifier(n_estimators=5, random_state=0)


@cache
def fitted(model, task, schema="infer"):
    X = make_table()
    est = WinduEstimator(
        make_model(model, task), task=task, schema=schema, random_state=0
    )
    return est.fit(X, make_target(X, task))


def ordinary(est, method, X):
    """Call a method without the compiled chain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("windu.estimator.estimator.chain_of", lambda *_: None)
        return getattr(est, method)(X)


def assert_same(one, other):
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
    else:
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def methods_of(task):
    return ["predict"] if task == "regression" else ["predict", "predict_proba"]


NUMBERS = st.one_of(
    st.floats(allow_infinity=False),
    st.sampled_from([0.0, -0.0, 5e-324, 1.7e308, -1e300, 2.0**53 + 1, 0.1]),
    st.integers(-(2**60), 2**60),
)
TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(["", " ", "ROME", "Zürich", "a\0", "日本"])
)
DATES = st.datetimes(
    pd.Timestamp("1800-01-01").to_pydatetime(),
    pd.Timestamp("2150-01-01").to_pydatetime(),
)
VALUES = {
    "city": st.one_of(st.sampled_from(["Rome", "Oslo", "Zürich"]), TEXTS),
    "colour": st.one_of(st.sampled_from(["red", "blue"]), TEXTS),
    "street": st.one_of(st.integers(0, 70).map("street{}".format), TEXTS),
    "amount": NUMBERS,
    "size": st.one_of(st.floats(-1e30, 1e30), st.integers(-9, 9)),
    "visits": st.one_of(st.integers(-(2**60), 2**60), st.floats(-1e9, 1e9)),
    "small": st.one_of(st.integers(-128, 127), st.floats(-100, 100)),
    "maybe": st.one_of(st.integers(-(2**60), 2**60), st.floats(-1e9, 1e9)),
    "when": DATES,
    "signed": DATES.map(lambda date: date.strftime("%d/%m/%Y")),
    "flag": st.booleans(),
    "note": st.one_of(st.lists(st.sampled_from(WORDS)).map(" ".join), TEXTS),
    "uid": TEXTS,
    "fixed": TEXTS,
    "price": st.one_of(NUMBERS.map(str), st.sampled_from(["n/a", "", "-"])),
    "agent": st.one_of(st.integers(0, 70).map("agent {}".format), TEXTS),
}
MISSING = st.sampled_from([None, float("nan")])
CLEAN_ROWS = st.fixed_dictionaries(
    {name: st.one_of(values, MISSING) for name, values in VALUES.items()}
)


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["infer", None])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", MODELS)
def test_a_row_has_the_bits_of_the_ordinary_way(model, task, schema):
    """Matrix and predictions, as a dict, a list of one and a frame."""
    est = fitted(model, task, schema)
    taken = []

    @ROWS
    @given(CLEAN_ROWS)
    # Models overflow on numbers like 1e308, on either way.
    @np.errstate(over="ignore", invalid="ignore")
    def check(row):
        # Frames in another order go the ordinary way.
        frame = pd.DataFrame([row], columns=list(VALUES))
        forms = [row, [row], frame]
        matrices = [chain_of(est).matrix(form) for form in forms]
        taken.extend(matrix is not None for matrix in matrices)
        if matrices[0] is None:
            return
        right = est._matrix(frame)[0]
        for matrix in matrices:
            assert_same(matrix, right)
        # scikit-learn's trees take nothing that float32 cannot hold.
        too_large = np.nanmax(np.abs(right)) > np.finfo("float32").max
        for method in [] if model == "trees" and too_large else methods_of(task):
            expected = ordinary(est, method, frame)
            for form in forms:
                assert_same(getattr(est, method)(form), expected)

    check()
    assert np.mean(taken) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", MODELS)
def test_a_row_has_the_bits_that_it_has_in_its_table(model, task):
    """Every row of a table with values that training did not see."""
    est = fitted(model, task)
    X = make_table(seed=1)
    X.loc[5:9, ["city", "street", "note"]] = "unknown é"
    X.loc[5, "visits"] = 1000
    X.loc[20, ["amount", "when", "note", "maybe"]] = None
    matrix, _ = est._matrix(X)
    whole = {method: getattr(est, method)(X) for method in methods_of(task)}
    for i in range(40):
        one = X.iloc[[i]]
        given = chain_of(est).matrix(one)
        assert_same(given, matrix[[i]])
        for method, right in whole.items():
            predicted = getattr(est, method)(one)
            if isinstance(predicted, pd.DataFrame):
                pd.testing.assert_frame_equal(predicted, right.iloc[[i]])
            elif predicted.dtype.kind == "f":
                # BLAS multiplies a table otherwise than a row.
                np.testing.assert_allclose(
                    predicted, right[[i]], rtol=1e-12, atol=1e-12
                )
            else:
                np.testing.assert_array_equal(predicted, right[[i]])


ROW = make_table().iloc[0].to_dict()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "much"}, "amount"),
        ({"amount": float("inf")}, "amount"),
        ({"amount": np.float64("inf")}, "amount"),
        ({"visits": True}, "visits"),
        ({"when": 3.5}, "when"),
        ({"when": "someday"}, "when"),
        ({"signed": "31.12.2020"}, "signed"),
        ({"signed": "31/02/2020"}, "signed"),
        ({"flag": "yes"}, "flag"),
        ({"flag": 2}, "flag"),
        ({"city": 3}, "city"),
        ({"city": pd.Timestamp("2020-01-01")}, "city"),
        ({"price": "cheap"}, "price"),
    ],
)
@pytest.mark.parametrize("form", [dict, pd.DataFrame, list])
def test_what_is_not_clean_is_refused_as_ever(form, changes, message):
    """The compiled chain declines; the ordinary way raises the same as without it."""
    est = fitted("auto", "binary")
    row = ROW | changes
    X = {dict: row, list: [row], pd.DataFrame: pd.DataFrame([row])}[form]
    assert chain_of(est).matrix(X) is None
    with pytest.raises(SchemaError, match=message) as without:
        ordinary(est, "predict", X)
    with pytest.raises(SchemaError, match=message) as raised:
        est.predict(X)
    assert str(raised.value) == str(without.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"flag": 1},
        {"small": 1000},
        {"visits": 1e30},
        {"when": "2020-05-01"},
        {"when": pd.Timestamp("2020-05-01 00:00:00.000000001")},
        {"signed": " 01/02/2020"},
        {"price": 12.5},
        {"extra": 1},
    ],
)
def test_what_has_to_be_cast_goes_the_ordinary_way(changes):
    """Nothing is lost: the answer is the same, only later."""
    est = fitted("auto", "binary")
    row = ROW | changes
    assert chain_of(est).matrix(row) is None
    assert_same(est.predict_proba(row), ordinary(est, "predict_proba", row))


def test_missing_and_renamed_columns_are_refused():
    """With the names in the message."""
    est = fitted("auto", "binary")
    row = {name: value for name, value in ROW.items() if name != "city"}
    for X in (row, row | {"town": "Rome"}, pd.DataFrame([row])):
        assert chain_of(est).matrix(X) is None
        with pytest.raises(SchemaError, match="city"):
            est.predict(X)


def test_other_orders_and_forms_of_a_row():
    """A dict has no order; a frame in another order goes the ordinary way."""
    est = fitted("auto", "binary")
    right = est.predict_proba(ROW)
    turned = dict(reversed(ROW.items()))
    assert_same(chain_of(est).matrix(turned), chain_of(est).matrix(ROW))
    frame = pd.DataFrame([turned])
    assert chain_of(est).matrix(frame) is None
    assert_same(est.predict_proba(frame), right)
    columns = {name: [value] for name, value in ROW.items()}
    assert chain_of(est).matrix(columns) is None
    assert_same(est.predict_proba(columns), right)
    for nothing in ([], {}, frame.head(0), np.array(1.0)):
        assert chain_of(est).matrix(nothing) is None


@pytest.mark.slow
def test_arrays_for_arrays():
    """Rows of arrays go the compiled chain where training had an array."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4))
    est = WinduEstimator("auto", random_state=0).fit(X, X[:, 0] > 0)
    for row in (X[[3]], X[[3]].astype("float32"), np.array([[1, 2, 3, 4]])):
        given = chain_of(est).matrix(row)
        assert_same(given, est._matrix(row)[0])
        assert_same(est.predict_proba(row), ordinary(est, "predict_proba", row))
    assert chain_of(est).matrix(X[[3]].astype(object)) is None
    assert chain_of(est).matrix(X[[3], :2]) is None
    named = WinduEstimator("auto", random_state=0).fit(pd.DataFrame(X), X[:, 0] > 0)
    assert chain_of(named).matrix(X[[3]]) is None


def test_features_without_a_featurizer():
    """Numbers alone need none."""
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3)), columns=list("abc"))
    est = WinduEstimator("linear", featurizer=None, random_state=0).fit(X, X["a"] > 0)
    assert_same(chain_of(est).matrix(X.iloc[[1]]), est._matrix(X.iloc[[1]])[0])
    assert chain_of(est).matrix({"a": 1, "b": 2.0, "c": None}) is not None


@pytest.mark.slow
@pytest.mark.parametrize(
    "parts",
    [
        {"transformer": FunctionTransformer(lambda X: X[["amount"]].fillna(0))},
        {"transformer": make_pipeline(FunctionTransformer(lambda X: X[["visits"]]))},
        {"transformer": ColumnTransformer([("scaled", StandardScaler(), [3, 5])])},
        {"featurizer": lambda X: X[["visits"]]},
        {"schema": {"range": "warn"}},
        {"schema": {"dtype": "raise"}},
    ],
)
def test_parts_and_wishes_of_a_users_own_take_the_ordinary_way(parts):
    """Nobody knows what they do to one row."""
    X = make_table()
    est = WinduEstimator("decision_tree", random_state=0, **parts)
    est.set_params(model=HistGradientBoostingClassifier(max_iter=3))
    est.fit(X, make_target(X, "binary"))
    assert chain_of(est) is None
    one = X.iloc[[0]]
    assert_same(est.predict(one), ordinary(est, "predict", one))


@pytest.mark.slow
def test_nothing_compiled_is_copied_or_stored(tmp_path):
    """The estimator holds the same before and after, and its copies begin anew."""
    X = make_table()
    est = WinduEstimator("auto", random_state=0).fit(X, make_target(X, "binary"))
    before = dict(vars(est)), pickle.dumps(est)
    assert chain_of(est) is chain_of(est)
    right = est.predict_proba(ROW)
    assert dict(vars(est)) == before[0]
    assert pickle.dumps(est) == before[1]
    windu.save(est, tmp_path / "est.windu")
    copies = [
        pickle.loads(pickle.dumps(est)),
        copy.deepcopy(est),
        windu.load(tmp_path / "est.windu"),
    ]
    for made in copies:
        assert made not in chain_module._COMPILED
        assert_same(made.predict_proba(ROW), right)
        assert chain_of(made) is not chain_of(est)
        assert_same(made.predict_proba(ROW), ordinary(made, "predict_proba", ROW))
    assert clone(est) not in chain_module._COMPILED


@pytest.mark.slow
def test_a_new_fit_and_a_new_part_compile_anew():
    """The compiled chain never speaks for a model that is gone."""
    X = make_table()
    est = WinduEstimator("auto", random_state=0).fit(X, make_target(X, "binary"))
    est.predict_proba(ROW)
    est.fit(X, make_target(X, "multiclass"))
    assert_same(est.predict_proba(ROW), ordinary(est, "predict_proba", ROW))
    other = fitted("linear", "binary")
    est.model_, est.transformer_ = other.model_, other.transformer_
    assert_same(est.predict_proba(ROW), ordinary(other, "predict_proba", ROW))
    first = chain_of(est)
    est.set_params(schema=None)
    assert chain_of(est) is not first


def test_a_model_that_learns_on_is_noticed():
    """Warm starts add trees to the model that is there."""
    X = make_table()
    y = make_target(X, "binary")
    model = HistGradientBoostingClassifier(max_iter=5, warm_start=True)
    est = WinduEstimator(model, random_state=0).fit(X, y)
    first = est.predict_proba(ROW)
    est.model_.set_params(max_iter=10).fit(est._matrix(X)[0], y == "mid")
    assert (est.predict_proba(ROW) != first).any()
    assert_same(est.predict_proba(ROW), ordinary(est, "predict_proba", ROW))


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    ["auto", "hist_gradient_boosting", "linear", "random_forest", "k_neighbors", "svm"],
)
def test_one_fit_is_compiled_once(model, monkeypatch):
    """Predictions by either way leave nothing behind that asks for another one."""
    X = make_table(60)[["city", "amount", "when", "flag"]]
    y = make_target(make_table(60), "binary")
    est = WinduEstimator(model, random_state=0).fit(X, y)
    compiled = []
    once = chain_module.compile_chain
    monkeypatch.setattr(
        chain_module, "compile_chain", lambda est: compiled.append(est) or once(est)
    )
    for i in range(4):
        est.predict(X.iloc[[i]])
        est.predict(X)
    assert len(compiled) == 1
    assert chain_of(est) is not None


def test_one_table_alone_is_not_worth_compiling(monkeypatch):
    """Folds of cross-validation predict once; the second table is encoded faster."""
    X = make_table(60)[["city", "amount", "flag"]]
    est = WinduEstimator("decision_tree", random_state=0)
    est.fit(X, make_target(make_table(60), "binary"))
    compiled = []
    once = chain_module.compile_chain
    monkeypatch.setattr(
        chain_module, "compile_chain", lambda est: compiled.append(est) or once(est)
    )
    first = est.predict_proba(X)
    assert not compiled
    assert_same(est.predict_proba(X), first)
    assert compiled == [est]
    copied = copy.deepcopy(est)
    copied.predict(X.iloc[[0]])
    assert compiled == [est, copied]


@pytest.mark.slow
def test_threads_compile_the_same():
    """The first predictions may come at the same time."""
    X = make_table()
    est = WinduEstimator("auto", random_state=0).fit(X, make_target(X, "binary"))
    ones = [X.iloc[[i]] for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        predicted = list(pool.map(est.predict_proba, ones))
    for one, probabilities in zip(ones[:10], predicted, strict=False):
        assert_same(probabilities, ordinary(est, "predict_proba", one))


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("leaves", [2, None])
@pytest.mark.parametrize("n_classes", [2, 3])
@ROWS
@given(values=st.lists(st.floats(allow_infinity=False), min_size=3, max_size=3))
@example(values=[float("nan")] * 3)
def test_trees_that_are_walked_give_the_same_bits(n_classes, leaves, at_once, values):
    """Sums of leaves are added in the same order, one by one or all trees at once."""
    model = boosted(n_classes, leaves)
    with pytest.MonkeyPatch.context() as patch:
        if at_once:
            patch.setattr("windu._compat.boosting._MAX_WALKED", 0)
        quick = chain_module.model_of_few_rows(model)
    assert quick is not model
    for rows in (np.array([values]), np.array([values, values[::-1], [0.0, 1.0, 2.0]])):
        for method in ("predict_proba", "predict"):
            assert_same(getattr(quick, method)(rows), getattr(model, method)(rows))


@cache
def boosted(n_classes, leaves):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = np.digitize(np.nan_to_num(X[:, 0]), [0.0, 0.7][: n_classes - 1])
    model = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=leaves)
    return model.fit(X, y)


def test_trees_with_levels_are_left_to_scikit_learn():
    """Their splits are sets."""
    X = np.tile(np.arange(6.0), 50).reshape(-1, 1)
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features=[0])
    model.fit(X, np.isin(X[:, 0], [0, 3, 4]))
    assert chain_module.model_of_few_rows(model) is model


def test_a_compiled_chain_with_other_bits_is_not_used(monkeypatch):
    """What is compiled proves itself on rows of training first."""
    est = fitted("auto", "binary")
    compiled = chain_module.matrix_encoder

    def wrong(transformer, names):
        encode = compiled(transformer, names)
        return lambda *features: encode(*features) + 1e-9

    assert compile_chain(est) is not None
    monkeypatch.setattr(chain_module, "matrix_encoder", wrong)
    assert compile_chain(est) is None


# Lists of values up to 500 rows, Series of pandas beyond.
SIZES = st.sampled_from([2, FEW_ROWS, FEW_ROWS + 1, 40, 501, 700])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::windu.exceptions.DataWarning")
@pytest.mark.parametrize("schema", ["infer", None])
@pytest.mark.parametrize("model", ["auto", "linear"])
def test_a_table_has_the_bits_of_the_fitted_parts(model, schema):
    """As a frame, as one whose integers may be missing, and as dicts."""
    est = fitted(model, "binary", schema)
    taken = []

    @ROWS
    @given(st.lists(CLEAN_ROWS, min_size=1, max_size=6), SIZES)
    @np.errstate(over="ignore", invalid="ignore")
    def check(rows, size):
        # Values of training keep the levels known.
        known = make_table(size).to_dict("records")
        rows = (rows + known)[:size]
        frame = pd.DataFrame(rows, columns=list(VALUES))
        right = est._matrix(frame)[0]
        for form in (frame, frame.astype({"maybe": "Float64"}), rows):
            matrix = chain_of(est).matrix(form)
            taken.append(matrix is not None)
            if matrix is not None:
                assert_same(matrix, right)
                assert matrix.flags.c_contiguous == right.flags.c_contiguous

    check()
    assert np.mean(taken) > 0.3


def test_each_row_of_a_table_keeps_its_own_values():
    """Repeated values are encoded once, and come back in their rows."""
    est = fitted("auto", "multiclass")
    X = make_table(600).sample(frac=1, random_state=0)
    whole = chain_of(est).matrix(X)
    assert_same(whole, est._matrix(X)[0])
    for start in (0, 37, 599):
        rows = X.iloc[start : start + 3]
        assert_same(chain_of(est).matrix(rows), whole[start : start + 3])


@pytest.mark.parametrize("n_rows", [2, 40, 600])
@pytest.mark.parametrize("value", [["Rome"], 3, 1.5, True, b"Rome"])
def test_one_cell_that_is_no_text_declines_a_table(n_rows, value):
    """Validation says what is wrong, or casts it, whatever the number of rows."""
    est = fitted("auto", "binary")
    X = make_table(600).head(n_rows).astype({"city": object})
    X["city"] = [value, *X["city"].iloc[1:]]
    assert chain_of(est).matrix(X) is None
    with pytest.raises(SchemaError, match="city"):
        est.predict(X)


def test_a_table_is_encoded_the_same_after_it_was_cast():
    """Columns in another order and whole numbers as floats are validated first."""
    est = fitted("auto", "binary")
    X = make_table(30)
    turned = X[X.columns[::-1]].astype({"visits": "float64"})
    assert chain_of(est).matrix(turned) is None
    assert_same(est.predict_proba(turned), est.predict_proba(X))
    encoded = []
    with pytest.MonkeyPatch.context() as patch:
        chain = chain_of(est)
        patch.setattr(
            type(chain), "matrix_of_valid", lambda self, frame: encoded.append(frame)
        )
        assert_same(est.predict_proba(turned), est.predict_proba(X))
    assert len(encoded) == 1
