"""`ThresholdSelector` on its own: the optimum, costs, bounds, order, spread."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.base import clone

from windu import ThresholdSelector
from windu.exceptions import PartError, TargetError, WinduWarning

BINARY = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "cohen_kappa": metrics.cohen_kappa_score,
    "f1": metrics.f1_score,
    "f1_macro": lambda t, p: metrics.f1_score(t, p, average="macro"),
    "f1_micro": lambda t, p: metrics.f1_score(t, p, average="micro"),
    "f1_weighted": lambda t, p: metrics.f1_score(t, p, average="weighted"),
    "jaccard": metrics.jaccard_score,
    "matthews_corrcoef": metrics.matthews_corrcoef,
    "negative_predictive_value": lambda t, p: metrics.precision_score(
        t, p, pos_label=0
    ),
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "specificity": lambda t, p: metrics.recall_score(t, p, pos_label=0),
}
SEVERAL = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "cohen_kappa": metrics.cohen_kappa_score,
    "f1": lambda t, p: metrics.f1_score(t, p, average="macro"),
    "jaccard_weighted": lambda t, p: metrics.jaccard_score(t, p, average="weighted"),
    "linear_kappa": lambda t, p: metrics.cohen_kappa_score(t, p, weights="linear"),
    "matthews_corrcoef": metrics.matthews_corrcoef,
    "precision_macro": lambda t, p: metrics.precision_score(t, p, average="macro"),
    "quadratic_kappa": lambda t, p: metrics.cohen_kappa_score(
        t, p, weights="quadratic"
    ),
}
LABELS = {
    "accuracy": metrics.accuracy_score,
    "f1": lambda t, p: metrics.f1_score(t, p, average="macro"),
    "f1_micro": lambda t, p: metrics.f1_score(t, p, average="micro"),
    "f1_samples": lambda t, p: metrics.f1_score(t, p, average="samples"),
    "f1_weighted": lambda t, p: metrics.f1_score(t, p, average="weighted"),
    "jaccard_micro": lambda t, p: metrics.jaccard_score(t, p, average="micro"),
    "recall_samples": lambda t, p: metrics.recall_score(t, p, average="samples"),
}

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.UndefinedMetricWarning"
)


def binary(n=300, share=0.2, seed=0):
    """Return scores with ties, and a rare class."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(int)
    return np.clip(rng.normal(0.3 + 0.2 * y, 0.15), 0, 1).round(2), y


def several(n=600, seed=0):
    """Return probabilities of three unequal classes."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=[0.7, 0.2, 0.1])
    logs = rng.normal(size=(n, 3)) + 1.2 * np.eye(3)[y] + [1.0, 0.0, -0.5]
    shares = np.exp(logs)
    return shares / shares.sum(1, keepdims=True), y


def labels(n=200, n_labels=2, seed=0):
    """Return scores of labels with a few values each."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n, n_labels)) < [0.2, 0.5, 0.3][:n_labels]).astype(int)
    return np.clip(rng.normal(0.35 + 0.2 * y, 0.2), 0, 1).round(1), y


@pytest.mark.slow
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("seed", range(3))
def test_two_classes_reach_the_optimum(name, seed):
    scores, y = binary(seed=seed)
    score = BINARY[name]
    best = max(score(y, (scores >= cut).astype(int)) for cut in {*scores, 2.0})
    selector = ThresholdSelector(name).fit(scores, y)
    assert selector.score_ == pytest.approx(best, abs=1e-12)
    assert score(y, selector.predict(scores)) == pytest.approx(best, abs=1e-12)
    assert selector.plain_score_ == pytest.approx(score(y, (scores > 0.5).astype(int)))


@pytest.mark.parametrize("name", SEVERAL)
def test_several_classes_score_as_scikit_learn_does(name):
    scores, y = several()
    selector = ThresholdSelector(name).fit(scores, y)
    decided = selector.predict(scores)
    assert selector.score_ == pytest.approx(SEVERAL[name](y, decided))
    assert selector.plain_score_ == pytest.approx(SEVERAL[name](y, scores.argmax(1)))
    assert selector.score_ >= selector.plain_score_


