"""The threshold as a part of `WinduEstimator`: folds, metadata, searches, `replace`."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context, metrics
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from windu import ThresholdSelector, WinduEstimator, load, save
from windu.datasets import load_nhefs, load_penguins, load_storms
from windu.exceptions import PartError, WinduWarning


@pytest.fixture(scope="module")
def nhefs():
    return load_nhefs(return_X_y=True)


@pytest.fixture(scope="module")
def storms():
    X, y = load_storms(return_X_y=True)
    return X.iloc[:1500], y.iloc[:1500]


def estimator(**options):
    return WinduEstimator("linear", random_state=0, **options)


# The folds of scikit-learn have storms of other names.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::windu.exceptions.DataWarning")
@pytest.mark.parametrize("load_table", [load_nhefs, load_storms])
@pytest.mark.parametrize("scoring", ["f1", "balanced_accuracy", "accuracy"])
def test_never_worse_than_scikit_learn_on_the_same_scores(load_table, scoring):
    """Two classes: the last of the table's against the rest."""
    X, y = load_table(return_X_y=True)
    X, y = X.iloc[:1500], y.iloc[:1500]
    y = (y == y.max()).to_numpy().astype(int)
    tuned = TunedThresholdClassifierCV(estimator(task="binary"), scoring=scoring).fit(
        X, y
    )
    ours = estimator(task="binary", threshold=scoring).fit(X, y)
    folds = StratifiedKFold(5)
    scores = cross_val_predict(
        estimator(task="binary"), X, y, cv=folds, method="predict_proba"
    )[:, 1]
    score = metrics.get_scorer(scoring)._score_func
    theirs = score(y, (scores >= tuned.best_threshold_).astype(int))
    assert ours.threshold_.score_ == pytest.approx(
        score(y, (scores >= ours.threshold_.thresholds_[0]).astype(int))
    )
    assert ours.threshold_.score_ >= theirs


@pytest.mark.slow
def test_probabilities_and_classes_do_not_change(nhefs):
    X, y = nhefs
    plain, chosen = estimator().fit(X, y), estimator(threshold="f1").fit(X, y)
    assert (plain.predict_proba(X) == chosen.predict_proba(X)).all()
    assert (plain.classes_ == chosen.classes_).all()
    cut = chosen.threshold_.thresholds_[0]
    expected = plain.classes_[(plain.predict_proba(X)[:, 1] >= cut).astype(int)]
    assert (chosen.predict(X) == expected).all()
    assert chosen.predict(X.iloc[:1]) == expected[:1]
    assert chosen.predict(X.iloc[0].to_dict()) == expected[:1]
    assert len(chosen.predict(X.iloc[:0])) == 0


@pytest.mark.slow
def test_forms_of_the_parameter(nhefs, storms):
    X, y = nhefs
    assert estimator().fit(X, y).threshold_ is None
    assert estimator(threshold=0.3).fit(X, y).threshold_.thresholds_ == [0.3]
    assert estimator(threshold=[0.3]).fit(X, y).threshold_.thresholds_ == [0.3]
    auto = estimator(threshold="auto").fit(X, y).threshold_
    assert auto.scoring == "balanced_accuracy"
    several = estimator(threshold="f1").fit(*storms)
    assert len(several.threshold_.thresholds_) == len(several.classes_)
    assert several.threshold_.score_ >= several.threshold_.plain_score_


def test_what_is_selected_is_what_folds_of_the_whole_chain_give(nhefs):
    X, y = nhefs
    weight = np.random.default_rng(0).integers(1, 4, len(X)).astype(float)
    ours = estimator(threshold=ThresholdSelector("f1", cv=3)).fit(X, y, weight)
    parts, rows = [], []
    for fit, test in StratifiedKFold(3).split(X, y):
        fold = estimator().fit(X.iloc[fit], y.iloc[fit], weight[fit])
        parts.append(fold.predict_proba(X.iloc[test])[:, 1])
        rows.append(test)
    rows = np.concatenate(rows)
    alone = ThresholdSelector("f1").fit(
        np.concatenate(parts), y.iloc[rows], sample_weight=weight[rows]
    )
    assert (alone.thresholds_ == ours.threshold_.thresholds_).all()
    assert alone.score_ == ours.threshold_.score_


