"""scikit-learn's common tests over every public estimator."""

import inspect

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

import windu
from windu import (
    AutoFeaturizer,
    AutoTransformer,
    BoostedBlendClassifier,
    BoostedBlendRegressor,
    IndicatorEncoder,
    LabelwiseClassifier,
    LogEncoder,
    OptunaSearchCV,
    StoredPart,
    TextEncoder,
    ThresholdSelector,
    WeightedEnsembleClassifier,
    WeightedEnsembleRegressor,
    WinduEstimator,
)

NO_CONSUMER = "without a model nobody can honour weights, and windu never ignores them"
REGRESSION = "task='auto' turns to regression for numbers with fractions"
SCALER = "the scaler and the validation rows of the default chain see rows, not weights"
ONE_COLUMN = "one column is one target for windu, and nothing to warn of"
FOLDS = "the folds of a search see rows, not weights"
DECISION = "with a threshold the largest probability does not decide, on purpose"

WEIGHTS = {
    "check_sample_weights_pandas_series",
    "check_sample_weights_not_an_array",
    "check_sample_weights_list",
    "check_all_zero_sample_weights_error",
    "check_sample_weights_shape",
    "check_sample_weights_not_overwritten",
    "check_sample_weight_equivalence_on_dense_data",
}
EQUIVALENCE = "check_sample_weight_equivalence_on_dense_data"


QUICK = {"n_trials": 2, "cv": 2, "random_state": 0}


class SelectorOfTables(ClassifierMixin, ThresholdSelector):
    """The selector behind fixed scores of any table, so that all checks can run.

    Alone it takes scores of classes, which scikit-learn's checks do not know how to
    make: its tags say so, and the checks would skip it.
    """

    def __init__(self, scoring="balanced_accuracy", *, cv=2, min_samples=1):
        super().__init__(scoring, cv=cv, min_samples=min_samples)

    def fit(self, X, y, sample_weight=None):
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        super().fit(self._scores(X), y, sample_weight)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        check_is_fitted(self)
        return super().predict(self._scores(validate_data(self, X, reset=False)))

    def _scores(self, X):
        n = len(self.classes_)
        mixed = X @ np.random.RandomState(0).normal(size=(X.shape[1], max(2, n)))
        shares = softmax(mixed, axis=1)
        return shares[:, :n] if n > 2 else shares[:, 1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False
        tags.classifier_tags.poor_score = True
        return tags


ESTIMATORS = {
    "auto": (
        WinduEstimator(),
        {"check_classifiers_regression_target": REGRESSION, EQUIVALENCE: SCALER},
    ),
    "regression": (WinduEstimator(task="regression"), {EQUIVALENCE: SCALER}),
    "logistic": (WinduEstimator(LogisticRegression()), {EQUIVALENCE: SCALER}),
    "forest": (
        WinduEstimator(RandomForestRegressor(n_estimators=10)),
        {EQUIVALENCE: "a forest draws rows, whatever their weights"},
    ),
    "threshold": (
        WinduEstimator(LogisticRegression(), threshold="f1"),
        {EQUIVALENCE: SCALER, "check_classifiers_train": DECISION},
    ),
    "binary": (
        WinduEstimator(LogisticRegression(), threshold=0.5, task="binary"),
        {EQUIVALENCE: SCALER, "check_supervised_y_2d": ONE_COLUMN},
    ),
    "selector": (SelectorOfTables(), {}),
    "none": (WinduEstimator(model=None), dict.fromkeys(WEIGHTS, NO_CONSUMER)),
    "featurizer": (AutoFeaturizer(), {}),
    "transformer": (AutoTransformer(), {}),
    "text": (TextEncoder(n_components=3), {}),
    "log": (LogEncoder(), {}),
    "blend classifier": (BoostedBlendClassifier(), {EQUIVALENCE: SCALER}),
    "blend regressor": (BoostedBlendRegressor(), {EQUIVALENCE: SCALER}),
    "ensemble classifier": (
        WeightedEnsembleClassifier([LogisticRegression(), LogisticRegression(C=2)]),
        {},
    ),
    "ensemble regressor": (
        WeightedEnsembleRegressor([Ridge(), LinearRegression()]),
        {},
    ),
    "search": (
        OptunaSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, **QUICK),
        {EQUIVALENCE: FOLDS},
    ),
    "search of values": (
        OptunaSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, **QUICK),
        {EQUIVALENCE: FOLDS},
    ),
    "search of parts": (
        OptunaSearchCV(
            WinduEstimator("linear", task="regression"),
            {"model__alpha": [0.1, 1.0]},
            **QUICK,
        ),
        {EQUIVALENCE: FOLDS},
    ),
}
#: scikit-learn has no checks for an encoder of targets, nor for a classifier of several
#: labels only (it skips MultiOutputClassifier as well); a stored part stands for
#: another and is never fitted. All have tests of their own.
WITHOUT_CHECKS = {IndicatorEncoder, LabelwiseClassifier, StoredPart}


