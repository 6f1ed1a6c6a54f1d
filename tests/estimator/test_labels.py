"""Labels of every type come back as they were, and every model agrees on classes_."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import LinearSVC

import windu
from windu import WinduEstimator
from windu.exceptions import PartError, TargetError
from windu.pipeline import evaluate
from windu.pipeline.scoring import predictions

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 3)), columns=["a", "b", "c"], index=range(9, 69))
YES = (X["a"] > 0).to_numpy()
CODES = np.where(X["a"] > 0.5, 2, np.where(X["a"] < -0.5, 0, 1))
TEXTS = np.array(["mid", "zlow", "atop"])[CODES]
ORDER = ["zlow", "mid", "atop"]


def series(values, dtype):
    return pd.Series(values, dtype=dtype, index=X.index)


COLUMNS = {
    "texts": TEXTS,
    "list": TEXTS.tolist(),
    "tuple": tuple(TEXTS.tolist()),
    "objects": TEXTS.astype(object),
    "str": pd.Series(TEXTS, index=X.index),
    "string[python]": series(TEXTS, "string[python]"),
    "string[pyarrow]": series(TEXTS, "string[pyarrow]"),
    "arrow string": series(TEXTS, pd.ArrowDtype(pa.string())),
    "categories": series(TEXTS, "category"),
    "ordered": series(TEXTS, pd.CategoricalDtype(ORDER, ordered=True)),
    "unused category": series(TEXTS, pd.CategoricalDtype(["other", *ORDER])),
    "categories of numbers": series(CODES, "category"),
    "categories of booleans": series(YES, "category"),
    "booleans": YES,
    "boolean": series(YES, "boolean"),
    "bool[pyarrow]": series(YES, "bool[pyarrow]"),
    "objects of booleans": YES.astype(object),
    **{f"{t}int{n}": CODES.astype(f"{t}int{n}") for t in ("", "u") for n in (8, 32)},
    "Int8": series(CODES, "Int8"),
    "int64[pyarrow]": series(CODES, "int64[pyarrow]"),
    "float32": CODES.astype("float32"),
    "objects of numbers": CODES.astype(object),
    "decimals": [Decimal(int(code)) for code in CODES],
    "bytes": np.where(YES, b"y", b"n"),
    "letters": ["a" if yes else "b" for yes in YES],
    "unicode": ["ä" if yes else "日本" for yes in YES],
    "space behind": ["a " if yes else "a" for yes in YES],
    "case": ["A" if yes else "a" for yes in YES],
    "polars texts": pl.Series(TEXTS),
    "polars categories": pl.Series(TEXTS, dtype=pl.Categorical),
    "polars Enum": pl.Series(TEXTS, dtype=pl.Enum(ORDER)),
    "polars booleans": pl.Series(YES),
    "polars int8": pl.Series(CODES.astype("int8")),
    "polars frame": pl.DataFrame({"y": TEXTS}),
    "frame": pd.DataFrame({"y": TEXTS}, index=X.index),
    "matrix": TEXTS.reshape(-1, 1),
    "arrow array": pa.array(TEXTS.tolist()),
}
#: scikit-learn's metrics refuse these labels, whoever predicts them.
NO_METRICS = {"objects of booleans", "objects of numbers", "decimals", "bytes"}


def as_numpy(y):
    y = y.to_pandas() if hasattr(y, "to_pandas") else y
    return np.asarray(y).ravel()


@pytest.mark.slow
@pytest.mark.parametrize("form", COLUMNS)
def test_a_column_comes_back_as_numpy_sees_it(form, tmp_path):
    """dtype, values and types of values; also after save and load."""
    y = COLUMNS[form]
    given = as_numpy(y)
    est = WinduEstimator("linear").fit(X, y)
    predicted = est.predict(X)
    assert predicted.dtype == given.dtype
    assert {*map(type, predicted)} == {*map(type, given)}
    np.testing.assert_array_equal(est.classes_, np.unique(given), strict=True)
    best = est.classes_[est.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(best, predicted)
    assert est.score(X, y) == np.mean(predicted == given) > 0.8
    if form not in NO_METRICS:
        assert accuracy_score(y, predicted) == est.score(X, y)
    again = windu.load(windu.save(est, tmp_path / "est.windu")).predict(X)
    np.testing.assert_array_equal(again, predicted, strict=True)


def test_ordered_categories_are_sorted_as_scikit_learn_sorts():
    """classes_ is sorted, for scikit-learn's scorers; the order is kept for cuts."""
    from windu.tasks import read_target

    est = WinduEstimator("linear").fit(X, COLUMNS["ordered"])
    assert est.classes_.tolist() == sorted(ORDER)
    assert read_target(COLUMNS["ordered"]).ranks == ORDER