@pytest.mark.slow
def test_folds_do_not_depend_on_jobs(nhefs):
    X, y = nhefs
    one, two = (
        WinduEstimator("linear", threshold="f1", n_jobs=n, random_state=0).fit(X, y)
        for n in (1, 2)
    )
    assert (one.threshold_.thresholds_ == two.threshold_.thresholds_).all()
    assert one.threshold_.curve_.equals(two.threshold_.curve_)


class Seen(LogisticRegression):
    """Remembers the groups of the rows it was fitted on, in the first column."""

    groups: list = []

    def fit(self, X, y, sample_weight=None):
        Seen.groups.append(set(np.asarray(X)[:, 0]))
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("cv", [4, StratifiedGroupKFold(4), GroupKFold(4)])
def test_groups_stay_together(cv):
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 240)
    X = pd.DataFrame({"group": groups, "x": rng.normal(size=240)})
    y = rng.integers(0, 2, 240)
    Seen.groups = []
    est = WinduEstimator(
        Seen(),
        featurizer=None,
        transformer=None,
        threshold=ThresholdSelector("f1", cv=cv),
    )
    est.fit(X, y, groups=groups)
    *folds, everything = Seen.groups[1:] + Seen.groups[:1]
    assert everything == set(range(12))
    left_out = [everything - fold for fold in folds]
    assert sorted(g for part in left_out for g in part) == list(range(12))


