"""scikit-learn's own tools around the estimator."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import estimator_html_repr

from windu import WinduEstimator
from windu.exceptions import FeatureError, PartError


def add_ratio(X):
    return X.assign(ratio=X["amount"] / (1 + X["visits"]))


@pytest.mark.slow
def test_cross_validation_with_several_scorers(ugly):
    """Scorers that need labels, probabilities and a positive class."""
    X, y = ugly
    scoring = ["accuracy", "roc_auc", "neg_log_loss", "balanced_accuracy", "f1_macro"]
    scores = cross_validate(
        WinduEstimator(random_state=0), X, y, cv=3, scoring=scoring, error_score="raise"
    )
    assert all(np.isfinite(scores[f"test_{name}"]).all() for name in scoring)
    assert scores["test_roc_auc"].mean() > 0.7


def test_regression_scores(ugly):
    """The same for numbers."""
    X, _ = ugly
    y = X["visits"] * 1.5 + X["flag"]
    scores = cross_val_score(WinduEstimator("linear", task="regression"), X, y, cv=3)
    assert scores.min() > 0.9


@pytest.mark.slow
def test_grid_search_over_every_part(ugly):
    """Parts and nested parameters, also of a part that is still a name."""
    X, y = ugly
    grid = {
        "model__learning_rate": [0.05, 0.2],
        "featurizer": ["auto", None, add_ratio],
    }
    est = WinduEstimator("hist_gradient_boosting", task="binary", random_state=0)
    search = GridSearchCV(est, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_estimator_.model_.learning_rate in (0.05, 0.2)
    grid = [
        {"model": [LogisticRegression(), RandomForestClassifier(5)]},
        {
            "model": ["random_forest"],
            "model__n_estimators": [3],
            "transformer": ["auto"],
        },
    ]
    search = GridSearchCV(est, grid, cv=2, error_score="raise").fit(X, y)
    assert search.predict(X).shape == y.shape


def test_nested_parameters_of_names():
    """A name takes parameters wherever its class is decided."""
    est = WinduEstimator(task="regression").set_params(model__learning_rate=0.2)
    assert est.model.learning_rate == 0.2
    est = WinduEstimator("RandomForestClassifier").set_params(model__max_depth=3)
    assert isinstance(est.model, RandomForestClassifier)
    with pytest.raises(PartError, match="classifier and a regressor. Say which"):
        WinduEstimator("random_forest").set_params(model__max_depth=3)
    with pytest.raises(PartError, match="is built in fit"):
        WinduEstimator().set_params(label_encoder__clip=True)
    with pytest.raises(PartError, match="Did you mean 'featurizer'"):
        WinduEstimator().set_params(featuriser=None)
    with pytest.raises(ValueError, match="learning_rat"):
        WinduEstimator(task="binary").set_params(model__learning_rat=0.2)


@pytest.mark.slow
def test_stacking_and_calibration(ugly):
    """The estimator inside scikit-learn's meta-estimators."""
    X, y = ugly
    linear = WinduEstimator("linear", task="binary")
    tree = WinduEstimator("decision_tree", task="binary", random_state=0)
    stack = StackingClassifier([("linear", linear), ("tree", tree)], cv=2)
    assert stack.fit(X, y).score(X, y) > 0.6
    calibrated = CalibratedClassifierCV(linear, cv=2).fit(X, y)
    assert calibrated.predict_proba(X).shape == (len(X), 2)


@pytest.mark.slow
def test_inspection_tools(ugly):
    """permutation_importance and learning_curve take the raw table."""
    X, y = ugly
    est = WinduEstimator("linear").fit(X, y)
    importance = permutation_importance(est, X, y, n_repeats=2, random_state=0)
    assert importance.importances_mean.shape == (X.shape[1],)
    sizes, _, _ = learning_curve(
        est, X, y, cv=2, train_sizes=[0.5, 1.0], error_score="raise"
    )
    assert len(sizes) == 2


@pytest.mark.slow
def test_cross_val_predict_of_labels_and_probabilities(ugly):
    """Also for multilabel, where scikit-learn recodes y."""
    X, y = ugly
    est = WinduEstimator("linear")
    assert cross_val_predict(est, X, y, cv=2).shape == y.shape
    labels = np.column_stack([y == "good", X["flag"], X["visits"] > 4]).astype(int)
    both = cross_val_predict(est, X, labels, cv=2, method="predict_proba")
    assert both.shape == labels.shape