@pytest.mark.slow
@pytest.mark.parametrize("name", ["balanced_accuracy", "f1", "quadratic_kappa"])
def test_weights_come_near_to_the_best_of_a_fine_grid(name):
    scores, y = several()
    weights = np.exp(np.linspace(-2, 2, 21))
    best = max(
        SEVERAL[name](y, (scores * [1.0, a, b]).argmax(1))
        for a, b in itertools.product(weights, weights)
    )
    assert ThresholdSelector(name).fit(scores, y).score_ >= best - 0.002


@pytest.mark.slow
@pytest.mark.parametrize("name", LABELS)
def test_labels_reach_the_optimum_of_all_pairs_of_cuts(name):
    scores, y = labels()
    cuts = [*np.unique(scores), 2.0]
    best = max(
        LABELS[name](y, (scores >= pair).astype(int))
        for pair in itertools.product(cuts, cuts)
    )
    selector = ThresholdSelector(name).fit(scores, y)
    decided = selector.predict(scores)
    assert selector.score_ == pytest.approx(LABELS[name](y, decided))
    # Samples and subset scores are not separable: a local optimum is promised.
    slack = 0.01 if name in ("accuracy", "f1_samples", "recall_samples") else 1e-12
    assert selector.score_ >= best - slack


def test_micro_of_three_labels_is_the_optimum():
    scores, y = labels(n_labels=3, seed=1)
    scores = scores.round(0) / 2 + scores.round(1) // 0.4 / 4
    cuts = [*np.unique(scores), 2.0]
    best = max(
        LABELS["f1_micro"](y, (scores >= triple).astype(int))
        for triple in itertools.product(cuts, cuts, cuts)
    )
    assert ThresholdSelector("f1_micro").fit(scores, y).score_ == pytest.approx(best)


def test_weights_of_rows_count_as_repeats():
    scores, y = binary()
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    weighted = ThresholdSelector("f1").fit(scores, y, sample_weight=weight)
    repeated = ThresholdSelector("f1").fit(
        np.repeat(scores, weight), np.repeat(y, weight)
    )
    assert weighted.score_ == pytest.approx(repeated.score_)
    assert (weighted.predict(scores) == repeated.predict(scores)).all()