def test_dev_splits(nhefs):
    X, y = nhefs
    n = len(X)
    given = [(np.arange(n // 2), np.arange(n // 2, n))]
    est = estimator(threshold=ThresholdSelector("f1", cv=given)).fit(X, y)
    half = estimator().fit(X.iloc[: n // 2], y.iloc[: n // 2])
    dev = ThresholdSelector("f1").fit(
        half.predict_proba(X.iloc[n // 2 :]), y.iloc[n // 2 :]
    )
    assert est.threshold_.thresholds_ == dev.thresholds_
    assert np.isnan(est.threshold_.score_std_)
    share = estimator(threshold=ThresholdSelector("f1", cv=0.3))
    assert share.fit(X, y).threshold_.score_ > 0
    prefit = estimator(threshold=ThresholdSelector("f1", cv="prefit")).fit(X, y)
    same = ThresholdSelector("f1").fit(prefit.predict_proba(X), y)
    assert prefit.threshold_.thresholds_ == same.thresholds_


def test_few_rows_and_one_class_in_a_fold():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=60)})
    with pytest.warns(WinduWarning, match="fewer than min_samples"):
        few = estimator(threshold="f1").fit(X[:40], rng.integers(0, 2, 40))
    plain = estimator().fit(X[:40], few.classes_[few.predict(X[:40])])
    assert plain is not None
    y = np.zeros(60, int)
    y[-1] = 1
    with pytest.warns(WinduWarning, match="one class only"):
        rare = estimator(threshold=ThresholdSelector("f1", cv=KFold(3))).fit(X, y)
    assert (rare.predict(X) == (rare.predict_proba(X)[:, 1] > 0.5)).all()
    with pytest.warns(WinduWarning, match="cannot be split"):
        estimator(threshold="f1", task="multiclass").fit(X, np.repeat(range(20), 3))


def test_a_class_that_a_fold_has_not_seen():
    X, y = load_penguins(return_X_y=True)
    y = y.to_numpy().astype(object)
    y[:3] = "rare"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        est = estimator(threshold=ThresholdSelector("f1", cv=KFold(3))).fit(X, y)
    assert set(est.classes_) == {"Adelie", "Chinstrap", "Gentoo", "rare"}
    assert len(est.threshold_.thresholds_) == 4


def test_labels_in_each_form():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
    codes = (X[["a", "b"]].to_numpy() + rng.normal(size=(300, 2)) > [1.0, 0.5]).astype(
        int
    )
    frame = pd.DataFrame(np.where(codes == 1, "yes", "no"), columns=["p", "q"])
    lists = [
        [name for name, here in zip("pq", row, strict=True) if here] for row in codes
    ]
    results = {}
    for form, y in {"array": codes, "frame": frame, "lists": lists}.items():
        est = estimator(threshold="f1", task="multilabel").fit(X, y)
        assert len(est.threshold_.thresholds_) == 2
        assert est.threshold_.score_ > est.threshold_.plain_score_
        results[form] = est.predict(X)
        assert list(est.threshold_.curve_["label"].unique()) == est.classes_.tolist()
    assert (results["array"] == (results["frame"] == "yes").to_numpy()).all()
    assert [set(row) for row in results["lists"]] == [
        {name for name, here in zip("pq", row, strict=True) if here}
        for row in results["array"]
    ]


def test_ordered_categories_bring_their_order(storms):
    X, _ = storms
    rng = np.random.default_rng(0)
    rank = np.clip(
        (1010 - X["pressure"].to_numpy()) // 10 + rng.integers(0, 2, len(X)), 0, 3
    )
    names = np.array(["mild", "brisk", "hard", "awful"])[rank.astype(int)]
    y = pd.Series(
        pd.Categorical(names, ["mild", "brisk", "hard", "awful"], ordered=True), X.index
    )
    selector = ThresholdSelector("quadratic_kappa", ordered=True)
    est = estimator(threshold=selector).fit(X, y)
    assert est.threshold_.ranks_ == ["mild", "brisk", "hard", "awful"]
    assert len(est.threshold_.thresholds_) == 3
    assert set(est.predict(X)) <= set(names)


def test_models_without_probabilities(nhefs):
    X, y = nhefs
    est = WinduEstimator(RidgeClassifier(), threshold="f1").fit(X, y)
    cut = est.threshold_.thresholds_[0]
    assert -1 < cut < 1
    above = est.decision_function(X) >= cut
    assert (est.predict(X) == est.classes_[above.astype(int)]).all()


@pytest.mark.slow
def test_searches(nhefs):
    X, y = nhefs
    grid = {"threshold": [None, 0.3, "f1", ThresholdSelector("accuracy")]}
    search = GridSearchCV(estimator(), grid, scoring="balanced_accuracy", cv=3)
    results = search.fit(X, y).cv_results_["mean_test_score"]
    assert len(set(results)) >= 3
    grid = {"threshold__scoring": ["f1", "accuracy"]}
    search = GridSearchCV(estimator(threshold="f1"), grid, cv=3).fit(X, y)
    assert search.best_estimator_.threshold_.scoring in ("f1", "accuracy")


@pytest.mark.slow
def test_costs_through_cross_validation(nhefs):
    X, y = nhefs
    costs = np.where(y == y.max(), 20.0, 1.0)
    est = estimator(threshold="accuracy")
    direct = est.fit(X, y, costs=costs).threshold_
    assert direct.score_name_ == "minus the mean cost"
    assert direct.score_ > direct.plain_score_
    found = cross_validate(
        est, X, y, cv=3, params={"costs": costs}, return_estimator=True
    )["estimator"]
    assert all(one.threshold_.score_name_ == direct.score_name_ for one in found)
    with config_context(enable_metadata_routing=True):
        routed = cross_validate(
            est, X, y, cv=3, params={"costs": costs}, return_estimator=True
        )["estimator"]
    for one, other in zip(found, routed, strict=True):
        assert (one.threshold_.thresholds_ == other.threshold_.thresholds_).all()


def test_routing_asks_an_object_what_it_wants(nhefs):
    X, y = nhefs
    costs = np.ones(len(X))
    with config_context(enable_metadata_routing=True):
        silent = estimator(threshold=ThresholdSelector())
        with pytest.raises(ValueError, match="costs"):
            silent.fit(X, y, costs=costs)
        asking = estimator(threshold=ThresholdSelector().set_fit_request(costs=True))
        assert asking.fit(X, y, costs=costs).threshold_.score_name_.startswith("minus")


def test_replace_changes_predict_alone(nhefs):
    X, y = nhefs
    est = estimator(threshold="f1").fit(X, y)
    before = est.predict(X)
    low = est.replace(threshold=0.05)
    assert (low.predict_proba(X) == est.predict_proba(X)).all()
    assert (low.predict(X) == est.classes_.max()).mean() > (
        before == est.classes_.max()
    ).mean()
    assert (est.predict(X) == before).all()
    assert low.threshold == 0.05
    assert clone(low).threshold == 0.05
    plain = est.replace(threshold=None)
    assert (plain.predict(X) == estimator().fit(X, y).predict(X)).all()
    chosen = ThresholdSelector("accuracy").fit(est.predict_proba(X), y)
    other = est.replace(threshold=chosen)
    assert (other.predict(X) == chosen.predict(est.predict_proba(X))).all()


def test_replace_refuses_what_does_not_fit(nhefs):
    X, y = nhefs
    est = estimator().fit(X, y)
    with pytest.raises(PartError, match="must be fixed, or fitted"):
        est.replace(threshold="f1")
    with pytest.raises(PartError, match="one cut"):
        est.replace(threshold=[0.1, 0.2])
    other = ThresholdSelector().fit(np.linspace(0, 1, 60), ["a", "b"] * 30)
    with pytest.raises(PartError, match="fitted on the classes"):
        est.replace(threshold=other)
    number = WinduEstimator("linear", task="regression").fit(X, np.arange(len(X)) * 1.0)
    with pytest.raises(PartError, match="between classes"):
        number.replace(threshold=0.3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "threshold",
    [
        "f1",
        0.3,
        ThresholdSelector(cost_matrix=pd.DataFrame([[0, 1], [5, 0]])),
        ThresholdSelector(metrics.make_scorer(metrics.fbeta_score, beta=2)),
        ThresholdSelector("recall", constraint={"precision": 0.4}, cv=KFold(3)),
    ],
    ids=["name", "number", "costs", "scorer", "bound"],
)
def test_saved_and_loaded(nhefs, threshold, tmp_path):
    X, y = nhefs
    est = estimator(threshold=threshold).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = load(save(est, tmp_path / "est.windu"))
    assert (again.predict(X) == est.predict(X)).all()
    assert again.threshold_.curve_.equals(est.threshold_.curve_)
    assert (
        again.replace(threshold=0.1).predict(X) == est.replace(threshold=0.1).predict(X)
    ).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "regression", "threshold": "f1"}, "between classes"),
        ({"threshold": "f11"}, "Did you mean 'f1'"),
        ({"threshold": {"a": 1}}, "a number, a list of numbers"),
        ({"threshold": [0.1, 0.2]}, "one cut"),
        ({"threshold": ThresholdSelector(cost_matrix=np.eye(3))}, "2 rows"),
        ({"threshold": ThresholdSelector(pos_label="nobody")}, "pos_label"),
    ],
)
def test_bad_thresholds_are_named_before_anything_is_fitted(nhefs, options, words):
    X, y = nhefs

    class Never(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise AssertionError

    y = np.arange(len(X)) * 0.5 if options.get("task") else y
    model = "linear" if options.get("task") else Never()
    with pytest.raises(PartError, match=words):
        WinduEstimator(model, **options).fit(X, y)


def test_a_dev_share_keeps_groups_together():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 240)
    X = pd.DataFrame({"group": groups, "x": rng.normal(size=240)})
    Seen.groups = []
    est = WinduEstimator(
        Seen(),
        featurizer=None,
        transformer=None,
        threshold=ThresholdSelector("f1", cv=0.3),
    )
    with config_context(enable_metadata_routing=True):
        est.fit(X, rng.integers(0, 2, 240), groups=groups)
    left_out = groups[~np.isin(groups, [*Seen.groups[1]])]
    assert est.threshold_.reason_ == ""
    assert 50 < len(left_out) < 110