@pytest.mark.parametrize(
    ("y", "types"),
    [
        ([1, "a"] * 30, "int, first 1 at row 0; str, first 'a' at row 1"),
        (["a", b"a"] * 30, "str, first 'a' at row 0; bytes, first b'a' at row 1"),
        ([True, True, 2] * 20, "bool, first True at row 0; int, first 2 at row 2"),
        (pd.Series([1.5, "a"] * 30, dtype="category"), "float, .* at row 0; str, "),
    ],
)
def test_mixed_types_are_refused(y, types):
    """With each type and the row where it comes first."""
    with pytest.raises(TargetError, match=f"of one type. Got 2: .*{types}"):
        WinduEstimator("linear").fit(X, y)


@pytest.mark.parametrize("value", [{"a": 1}, pd.Timestamp("2020-01-01")])
def test_what_is_no_label_is_refused(value):
    """Dictionaries and dates."""
    with pytest.raises(TargetError, match="must be texts, .*first .* at row 0"):
        WinduEstimator("linear").fit(X, np.array([value] * 60, dtype=object))


MODELS = {
    **dict.fromkeys(["auto", "linear", "hist_gradient_boosting", "random_forest"]),
    **dict.fromkeys(["k_neighbors", "GaussianNB", "svm", "mlp", "extra_trees"]),
    **dict.fromkeys(["lightgbm", "xgboost", "catboost"]),
    "linear svm": LinearSVC(),
    "stacking": StackingClassifier(
        [("linear", LogisticRegression()), ("bayes", GaussianNB())]
    ),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("labels", ["three", "two", "numbers", "booleans"])
def test_every_model_agrees_on_classes(name, labels):
    """Columns of scores follow classes_, and predict takes the best."""
    if name in ("lightgbm", "xgboost", "catboost"):
        pytest.importorskip(name)
    y = {
        "three": TEXTS,
        "two": np.where(YES, "no", "yes"),
        "numbers": np.array([7, -3, 100])[CODES],
        "booleans": YES,
    }[labels]
    est = WinduEstimator(MODELS[name] or name, random_state=0)
    est.set_params(task="binary" if len(np.unique(y)) == 2 else "multiclass").fit(X, y)
    predicted = est.predict(X)
    assert predicted.shape == y.shape
    assert predicted.dtype == y.dtype
    np.testing.assert_array_equal(est.classes_, np.unique(y))
    for method in ("predict_proba", "decision_function"):
        if not hasattr(est, method):
            continue
        scores = getattr(est, method)(X)
        if scores.ndim == 1:
            scores = np.column_stack([-scores, scores])
        assert scores.shape == (60, len(est.classes_))
        assert np.mean(est.classes_[scores.argmax(axis=1)] == predicted) == 1
        for i, label in enumerate(est.classes_):
            # A class between two others is not far above chance for a linear model.
            assert roc_auc_score(y == label, scores[:, i]) > 0.55


INDICATOR = np.column_stack([X["a"] > 0.2, X["b"] > 0, X["c"] > -0.1]).astype(int)


def lists(names, container):
    names = np.array(list(names))
    return [container(names[row > 0].tolist()) for row in INDICATOR]


def frame(no, yes, dtype=None):
    found = pd.DataFrame(
        np.where(INDICATOR, yes, no), columns=["p", "q", "r"], index=X.index
    )
    return found if dtype is None else found.astype(dtype)


ENUM = pl.Series(np.where(YES, "Y", "N"), dtype=pl.Enum(["Y", "N"]))
LISTS = {
    "lists": lists("xyz", list),
    "tuples": lists("xyz", tuple),
    "sets": lists("xyz", set),
    "frozensets": lists("xyz", frozenset),
    "lists of numbers": lists([3, 1, 20], list),
    "sets of numbers": lists([3, 1, 20], set),
    "arrays of texts": lists(["x", "yy", "zzz"], np.array),
    "arrays of numbers": [np.array(v, dtype="int8") for v in lists([3, 1, 20], list)],
    "Series of lists": pd.Series(lists("xyz", list), index=X.index),
    "polars lists": pl.Series(lists("xyz", list)),
}
TABLES = {
    **{
        f"matrix of {dtype}": INDICATOR.astype(dtype)
        for dtype in ("int8", "int64", "bool", "float32", "float64")
    },
    "matrix of texts": np.where(INDICATOR, "yes", "no"),
    "matrix of objects": np.where(INDICATOR, "yes", "no").astype(object),
    "csr_matrix": sp.csr_matrix(INDICATOR),
    "csr_array": sp.csr_array(INDICATOR.astype("int8")),
    "csc_matrix": sp.csc_matrix(INDICATOR.astype(bool)),
    "booleans": frame(False, True),
    "0 and 1": frame(0, 1, "int8"),
    "yes and no": frame("no", "yes"),
    "Y and N": frame("N", "Y", object),
    "boolean": frame(False, True, "boolean"),
    "Int8": frame(0, 1, "Int8"),
    "string": frame("no", "yes", "string[python]"),
    "arrow string": frame("no", "yes", pd.ArrowDtype(pa.string())),
    "categories": frame("no", "yes", pd.CategoricalDtype(["yes", "no"])),
    "ordered": frame("lo", "up", pd.CategoricalDtype(["up", "lo"], ordered=True)),
    "mixed": frame(0, 1).astype({"p": bool, "r": "Int8"}),
    "names twice": frame(0, 1).set_axis(["p", "p", "q"], axis=1),
    "numbers as names": frame(0, 1).set_axis([5, 6, 7], axis=1),
    "names of levels": frame(0, 1).set_axis(
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]), axis=1
    ),
    "polars booleans": pl.DataFrame({"p": YES, "q": INDICATOR[:, 1] > 0}),
    "polars Enum": pl.DataFrame({"p": YES.astype("int8"), "q": ENUM}),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", LISTS)
