"""`ThresholdSelector` where it is hard: weights, ties, odd scorers, bounds, order."""

import itertools
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn import metrics

from windu import ThresholdCurveDisplay, ThresholdSelector
from windu.exceptions import PartError, TargetError, WinduWarning


def binary(n=300, share=0.2, seed=0):
    """Return distinct scores, and a rare class."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(int)
    return np.clip(rng.normal(0.3 + 0.2 * y, 0.15), 0, 1), y


def several(n=300, seed=0, scale=7):
    """Return shares of so many neighbours, with many ties, for four classes."""
    rng = np.random.default_rng(seed)
    y = rng.choice(4, n, p=[0.6, 0.2, 0.1, 0.1])
    logs = rng.normal(size=(n, 4)) + 1.2 * np.eye(4)[y] + [1.0, 0.0, -0.5, -0.5]
    shares = np.exp(logs) / np.exp(logs).sum(1, keepdims=True)
    counts = [rng.multinomial(scale, row) for row in shares]
    return np.array(counts) / scale, y


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["negative_predictive_value", "precision_macro", "precision_weighted"]
)
@pytest.mark.parametrize("seed", range(4))
def test_fractional_weights_leave_no_rest(name, seed):
    """What is left of a sum of weights, all taken away, is nothing, and no share."""
    scores, y = binary(seed=seed, share=0.05)
    weight = np.random.default_rng(seed).lognormal(0, 3, len(y))
    average = {"precision_macro": "macro", "precision_weighted": "weighted"}.get(name)
    options = {"average": average} if average else {"pos_label": 0}

    def score(cut):
        decided = (scores >= cut).astype(int)
        return metrics.precision_score(
            y, decided, sample_weight=weight, zero_division=0, **options
        )

    selector = ThresholdSelector(name).fit(scores, y, sample_weight=weight)
    assert selector.score_ == pytest.approx(max(map(score, [*scores, 2.0])), rel=1e-6)
    assert selector.score_ == pytest.approx(score(selector.thresholds_[0]), rel=1e-6)


@pytest.mark.parametrize("name", ["precision_weighted", "f1", "accuracy"])
def test_equal_shares_are_decided_as_the_search_counts_them(name):
    for seed in range(5):
        scores, y = several(seed=seed)
        weight = np.random.default_rng(seed).lognormal(0, 2, len(y))
        selector = ThresholdSelector(name).fit(scores, y, sample_weight=weight)
        assert selector.score_ >= selector.plain_score_ - 1e-12
        curve = selector.curve_
        for label, cut in enumerate(selector.thresholds_):
            here = curve[(curve["label"] == label) & (curve["threshold"] == cut)]
            assert here["score"].item() == pytest.approx(selector.score_)


def test_the_scale_of_weights_and_costs_does_not_matter():
    scores, y = several(scale=50)
    weight = np.random.default_rng(0).random(len(y))
    one, other = (
        ThresholdSelector("f1", cv="prefit").fit(scores, y, sample_weight=w)
        for w in (weight, weight / weight.sum())
    )
    assert one.score_ == pytest.approx(other.score_)
    matrix = np.random.default_rng(1).random((4, 4)) * (1 - np.eye(4))
    one, other = (
        ThresholdSelector(cost_matrix=costs, min_samples=10_000)
        for costs in (matrix, matrix * 1e-10)
    )
    with pytest.warns(WinduWarning, match="min_samples"):
        assert (
            one.fit(scores, y).predict(scores) == other.fit(scores, y).predict(scores)
        ).all()


def own(y_true, y_pred):
    return metrics.fbeta_score(y_true, y_pred, beta=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("scoring", "exact"),
    [
        (metrics.f1_score, True),
        (metrics.make_scorer(metrics.f1_score, zero_division=0), True),
        (own, False),
    ],
    ids=["a bare metric", "zero_division", "own"],
)
def test_scores_of_rare_classes_are_found_at_any_cut(scoring, exact, seed):
    scores, y = binary(2000, share=0.005, seed=seed)
    metric = getattr(scoring, "_score_func", scoring)

    def score(cut):
        return metric(y, (scores >= cut).astype(int))

    reached = ThresholdSelector(scoring).fit(scores, y).score_
    grid = max(map(score, np.linspace(scores.min(), scores.max(), 100)))
    assert reached >= max(map(score, np.sort(scores)[-300:])) - 1e-12 or not exact
    assert reached >= grid - 1e-12


@pytest.mark.slow
def test_scores_without_a_value_at_some_cuts():
    """They are never the best, and the search says nothing of them."""
    scores, y = binary()

    def sure(y_true, y_pred):
        if y_pred.sum() < 9:
            return np.nan
        return metrics.precision_score(y_true, y_pred)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        selector = ThresholdSelector(sure).fit(scores / 2, y)
        likely = ThresholdSelector("positive_likelihood_ratio").fit(scores, y)
    assert np.isnan(selector.plain_score_)
    assert selector.score_ > 0.7
    assert likely.score_ > likely.plain_score_
    few = np.arange(len(y)) < 2
    ThresholdSelector("positive_likelihood_ratio").fit(scores, few)


@pytest.mark.slow
def test_a_function_of_any_names_and_what_it_cannot_be():
    scores, y = binary()
    short = ThresholdSelector(lambda t, p: metrics.f1_score(t, p)).fit(scores, y)
    assert short.score_ > short.plain_score_

    def of_scores(estimator, X, y):
        return metrics.roc_auc_score(y, estimator.predict_proba(X))

    typo = metrics.make_scorer(metrics.f1_score, pos_label="typo")
    for scoring, words in {
        metrics.zero_one_loss: "greater_is_better=False",
        metrics.fbeta_score: "Options go into make_scorer",
        of_scores: "more than predict",
        typo: "pos_label",
    }.items():
        with pytest.raises(PartError, match=words):
            ThresholdSelector(scoring).fit(scores, y)


@pytest.mark.slow
def test_weights_that_a_function_does_not_take_are_named():
    scores, y = binary()
    with pytest.warns(WinduWarning, match="takes no weights") as caught:
        ThresholdSelector(own).fit(scores, y, sample_weight=1.0 + y)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ThresholdSelector(own).fit(scores, y, sample_weight=np.ones(len(y)))
        ThresholdSelector("f1").fit(scores, y, sample_weight=1.0 + y)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "bounded"),
    [("recall", "precision"), ("precision", "recall"), ("recall_micro", "specificity")],
)
@pytest.mark.filterwarnings("ignore:A cut of probabilities must lie from 0 to 1")
def test_bounds_on_labels_come_near_to_the_best_pair(wanted, bounded):
    """One cut at a time alone loses up to 0.4 here."""
    gaps = []
    for seed, bound in itertools.product(range(6), (0.5, 0.7)):
        rng = np.random.default_rng(seed)
        y = (rng.random((100, 2)) < [0.05, 0.5]).astype(int)
        scores = np.clip(rng.normal(0.35 + 0.2 * y, 0.2), 0, 1).round(1)
        selector = ThresholdSelector(wanted, constraint={bounded: bound})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WinduWarning)
            selector.fit(scores, y)
        cuts = [*np.unique(scores), 2.0]
        fixed = [
            (
                *(
                    ThresholdSelector(name, thresholds=pair, cv="prefit")
                    .fit(scores, y)
                    .score_
                    for name in (bounded, wanted)
                ),
            )
            for pair in itertools.product(cuts, cuts)
        ]
        met = [score for reached, score in fixed if reached >= bound]
        gaps += [max(met) - selector.score_] if met else []
    assert np.mean(gaps) < 0.01


def test_an_ordered_categorical_brings_its_order():
    scores, y = several()
    names = ["low", "mid", "high", "top"]
    y = pd.Series(pd.Categorical.from_codes(y, names, ordered=True))
    columns = np.argsort(names)
    order = ThresholdSelector("quadratic_kappa", ordered=True)
    assert order.fit(scores[:, columns], y).ranks_ == names


def test_costs_of_each_label():
    """Each label gets the cut of least cost; one cost a row is that of every label."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (200, 3))
    scores = np.clip(rng.normal(0.35 + 0.2 * y, 0.2), 0, 1).round(1)
    costs, weight = rng.lognormal(size=y.shape), rng.integers(1, 4, len(y))
    for given in (costs, costs[:, 0]):
        full = np.broadcast_to(given.reshape(len(y), -1), y.shape)
        best = [
            min(
                np.average(
                    full[:, j] * ((scores[:, j] >= cut) != y[:, j]), None, weight
                )
                for cut in {*scores[:, j], 2.0}
            )
            for j in range(3)
        ]
        selector = ThresholdSelector().fit(scores, y, weight, costs=given)
        assert selector.score_ == pytest.approx(-sum(best))