@given(
    scores=st.lists(st.floats(0, 1), min_size=60, max_size=80),
    cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
@settings(max_examples=50, deadline=None)
def test_a_higher_threshold_never_adds_a_yes(scores, cuts):
    low, high = (
        ThresholdSelector(thresholds=cut).fit(
            scores, [0, 1] * 30 + [0] * (len(scores) - 60)
        )
        for cut in sorted(cuts)
    )
    assert (high.predict(scores) <= low.predict(scores)).all()


@pytest.mark.slow
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_selection_never_loses_on_its_own_rows(seed):
    scores, y = several(n=120, seed=seed)
    if len(np.unique(y)) == 3:
        for name in ("balanced_accuracy", "f1", "accuracy"):
            selector = ThresholdSelector(name, cv=2).fit(scores, y)
            assert selector.score_ >= selector.plain_score_ - 1e-12


def test_labels_keep_their_type():
    scores, y = binary()
    for names in (np.array(["no", "yes"]), np.array([3, 7]), np.array([False, True])):
        selector = ThresholdSelector("f1").fit(scores, names[y])
        assert selector.predict(scores).dtype == names.dtype
        assert (selector.classes_ == names).all()


def test_two_columns_and_one_are_the_same():
    scores, y = binary()
    both = np.column_stack([1 - scores, scores])
    one, two = (ThresholdSelector("f1").fit(s, y) for s in (scores, both))
    assert one.thresholds_ == two.thresholds_
    assert (one.predict(both) == two.predict(scores)).all()


def test_the_positive_class_can_be_the_first():
    scores, y = binary()
    names = np.array(["bad", "good"])[1 - y]
    flipped = ThresholdSelector("f1", pos_label="bad").fit(1 - scores, names)
    scorer = metrics.make_scorer(metrics.f1_score, pos_label="bad")
    by_scorer = ThresholdSelector(scorer).fit(1 - scores, names)
    expected = ThresholdSelector("f1").fit(scores, y).score_
    assert flipped.score_ == by_scorer.score_ == pytest.approx(expected)


@pytest.mark.slow
def test_scorers_and_functions_of_a_user():
    scores, y = binary()
    fbeta = metrics.make_scorer(metrics.fbeta_score, beta=2)
    best = max(metrics.fbeta_score(y, scores >= cut, beta=2) for cut in scores)
    assert ThresholdSelector(fbeta).fit(scores, y).score_ == pytest.approx(best)

    def metric(y_true, y_pred):
        return metrics.f1_score(y_true, y_pred)

    def scorer(estimator, X, y):
        return metrics.f1_score(y, estimator.predict(X))

    expected = ThresholdSelector("f1").fit(scores, y).score_
    for own in (metric, scorer, metrics.make_scorer(metric)):
        assert ThresholdSelector(own).fit(scores, y).score_ == pytest.approx(expected)


def test_costs_of_two_classes():
    scores, y = binary()
    matrix = np.array([[0.0, 1.0], [8.0, 0.0]])
    selector = ThresholdSelector(cost_matrix=matrix).fit(scores, y)
    costs = [matrix[y, (scores >= cut).astype(int)].mean() for cut in {*scores, 2.0}]
    assert selector.score_ == pytest.approx(-min(costs))
    named = pd.DataFrame(matrix, ["no", "yes"], ["no", "yes"])
    other_way = named.iloc[::-1, ::-1]
    same = ThresholdSelector(cost_matrix=other_way).fit(
        scores, np.array(["no", "yes"])[y]
    )
    assert same.thresholds_ == selector.thresholds_


def test_costs_of_several_classes_start_at_the_bayes_decision():
    scores, y = several()
    matrix = np.array([[0.0, 1.0, 5.0], [2.0, 0.0, 1.0], [10.0, 3.0, 0.0]])
    selector = ThresholdSelector(cost_matrix=matrix).fit(scores, y)
    bayes = (scores @ matrix).argmin(1)
    assert selector.score_ >= -matrix[y, bayes].mean() - 1e-12
    few = ThresholdSelector(cost_matrix=matrix, min_samples=10_000)
    with pytest.warns(WinduWarning, match="min_samples"):
        few.fit(scores, y)
    assert (few.predict(scores) == bayes).all()


def test_costs_of_each_row():
    scores, y = binary()
    amount = np.random.default_rng(0).lognormal(3, 2, len(y))
    costs = np.column_stack([np.where(y == 1, amount, 0), np.where(y == 0, 5.0, 0)])
    selector = ThresholdSelector().fit(scores, y, costs=costs)
    every = [
        costs[np.arange(len(y)), (scores >= cut).astype(int)].mean()
        for cut in {*scores, 2.0}
    ]
    assert selector.score_ == pytest.approx(-min(every))
    wrong = np.where(y == 1, amount, 5.0)
    flat = ThresholdSelector().fit(scores, y, costs=wrong)
    assert flat.thresholds_ == selector.thresholds_


def test_a_bound_that_can_be_met_is_met():
    scores, y = binary(n=2000)
    for constraint in ({"precision": 0.6}, ("precision", 0.6)):
        selector = ThresholdSelector("recall", constraint=constraint).fit(scores, y)
        decided = [(scores >= cut).astype(int) for cut in {*scores}]
        best = max(
            metrics.recall_score(y, d)
            for d in decided
            if metrics.precision_score(y, d) >= 0.6
        )
        assert selector.score_ == pytest.approx(best)
    two = ThresholdSelector("precision", constraint={"recall": 0.5, "specificity": 0.5})
    decided = two.fit(scores, y).predict(scores)
    assert metrics.recall_score(y, decided) >= 0.5
    assert metrics.recall_score(y, decided, pos_label=0) >= 0.5


@pytest.mark.slow
def test_a_bound_out_of_reach_gives_the_nearest_and_says_so():
    rng = np.random.default_rng(0)
    scores, y = rng.random(500).round(1), np.arange(500) % 2
    selector = ThresholdSelector("recall", constraint={"precision": 0.9})
    with pytest.warns(WinduWarning, match=r"precision >= 0.9\..*precision 0\.\d+"):
        selector.fit(scores, y)
    best = max(metrics.precision_score(y, scores >= cut) for cut in scores)
    assert metrics.precision_score(y, selector.predict(scores)) == pytest.approx(best)


def test_ordered_classes_have_cuts_on_one_score():
    scores, y = several()
    names = np.array(["low", "mid", "top"])
    order = ThresholdSelector("quadratic_kappa", ordered=["low", "mid", "top"])
    order.fit(scores, names[y])
    assert len(order.thresholds_) == 2
    assert (np.diff(order.thresholds_) >= 0).all()
    rank = scores @ [0, 1, 2]
    assert (
        order.predict(scores)
        == names[np.searchsorted(order.thresholds_, rank, "right")]
    ).all()
    expected = metrics.cohen_kappa_score(
        y,
        [["low", "mid", "top"].index(name) for name in order.predict(scores)],
        weights="quadratic",
    )
    assert order.score_ == pytest.approx(expected)
    other = ThresholdSelector("quadratic_kappa", ordered=["top", "low", "mid"])
    assert other.fit(scores, names[y]).ranks_ == ["top", "low", "mid"]
    single = ThresholdSelector("accuracy", ordered=True).fit(rank * 2 + 1, y * 2 + 1)
    assert single.plain_score_ <= single.score_
    assert set(single.predict([1.0, 5.0])) == {1, 5}


def test_margins_have_their_border_at_zero():
    scores, y = binary()
    margin = np.log(np.clip(scores, 0.01, 0.99) / (1 - np.clip(scores, 0.01, 0.99)))
    selector = ThresholdSelector("f1").fit(margin, y)
    assert selector.plain_score_ == pytest.approx(metrics.f1_score(y, margin > 0))
    assert selector.score_ == pytest.approx(
        ThresholdSelector("f1").fit(scores, y).score_
    )
    shares, classes = several()
    logs = np.log(shares)
    assert (
        ThresholdSelector("f1").fit(logs, classes).predict(logs)
        == ThresholdSelector("f1").fit(shares, classes).predict(shares)
    ).all()


def test_spread_and_curve():
    scores, y = binary(n=1000)
    selector = ThresholdSelector("f1").fit(scores, y)
    assert 0 < selector.score_std_ < 0.2
    assert 0 <= selector.thresholds_std_[0] < 0.2
    curve = selector.curve_
    assert list(curve) == ["threshold", "score", "std"]
    assert len(curve) <= 201
    assert curve["score"].max() == pytest.approx(selector.score_)
    for cut, score in zip(curve["threshold"], curve["score"], strict=True):
        assert score == pytest.approx(metrics.f1_score(y, scores >= cut))
    at = curve[curve["threshold"] == selector.thresholds_[0]]
    assert at["std"].item() == pytest.approx(selector.score_std_)
    p, t = labels(n=300)
    many = ThresholdSelector("f1").fit(p, t).curve_
    assert set(many["label"]) == {0, 1}


def test_weights_that_only_fit_noise_are_not_used():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(12), 6)
    scores = rng.dirichlet(np.ones(12), len(y)) + 3 * np.eye(12)[y]
    scores[::7] = rng.dirichlet(np.ones(12), len(scores[::7]))
    selector = ThresholdSelector("accuracy", cv=3).fit(scores / 4, y)
    assert selector.reason_.startswith("chosen on the other folds")
    assert (selector.thresholds_ == 1).all()


