"""scikit-learn's scorers say of windu what they say of scikit-learn's classifiers."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    make_scorer,
    recall_score,
)
from sklearn.model_selection import (
    FixedThresholdClassifier,
    KFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multioutput import MultiOutputClassifier

from windu import WinduEstimator

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(150, 3)), columns=["a", "b", "c"])
YES = (X["a"] + 0.5 * RNG.normal(size=150) > 0.5).to_numpy()
TWO = np.where(YES, "yes", "no")
THREE = np.array(["mid", "zlow", "atop"])[
    np.where(X["a"] > 0.5, 2, np.where(X["a"] < -0.5, 0, 1))
]
RARE = np.where(np.isin(np.arange(150), [3, 4]), "rare", THREE)
BARE = LogisticRegression(max_iter=1000)

TEXTS = ["roc_auc", "accuracy", "neg_log_loss", "f1_macro", "matthews_corrcoef"]
NUMBERS = [*TEXTS, "average_precision", "f1", "neg_brier_score"]
COLUMNS = {
    "texts": (TWO, TEXTS),
    "str": (pd.Series(TWO), TEXTS),
    "string": (pd.Series(TWO, dtype="string"), TEXTS),
    "categories": (pd.Series(TWO, dtype="category"), TEXTS),
    "ordered": (pd.Series(pd.Categorical(TWO, ["yes", "no"], ordered=True)), TEXTS),
    "booleans": (YES, NUMBERS),
    "int8": (YES.astype("int8"), NUMBERS),
    "three": (THREE, ["roc_auc_ovr", "roc_auc_ovo", *TEXTS[1:], "top_k_accuracy"]),
}


def wrapped(task="auto"):
    return WinduEstimator(BARE, transformer=None, task=task)


def scores(estimator, y, scoring, cv):
    """Return the scores, or the error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        try:
            return cross_val_score(
                estimator, X, y, scoring=scoring, cv=cv, error_score="raise"
            ).tolist()
        except ValueError as error:
            return type(error), str(error)


def check_the_same(y, scoring, cv=4, bare=BARE, task="auto"):
    ours, theirs = (scores(est, y, scoring, cv) for est in (wrapped(task), bare))
    assert ours == (pytest.approx(theirs) if isinstance(theirs, list) else theirs)
    return theirs


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "scoring"), [(form, s) for form in COLUMNS for s in COLUMNS[form][1]]
)
def test_named_scorers(form, scoring):
    """By name, for labels of every type."""
    assert isinstance(check_the_same(COLUMNS[form][0], scoring), list)


PROBABILITIES = {"response_method": "predict_proba"}
EITHER = {"response_method": ("decision_function", "predict_proba")}


@pytest.mark.slow
@pytest.mark.parametrize("task", ["auto", "binary"])
@pytest.mark.parametrize(
    "scoring",
    [
        make_scorer(f1_score, pos_label="yes"),
        make_scorer(recall_score, pos_label="no"),
        make_scorer(average_precision_score, pos_label="yes", **PROBABILITIES),
        make_scorer(average_precision_score, pos_label="no", **PROBABILITIES),
        make_scorer(average_precision_score, pos_label="no", **EITHER),
        make_scorer(brier_score_loss, pos_label="yes", **PROBABILITIES),
    ],
    ids=str,
)
def test_pos_label(scoring, task):
    """The positive class is the one that is named."""
    assert isinstance(check_the_same(TWO, scoring, task=task), list)


def test_unknown_pos_label():
    """Fails as with scikit-learn."""
    scoring = make_scorer(f1_score, pos_label="maybe")
    assert check_the_same(TWO, scoring)[0] is ValueError


@pytest.mark.parametrize("cv", [4, KFold(4)], ids=str)
@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc_ovr", "accuracy"])
def test_a_class_that_a_fold_lacks(scoring, cv):
    """The same scores, or the same error."""
    check_the_same(RARE, scoring, cv)


def test_log_loss_with_labels_where_a_test_fold_lacks_a_class():
    """`labels` makes it work as long as every training fold knows all classes."""
    scoring = make_scorer(
        log_loss, greater_is_better=False, labels=np.unique(RARE), **PROBABILITIES
    )
    assert isinstance(check_the_same(RARE, scoring), list)
    assert check_the_same(RARE, scoring, KFold(4))[0] is ValueError


def test_log_loss_where_a_training_fold_lacks_a_class():
    """The scorer of the guide: a class that fit did not see has probability zero."""
    labels = np.unique(RARE)

    def loss(est, X, y):
        known = pd.DataFrame(est.predict_proba(X), columns=est.classes_)
        found = known.reindex(columns=labels, fill_value=0.0)
        return -log_loss(y, found, labels=labels)

    found = cross_val_score(wrapped(), X, RARE, cv=KFold(4), scoring=loss)
    theirs = cross_val_score(BARE, X, RARE, cv=KFold(4), scoring=loss)
    np.testing.assert_allclose(found, theirs)


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_cross_val_predict_fills_classes_that_a_fold_lacks():
    """One column a class of all of y."""
    with pytest.warns(RuntimeWarning, match="Number of classes in training fold"):
        found = cross_val_predict(
            wrapped("multiclass"), X, RARE, cv=KFold(4), method="predict_proba"
        )
    assert found.shape == (150, 4)
    assert not found[[3, 4], 2].any()


OLD = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9)
INDICATOR = np.column_stack([X["a"] > 0.2, X["b"] > 0, X["c"] > -0.1]).astype(int)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:F-score is ill-defined")
@pytest.mark.parametrize("form", ["int", "bool", "frame"])
@pytest.mark.parametrize(
    "scoring",
    [
        *("f1_macro", "f1_micro", "f1_samples", "jaccard_macro", "accuracy"),
        *("roc_auc", "average_precision"),
    ],
)
def test_multilabel_scorers(form, scoring):
    """With three labels and more; two are scikit-learn's limit (see the guide)."""
    y = {
        "int": INDICATOR,
        "bool": INDICATOR.astype(bool),
        "frame": pd.DataFrame(INDICATOR, columns=["p", "q", "r"]),
    }[form]
    if form == "frame" and scoring == "average_precision" and OLD:
        pytest.skip("scikit-learn looks for the label 1 among the names before 1.9")
    bare = MultiOutputClassifier(BARE)
    assert isinstance(check_the_same(y, scoring, 3, bare), list)


@pytest.mark.slow
def test_scikit_learns_own_thresholds():
    """Its meta-estimators find the positive class as well."""
    for pos_label in ("yes", "no"):
        fixed = [
            FixedThresholdClassifier(est, threshold=0.3, pos_label=pos_label)
            .fit(X, TWO)
            .predict(X)
            for est in (wrapped("binary"), BARE)
        ]
        np.testing.assert_array_equal(*fixed)
    scoring = make_scorer(f1_score, pos_label="yes")
    tuned = [
        TunedThresholdClassifierCV(est, scoring=scoring).fit(X, TWO).best_threshold_
        for est in (wrapped(), BARE)
    ]
    assert tuned[0] == pytest.approx(tuned[1])