def test_lists_of_labels_come_back(form, tmp_path):
    """In the container that held them, labels as Python's own."""
    y = LISTS[form]
    est = WinduEstimator("decision_tree").fit(X, y)
    predicted = est.predict(X)
    assert est.score(X, y) == 1
    again = windu.load(windu.save(est, tmp_path / "est.windu")).predict(X)
    for one, other, given in zip(predicted, again, y, strict=True):
        given = list(given) if form == "polars lists" else given
        assert type(one) is type(other) is type(given)
        assert sorted(one) == sorted(other) == sorted(given)
        assert {*map(type, one)} == {*map(type, given)}
        if isinstance(given, np.ndarray) and given.dtype.kind == "i":
            assert one.dtype == given.dtype


@pytest.mark.slow
@pytest.mark.parametrize("form", TABLES)
def test_tables_of_yes_and_no_come_back(form, tmp_path):
    """Same type, dtype a column, categories and names; the index is that of X."""
    y = TABLES[form]
    est = WinduEstimator("decision_tree").fit(X, y)
    assert est.task_ == "multilabel"
    assert est.predict_proba(X).shape == y.shape
    assert est.score(X, y) == 1
    loaded = windu.load(windu.save(est, tmp_path / "est.windu"))
    for predicted in (est.predict(X), loaded.predict(X)):
        assert type(predicted) is type(y)
        if isinstance(y, pd.DataFrame):
            pd.testing.assert_frame_equal(predicted, y)
        elif isinstance(y, pl.DataFrame):
            assert predicted.schema == y.schema
            assert predicted.equals(y)
        else:
            dense = [v.toarray() if sp.issparse(v) else v for v in (predicted, y)]
            np.testing.assert_array_equal(*dense, strict=True)
    assert type(est.predict(X.head(0))) is type(y)