@pytest.mark.slow
def test_partial_pipeline_and_set_output(ugly):
    """Without a model it is a transformer, in the container that was asked for."""
    X, y = ugly
    est = WinduEstimator(model=None)
    matrix = est.fit_transform(X, y)
    assert isinstance(matrix, np.ndarray)
    assert not np.isnan(matrix).any()
    frame = clone(est).set_output(transform="pandas").fit(X, y).transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == est.get_feature_names_out().tolist()
    assert frame.index.equals(X.index)
    table = clone(est).set_output(transform="polars").fit(X, y).transform(X)
    assert table.columns == frame.columns.tolist()
    assert est.fit_transform(X).shape[0] == len(X)


#: model, task: which methods exist before and after fit.
METHODS = {
    "auto": (WinduEstimator(), {"predict", "predict_proba"}),
    "regression": (WinduEstimator(task="regression"), {"predict"}),
    "logistic": (
        WinduEstimator(LogisticRegression()),
        {"predict", "predict_proba", "decision_function"},
    ),
    "svc": (WinduEstimator(SVC()), {"predict", "decision_function"}),
    "ridge": (WinduEstimator(Ridge()), {"predict"}),
    "none": (WinduEstimator(model=None), {"transform", "fit_transform"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_methods_exist_exactly_when_they_work(name, ugly):
    """Before fit and after, nothing is there that cannot work, and nothing missing."""
    X, y = ugly
    est, methods = clone(METHODS[name][0]), METHODS[name][1]
    if name in ("regression", "ridge"):
        y = X["visits"] + 0.5
    names = [
        "predict",
        "predict_proba",
        "decision_function",
        "transform",
        "fit_transform",
    ]
    assert {n for n in names if hasattr(est, n)} == methods
    assert not hasattr(est, "classes_")
    est.fit(X, y)
    assert {n for n in names if hasattr(est, n)} == methods
    assert hasattr(est, "classes_") == (name in ("auto", "logistic", "svc"))
    for method in methods - {"fit_transform"}:
        assert len(getattr(est, method)(X)) == len(X)


def test_tags_before_and_after_fit(ugly):
    """An open task counts as one of classes until fit knows better."""
    X, _ = ugly
    est = WinduEstimator("linear")
    assert is_classifier(est)
    est.fit(X, X["visits"] + 0.5)
    assert is_regressor(est)
    assert is_regressor(WinduEstimator(Ridge()))
    assert is_regressor(WinduEstimator("Ridge"))
    assert not is_classifier(WinduEstimator(model=None))


def test_html_repr_shows_the_five_parts(ugly):
    """Before fit and after."""
    X, y = ugly
    est = WinduEstimator("linear")
    for drawn in (est, est.fit(X, y)):
        html = estimator_html_repr(drawn)
        for part in (
            "featurizer",
            "transformer",
            "label_encoder",
            "model",
            "threshold",
        ):
            assert f"{part}: " in html
    assert "LogisticRegression" in html
    assert "LabelEncoder" in html


def test_weights_reach_the_model_or_raise(ugly):
    """Weights change the model; a model that takes none is an error."""
    X, y = ugly
    weights = np.where(y == "good", 10.0, 0.1)
    plain = WinduEstimator("linear").fit(X, y).predict_proba(X)[:, 1].mean()
    heavy = WinduEstimator("linear").fit(X, y, sample_weight=weights)
    assert heavy.predict_proba(X)[:, 1].mean() > plain + 0.1
    with pytest.raises(PartError, match="must take sample_weight. Got KNeighbors"):
        WinduEstimator(KNeighborsClassifier()).fit(X, y, sample_weight=weights)
    with pytest.raises(PartError, match="model=None"):
        WinduEstimator(model=None).fit(X, y, sample_weight=weights)
    labels = np.column_stack([y == "good", X["flag"]]).astype(int)
    several = WinduEstimator("linear").fit(X, labels, sample_weight=weights)
    assert several.predict_proba(X)[:, 0].mean() > plain + 0.1


@pytest.mark.slow
def test_weights_with_metadata_routing(ugly):
    """scikit-learn's routing: names and 'auto' ask for weights, objects say so."""
    X, y = ugly
    weights = np.where(y == "good", 10.0, 0.1)
    with sklearn.config_context(enable_metadata_routing=True):
        asked = LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True)
        for model in ("linear", asked):
            est = WinduEstimator(model).fit(X, y, sample_weight=weights)
            assert est.predict_proba(X)[:, 1].mean() > 0.6
            cross_validate(est, X, y, cv=2, params={"sample_weight": weights})


@pytest.mark.slow
def test_random_state_reaches_every_part(ugly):
    """The same seed gives bit-equal predictions, whatever n_jobs is."""
    X, y = ugly
    fits = [
        WinduEstimator("random_forest", random_state=3, n_jobs=n).fit(X, y)
        for n in (None, 1, 2)
    ]
    for other in fits[1:]:
        np.testing.assert_array_equal(fits[0].predict_proba(X), other.predict_proba(X))


def test_memory_caches_featurizer_and_transformer(ugly, tmp_path):
    """A second fit with another model takes both from the cache."""
    X, y = ugly
    est = WinduEstimator("linear", memory=str(tmp_path), random_state=0)
    first = est.fit(X, y).predict_proba(X)
    assert any(tmp_path.rglob("output.pkl"))
    np.testing.assert_array_equal(est.fit(X, y).predict_proba(X), first)


@pytest.mark.parametrize(
    ("featurizer", "message"),
    [
        (lambda X: X.head(10), "must keep the rows. Got 10 rows for 240"),
        (lambda X: X["amount"].to_numpy(), "must return a DataFrame. Got ndarray"),
        (lambda X: X[[]], "at least one column"),
        (lambda X: X[["amount"]].assign(x=np.inf), "must be finite.*'x' at row 0"),
    ],
)
def test_featurizers_that_break_the_contract(featurizer, message, ugly):
    """Rows stay, a frame comes back, and it holds something finite."""
    with pytest.raises(FeatureError, match=message):
        WinduEstimator("linear", featurizer=featurizer).fit(*ugly)


def test_transformers_of_scikit_learn_as_featurizers(ugly):
    """They are asked for frames."""
    X, y = ugly
    est = WinduEstimator("linear", featurizer=StandardScaler())
    assert est.fit(X[["amount", "visits"]], y).score(X, y) > 0.4


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("model", "random_forrest", "Did you mean 'random_forest'"),
        ("model", "LogisticRegresion", "Did you mean 'LogisticRegression'"),
        ("model", LogisticRegression, "pass LogisticRegression()"),
        ("model", 3, "has no fit and no predict"),
        ("model", "StackingClassifier", "cannot be made from its name alone"),
        ("featurizer", "autos", "Did you mean 'auto'"),
        ("transformer", "StandardScalar", "Did you mean 'StandardScaler'"),
        ("label_encoder", object(), "label_encoder must be"),
    ],
)
def test_parts_that_are_none(part, value, message, ugly):
    """A part must be one; a near miss gets a suggestion."""
    with pytest.raises(PartError, match=message):
        WinduEstimator(**{part: value}).fit(*ugly)


def test_verbose_tells_the_rule_and_the_steps(ugly, capsys):
    """What decided the task, and how long each step took."""
    WinduEstimator("linear", verbose=True).fit(*ugly)
    out = capsys.readouterr().out
    assert "task: binary, because y holds texts" in out
    assert "(step 1 of 8) Processing infer_schema" in out
    assert "Processing fit_model" in out


def test_threads_predict_at_the_same_time(ugly):
    """predict keeps no state."""
    from concurrent.futures import ThreadPoolExecutor

    X, y = ugly
    est = WinduEstimator("hist_gradient_boosting", random_state=0).fit(X, y)
    expected = est.predict_proba(X)
    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(est.predict_proba, [X] * 12):
            np.testing.assert_array_equal(result, expected)


def test_seed_and_jobs_reach_the_parts_of_a_part(ugly):
    """Where these say none of their own."""
    model = BaggingClassifier(RandomForestClassifier(2), 2, random_state=7)
    bagged = WinduEstimator(model, random_state=3, n_jobs=1).fit(*ugly).model_
    assert (bagged.random_state, bagged.n_jobs) == (7, 1)
    assert (bagged.estimator.random_state, bagged.estimator.n_jobs) == (3, 1)