def test_few_rows_keep_the_plain_decision():
    with pytest.warns(WinduWarning, match="20 rows are fewer than min_samples=50"):
        selector = ThresholdSelector("f1").fit(np.linspace(0, 1, 20), [0, 1] * 10)
    assert np.isnan(selector.score_)
    assert selector.curve_.empty
    assert (selector.predict([0.5, 0.6]) == [0, 1]).all()


def test_fixed_cuts():
    scores, y = binary()
    fixed = ThresholdSelector("f1", thresholds=0.3).fit(scores, y)
    assert (fixed.predict(scores) == (scores >= 0.3)).all()
    assert fixed.score_ == pytest.approx(metrics.f1_score(y, scores >= 0.3))
    p, t = labels()
    per_label = ThresholdSelector(thresholds=[0.3, 0.6]).fit(p, t)
    assert (per_label.predict(p) == (p >= [0.3, 0.6])).all()
    one_for_all = ThresholdSelector(thresholds=0.4).fit(p, t)
    assert (one_for_all.predict(p) == (p >= 0.4)).all()
    shares, classes = several()
    weights = ThresholdSelector(thresholds=[1, 3, 9]).fit(shares, classes)
    assert (weights.predict(shares) == (shares * [1, 3, 9]).argmax(1)).all()