#: Their checks take a minute; the other estimators have the same code.
SLOW = {
    *("auto", "regression", "blend classifier", "blend regressor", "forest"),
    *("search", "search of values", "search of parts"),
}


def checks_of(name):
    """Yield the estimator and each of its checks as parameters of a test."""
    estimator, expected = ESTIMATORS[name]
    for check in estimator_checks_generator(
        estimator, expected_failed_checks=expected, mark="xfail"
    ):
        values, marks = getattr(check, "values", check), getattr(check, "marks", ())
        slow = (pytest.mark.slow,) if name in SLOW else ()
        yield pytest.param(*values, marks=(*marks, *slow))


CHECKS = [check for name in ESTIMATORS for check in checks_of(name)]


def name_of(value):
    """Return a readable name of an estimator or a check, for the test's name."""
    value = getattr(value, "func", value)
    return getattr(value, "__name__", None) or str(value)


@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=name_of)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.filterwarnings("ignore::windu.exceptions.WinduWarning")
def test_scikit_learn_checks(estimator, check):
    """Every public estimator is one by scikit-learn's own rules."""
    check(estimator)


def public_estimators():
    """Return the public classes that are estimators."""
    found = [getattr(windu, name) for name in windu.__all__]
    return {
        cls for cls in found if inspect.isclass(cls) and issubclass(cls, BaseEstimator)
    }


def test_every_public_estimator_is_checked():
    """An estimator is under the common tests on the day it is exported."""
    checked = {cls for one, _ in ESTIMATORS.values() for cls in type(one).__mro__[:3]}
    checked &= public_estimators()
    assert public_estimators() == checked | WITHOUT_CHECKS


@pytest.mark.parametrize("cls", sorted(public_estimators(), key=lambda c: c.__name__))
def test_init_only_assigns(cls):
    """A constructor keeps what it was given, and takes keywords after the first."""
    parameters = list(inspect.signature(cls).parameters.values())
    # What is searched stands beside where, as in scikit-learn's searches.
    alone = parameters[1:] if cls is not OptunaSearchCV else parameters[2:]
    assert all(p.kind is p.KEYWORD_ONLY for p in alone) or cls is LabelwiseClassifier
    values = {p.name: object() for p in parameters}
    made = cls(**values)
    assert all(getattr(made, name) is value for name, value in values.items())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["auto", "regression", "logistic", "forest"])
def test_fit_leaves_the_passed_parts_alone(name, ugly):
    """Parts are cloned: what was passed stays unfitted and unchanged."""
    X, _ = ugly
    estimator = clone(ESTIMATORS[name][0])
    y = np.arange(len(X)) % 2 if name in ("auto", "logistic") else np.arange(len(X)) / 7
    before = repr(estimator.get_params(deep=True))
    estimator.fit(X, y)
    assert repr(estimator.get_params(deep=True)) == before
    if isinstance(estimator.model, BaseEstimator):
        assert not [n for n in vars(estimator.model) if n.endswith("_")]