def test_three_scores_of_pairs_are_not_three_of_classes():
    X, y = load_penguins(return_X_y=True)
    for shape in ("ovr", "ovo"):
        model = make_pipeline(StandardScaler(), SVC(decision_function_shape=shape))
        est = WinduEstimator(model, threshold="f1")
        if shape == "ovr":
            assert est.fit(X, y).threshold_.plain_score_ > 0.95
            continue
        with pytest.raises(PartError, match="one score a class.*'ovr'"):
            est.fit(X, y)


def test_distances_need_every_class_in_each_fold():
    X, y = load_penguins(return_X_y=True)
    y = y.to_numpy().astype(object)
    y[:3] = "rare"
    selector = ThresholdSelector("f1", cv=KFold(3))
    with pytest.warns(WinduWarning, match="no rows of 'rare'"):
        est = WinduEstimator(RidgeClassifier(), threshold=selector).fit(X, y)
    assert (est.predict(X) == est.replace(threshold=None).predict(X)).all()


def test_weights_requested_by_one_part_alone_are_refused(nhefs):
    X, y = nhefs
    for first, second in ((True, False), (False, True)):
        with config_context(enable_metadata_routing=True):
            model = LogisticRegression().set_fit_request(sample_weight=first)
            chosen = ThresholdSelector("f1").set_fit_request(sample_weight=second)
            est = WinduEstimator(model, threshold=chosen)
            with pytest.raises(PartError, match="both the model and the threshold"):
                est.fit(X, y, sample_weight=np.ones(len(X)))