def test_a_second_fit_and_a_clone_give_the_same():
    scores, y = several()
    selector = ThresholdSelector("f1").fit(scores, y)
    first = selector.thresholds_.copy()
    assert (selector.fit(scores, y).thresholds_ == first).all()
    assert (clone(selector).fit(scores, y).thresholds_ == first).all()


SCORES, Y = binary()
BAD = {
    "unknown score": (
        ThresholdSelector("f11"),
        SCORES,
        Y,
        PartError,
        "Did you mean 'f1'",
    ),
    "of probabilities": (
        ThresholdSelector("roc_auc"),
        SCORES,
        Y,
        PartError,
        "same for every",
    ),
    "a number as score": (ThresholdSelector(3), SCORES, Y, ValueError, "scoring"),
    "no purpose": (
        ThresholdSelector(None),
        SCORES,
        Y,
        PartError,
        "cost_matrix, or costs",
    ),
    "matrix of three": (
        ThresholdSelector(cost_matrix=np.eye(3)),
        SCORES,
        Y,
        PartError,
        "2 rows",
    ),
    "NaN in matrix": (
        ThresholdSelector(cost_matrix=[[0, np.nan], [1, 0]]),
        SCORES,
        Y,
        PartError,
        "finite",
    ),
    "bound without a number": (
        ThresholdSelector(constraint={"precision": "high"}),
        SCORES,
        Y,
        PartError,
        "must reach",
    ),
    "unknown bound": (
        ThresholdSelector(constraint={"precisoin": 0.9}),
        SCORES,
        Y,
        PartError,
        "precision",
    ),
    "positive unknown": (
        ThresholdSelector(pos_label="x"),
        SCORES,
        Y,
        PartError,
        "pos_label",
    ),
    "two cuts": (
        ThresholdSelector(thresholds=[0.1, 0.2]),
        SCORES,
        Y,
        PartError,
        "one cut",
    ),
    "one class": (ThresholdSelector(), SCORES, Y * 0, TargetError, "two classes"),
    "other length": (
        ThresholdSelector(),
        SCORES[:9],
        Y,
        TargetError,
        "same number of rows",
    ),
    "NaN scores": (ThresholdSelector(), SCORES * np.nan, Y, TargetError, "row 0"),
    "texts": (ThresholdSelector(), ["a"] * len(Y), Y, TargetError, "must be numbers"),
    "three columns": (
        ThresholdSelector(),
        np.ones((len(Y), 3)),
        Y,
        TargetError,
        "1 or 2 columns",
    ),
    "fractions": (ThresholdSelector(), SCORES, SCORES, TargetError, "classes"),
    "negative weights": (
        ThresholdSelector(thresholds=[1, -1, 1]),
        *several(),
        PartError,
        "above 0",
    ),
    "falling cuts": (
        ThresholdSelector(thresholds=[1, 0], ordered=True),
        *several(),
        PartError,
        "not fall",
    ),
    "order of others": (
        ThresholdSelector(ordered=["a", "b", "c"]),
        *several(),
        PartError,
        "every class once",
    ),
    "samples without labels": (
        ThresholdSelector("f1_samples"),
        *several(),
        PartError,
        "several labels",
    ),
    "negative min_samples": (
        ThresholdSelector(min_samples=-1),
        SCORES,
        Y,
        ValueError,
        "min_samples",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    selector, scores, y, error, words = BAD[case]
    with pytest.raises(error, match=words):
        selector.fit(scores, y)


def test_costs_twice_or_of_another_shape_are_refused():
    both = ThresholdSelector(cost_matrix=1 - np.eye(2))
    with pytest.raises(PartError, match="Got both"):
        both.fit(SCORES, Y, costs=np.ones(len(Y)))
    with pytest.raises(PartError, match="shape"):
        ThresholdSelector().fit(SCORES, Y, costs=np.ones((len(Y), 3)))


def test_prediction_needs_the_columns_of_fit():
    shares, y = several()
    selector = ThresholdSelector().fit(shares, y)
    with pytest.raises(TargetError, match="3 columns"):
        selector.predict(shares[:, :2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(selector.predict(shares[:0])) == 0