@pytest.mark.parametrize("wanted", [1490, 1510, 1530])
def test_more_cuts_are_tried_on_both_sides_of_the_best_of_few(wanted):
    """A function of a user is not asked at every row, and its peak is met."""
    scores, y = np.linspace(0.01, 0.99, 3000), np.arange(3000) % 2

    def near(y_true, y_pred):
        return -abs(int(y_pred.sum()) - wanted)

    assert ThresholdSelector(near).fit(scores, y).score_ > -2


def test_a_class_of_one_row_counts():
    """In the mean over classes, as in scikit-learn."""
    scores, y = several()
    y = np.append(np.minimum(y, 2), 3)
    scores = np.append(scores, [[0.1, 0.2, 0.3, 0.4]], axis=0)
    selector = ThresholdSelector("balanced_accuracy", cv="prefit").fit(scores, y)
    expected = metrics.balanced_accuracy_score(y, selector.predict(scores))
    assert selector.score_ == pytest.approx(expected)


@pytest.mark.parametrize("cv", [[(range(200), range(200, 300))], 1000])
def test_one_fold_has_no_spread(cv):
    """Nor has a choice among fewer rows than folds."""
    scores, y = binary()
    selector = ThresholdSelector("f1", cv=cv).fit(scores, y)
    assert np.isnan(selector.score_std_)
    assert selector.curve_["std"].isna().all()