def test_fixed_weights_of_several_classes():
    """They are not chosen; equal ones decide as the model does."""
    X, y = load_penguins(return_X_y=True)
    fixed = ThresholdSelector(thresholds=[1.0, 1.0, 1.0])
    est = estimator(threshold=fixed).fit(X, y)
    assert est.threshold_.thresholds_.tolist() == [1.0, 1.0, 1.0]
    assert (est.predict(X) == estimator().fit(X, y).predict(X)).all()


def test_replace_keeps_the_order_and_the_kind_of_scores(nhefs):
    X, y = load_penguins(return_X_y=True)
    names = ["Gentoo", "Adelie", "Chinstrap"]
    y = pd.Series(pd.Categorical(y, names, ordered=True), X.index)
    cuts = ThresholdSelector(thresholds=[0.4, 1.2], ordered=True)
    selector = ThresholdSelector("quadratic_kappa", ordered=True)
    est = estimator(threshold=selector).fit(X, y)
    assert est.replace(threshold=cuts).threshold_.ranks_ == names
    with pytest.raises(PartError, match="order of the classes must be known"):
        est.replace(threshold=None).replace(threshold=cuts)
    with pytest.raises(PartError, match="need their order"):
        est.replace(threshold=[0.4, 1.2])
    X, y = nhefs
    scores = np.random.default_rng(0).normal(size=len(y))
    with pytest.raises(PartError, match=r"predict_proba gives.*distances"):
        estimator().fit(X, y).replace(threshold=ThresholdSelector().fit(scores, y))


@pytest.mark.parametrize(
    ("threshold", "options", "words"),
    [
        (ThresholdSelector(cv=1), {}, "'cv' parameter"),
        (ThresholdSelector(cv="prefitt"), {}, "'cv' parameter"),
        (ThresholdSelector(min_samples=-1), {}, "min_samples"),
        (ThresholdSelector(None), {}, "cost_matrix, or costs"),
        ("f1", {"costs": [1.0]}, "costs must have one row"),
        ("f1", {"costs": "a"}, "costs must be numbers"),
        ("f1", {"groups": [1]}, "groups must have one row"),
        (ThresholdSelector(cost_matrix=1 - np.eye(2)), {"costs": [1.0]}, "Got both"),
        (ThresholdSelector(None, constraint={"x": 1}), {"costs": [1.0]}, "name"),
    ],
)
def test_what_cannot_be_asked_is_named_before_anything_is_fitted(
    nhefs, threshold, options, words
):
    X, y = nhefs

    class Never(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise AssertionError

    with pytest.raises(ValueError, match=words):
        WinduEstimator(Never(), threshold=threshold).fit(X, y, **options)
    labels = pd.DataFrame({"a": y, "b": 1 - y})
    with pytest.raises(PartError, match="one cut, or one a label"):
        WinduEstimator(Never(), threshold=[0.1, 0.2, 0.3]).fit(X, labels)