def test_score_counts_labels_that_fit_does_not_know_as_wrong():
    """An unknown label is no reason to stop, and never right."""
    y = lists("xyz", list)
    est = WinduEstimator("decision_tree").fit(X, y)
    assert est.score(X, [*y[:-1], ["never seen"]]) == pytest.approx(59 / 60)
    assert est.score(X, y, sample_weight=np.arange(60)) == 1
    with pytest.raises(TargetError, match="Got one column for label lists"):
        est.score(X, TEXTS)


@pytest.mark.parametrize(
    ("encoder", "error", "message"),
    [
        ("StandardScaler", TargetError, "task multiclass. StandardScaler refuses it"),
        ("OrdinalEncoder", TargetError, "OrdinalEncoder refuses it: Expected 2D array"),
        ("LabelBinarizer", PartError, "one number for each value.*shape \\(60, 3\\)"),
        ("log1p", TargetError, "LogEncoder refuses it: could not convert string"),
    ],
)
def test_label_encoders_that_do_not_fit_classes(encoder, error, message):
    """Say so, before the model fails."""
    with pytest.raises(error, match=message):
        WinduEstimator("linear", label_encoder=encoder).fit(X, TEXTS)


def test_label_encoders_that_do_not_fit_labels():
    """The same for several labels."""
    with pytest.raises(PartError, match="of classes, with classes_. Got StandardSc"):
        WinduEstimator("linear", label_encoder="StandardScaler").fit(X, INDICATOR)
    with pytest.raises(PartError, match="bring back what it encodes. MultiLabelBin"):
        WinduEstimator("linear", label_encoder="MultiLabelBinarizer").fit(X, INDICATOR)


def test_label_encoder_for_lists_of_labels():
    """Lists of several lengths, with labels that nobody has, in the order asked for."""
    lists = [["a"] if i % 2 else ["b", "a"] if i % 3 else [] for i in range(len(X))]
    encoder = MultiLabelBinarizer(classes=["b", "a", "c"])
    est = WinduEstimator("linear", label_encoder=encoder).fit(X, lists)
    assert est.classes_.tolist() == ["b", "a", "c"]
    assert {label for row in est.predict(X) for label in row} <= {"a", "b"}
    encoder = MultiLabelBinarizer(sparse_output=True)
    with pytest.raises(PartError, match="gives a sparse matrix. Pass sparse_output=F"):
        WinduEstimator("linear", label_encoder=encoder).fit(X, lists)


def test_labels_without_an_encoder():
    """They have numbers for names where they are told of, and scores of their own."""
    est = WinduEstimator("linear", task="multilabel", label_encoder=None)
    est.fit(X, INDICATOR)
    names = ["roc_auc", "log_loss"]
    given = evaluate(est, {"test": (X, INDICATOR)}, names)
    other = WinduEstimator("linear", task="multilabel").fit(X, INDICATOR)
    assert given == evaluate(other, {"test": (X, INDICATOR)}, names)
    n_labels = INDICATOR.shape[1]
    assert list(predictions(est, X)) == [
        f"{kind}_{i}" for kind in ("prediction", "probability") for i in range(n_labels)
    ]