def test_an_order_that_costs_something_is_named():
    y = np.repeat([0, 1, 2], 100)
    # Torn between the first and the third: the mean rank is that of the second.
    scores = np.array([[0.55, 0.0, 0.45], [0.1, 0.8, 0.1], [0.45, 0.0, 0.55]])[y]
    scores[y == 1, 0] += np.random.default_rng(0).uniform(0, 0.3, 100)
    scores[y == 1, 2] += np.random.default_rng(1).uniform(0, 0.3, 100)
    with pytest.warns(WinduWarning, match="largest probability"):
        ThresholdSelector("accuracy", ordered=True).fit(scores, y)


def test_two_columns_of_distances_are_their_difference():
    scores, y = binary()
    both = np.log(np.column_stack([1 - scores, scores]) + 1e-9)
    selector = ThresholdSelector("f1").fit(both, y)
    assert selector.plain_score_ == pytest.approx(metrics.f1_score(y, scores > 0.5))
    expected = ThresholdSelector("f1").fit(scores, y).score_
    assert selector.score_ == pytest.approx(expected)


def test_forms_of_labels():
    rng = np.random.default_rng(0)
    scores = rng.random((80, 2))
    y = (scores + rng.normal(0, 0.3, (80, 2)) > 0.7).astype(int)
    expected = ThresholdSelector("f1").fit(scores, y).thresholds_
    assert (
        ThresholdSelector("f1").fit(scores, csr_array(y)).thresholds_ == expected
    ).all()
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(y, schema=["u", "v"])
    assert ThresholdSelector("f1").fit(scores, frame).classes_.tolist() == ["u", "v"]


def test_named_costs_are_pickled():
    scores, y = binary()
    names = ["no", "yes"]
    costs = pd.DataFrame([[0, 1], [8, 0]], names, names)
    selector = ThresholdSelector(cost_matrix=costs).fit(scores, np.array(names)[y])
    assert isinstance(selector.__getstate__()["cost_matrix"], dict)
    again = pickle.loads(pickle.dumps(selector))
    assert again.cost_matrix.equals(costs)
    assert (again.predict(scores) == selector.predict(scores)).all()


SCORES, Y = binary()
BAD = {
    **{
        f"cv={cv}": (ThresholdSelector(cv=cv), Y, {}, ValueError, "cv")
        for cv in (0, 1, True, 1.5, "prefitt", None)
    },
    "NaN costs": (
        ThresholdSelector(),
        Y,
        {"costs": np.full(len(Y), np.nan)},
        PartError,
        "NaN or infinity",
    ),
    "texts as costs": (
        ThresholdSelector(),
        Y,
        {"costs": ["a"] * len(Y)},
        PartError,
        "costs must be numbers",
    ),
    "ragged matrix": (
        ThresholdSelector(cost_matrix=[[0, 1], [1]]),
        Y,
        {},
        PartError,
        "rows of one length",
    ),
    "bound without a value": (
        ThresholdSelector(constraint={"precision": np.nan}),
        Y,
        {},
        PartError,
        "must reach",
    ),
    "nobody": (
        ThresholdSelector(),
        np.array([None, "a"], dtype=object)[Y],
        {},
        TargetError,
        "NaN",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    selector, y, options, error, words = BAD[case]
    with pytest.raises(error, match=words):
        selector.fit(SCORES, y, **options)


def test_a_curve_of_other_rows_needs_no_folds_of_them():
    first = [
        (np.arange(100, 300), np.arange(100)),
        (np.arange(100), np.arange(100, 300)),
    ]
    selector = ThresholdSelector("f1", cv=first).fit(SCORES, Y)
    display = ThresholdCurveDisplay.from_estimator(selector, SCORES[:90], Y[:90])
    decided = selector.predict(SCORES[:90])
    assert display.score == pytest.approx(metrics.f1_score(Y[:90], decided))
    with pytest.raises(PartError, match="X and y"):
        ThresholdCurveDisplay.from_estimator(selector, SCORES)
