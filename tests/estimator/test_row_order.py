"""An index that shows other rows is refused at every door, for every argument."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    TimeSeriesSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.tree import DecisionTreeClassifier

from windu import (
    AutoTransformer,
    BoostedBlendClassifier,
    BoostedBlendRegressor,
    LabelwiseClassifier,
    OptunaSearchCV,
    ThresholdCurveDisplay,
    ThresholdSelector,
    TrainingPipeline,
    WeightedEnsembleClassifier,
    WeightedEnsembleRegressor,
    WinduEstimator,
    default_space,
)
from windu._compat.row_order import match_rows
from windu.evaluation import describe_data, details_of, importance_of
from windu.exceptions import PartError, TargetError, WinduWarning
from windu.pipeline.evaluation import evaluate
from windu.pipeline.splitting import split_rows
from windu.schema.inference import infer_table

N_ROWS = 60
RNG = np.random.default_rng(0)
ORDER = RNG.permutation(N_ROWS)
X = pd.DataFrame(RNG.normal(size=(N_ROWS, 2)), columns=["a", "b"])
HIGH = (X["a"] + 0.3 * RNG.normal(size=N_ROWS) > 0).astype(int)
#: What the doors take, with the index of X.
ROWS = {
    "y": HIGH.map({0: "no", 1: "yes"}),
    "sample_weight": pd.Series(RNG.uniform(0.5, 2, N_ROWS)),
    "groups": pd.Series(np.arange(N_ROWS) % 6),
    "costs": pd.Series(RNG.uniform(1, 2, N_ROWS)),
    "costs of decisions": pd.DataFrame(RNG.uniform(1, 2, (N_ROWS, 2))),
    "exposure": pd.Series(RNG.uniform(1, 2, N_ROWS)),
}
#: Other targets.
CODES = {"y": HIGH}
VALUES = {"y": X["a"] * 2 + 1}
YES_NO = {"y": pd.DataFrame({"high": HIGH, "low": 1 - HIGH})}

LINEAR = WinduEstimator("linear").fit(X, ROWS["y"])
CUT = WinduEstimator("linear", threshold="f1").fit(X, ROWS["y"])
SCORES = pd.Series(LINEAR.predict_proba(X)[:, 1])
SPACE = {"model": ["linear"]}


class Exposed(ClassifierMixin, BaseEstimator):
    """A model whose fit takes metadata of its own."""

    def fit(self, X, y, exposure=None):
        self.classes_ = np.unique(y)
        self.exposure_ = exposure
        return self

    def predict(self, X):
        return np.repeat(self.classes_[:1], len(X))

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def fit_routed(**rows):
    threshold = ThresholdSelector(scoring=None, cv=GroupKFold(3))
    with sklearn.config_context(enable_metadata_routing=True):
        threshold.cv.set_split_request(groups=True)
        threshold.set_fit_request(costs=True, sample_weight=True)
        model = LogisticRegression().set_fit_request(sample_weight=True)
        return WinduEstimator(model, threshold=threshold).fit(X, **rows)


def search(estimator, space):
    def run(y, **params):
        chosen = OptunaSearchCV(estimator, space, n_trials=1, cv=GroupKFold(3))
        return chosen.fit(X, y, **{"groups": ROWS["groups"], **params})

    return run


def validate(function, **options):
    def run(y, **params):
        est = WinduEstimator("decision_tree", random_state=0)
        return function(est, X, y, cv=3, params=params, error_score="raise", **options)

    return run


def grid(y, **params):
    est = WinduEstimator(DecisionTreeClassifier(random_state=0))
    space = {"model__max_depth": [1, 2]}
    return GridSearchCV(est, space, cv=3, error_score="raise").fit(X, y, **params)


def transform(y):
    return WinduEstimator(model=None).fit_transform(X, y)


def draw(y):
    pytest.importorskip("matplotlib").use("agg")
    return ThresholdCurveDisplay.from_estimator(CUT, X, y)


def draw_scores(y):
    pytest.importorskip("matplotlib").use("agg")
    return ThresholdCurveDisplay.from_predictions(y, SCORES)


MEMBERS = [LogisticRegression(), DecisionTreeClassifier(random_state=0)]
ENSEMBLE = WeightedEnsembleClassifier(MEMBERS).fit(X, HIGH)
MEANS = WeightedEnsembleRegressor([LinearRegression()]).fit(X, VALUES["y"])
BLEND = BoostedBlendClassifier(random_state=0).fit(X, HIGH)
MEAN_BLEND = BoostedBlendRegressor(random_state=0).fit(X, VALUES["y"])
LABELWISE = LabelwiseClassifier(LogisticRegression()).fit(X, YES_NO["y"])
FOUND = search(WinduEstimator("linear"), SPACE)(ROWS["y"])
PLAIN = {"C": [1.0]}

#: By door what is called, the arguments that it takes, and what they are where they
#: differ from those above.
DOORS = {
    "fit": (
        lambda **rows: WinduEstimator("linear").fit(X, **rows),
        ("y", "sample_weight"),
        {},
    ),
    "fit of several labels": (
        lambda **rows: WinduEstimator("linear").fit(X, **rows),
        ("y", "sample_weight"),
        YES_NO,
    ),
    "fit with a threshold": (
        lambda **rows: WinduEstimator(
            "linear", threshold=ThresholdSelector(scoring=None, cv=3)
        ).fit(X, **rows),
        ("y", "sample_weight", "groups", "costs"),
        {},
    ),
    "fit with costs of decisions": (
        lambda **rows: WinduEstimator(
            "linear", threshold=ThresholdSelector(scoring=None, cv=3)
        ).fit(X, **rows),
        ("costs",),
        {"costs": ROWS["costs of decisions"], "y": ROWS["y"]},
    ),
    "fit with routing": (fit_routed, ("y", "sample_weight", "groups", "costs"), {}),
    "fit with other metadata": (
        lambda **rows: WinduEstimator(Exposed()).fit(X, **rows),
        ("y", "exposure"),
        {},
    ),
    "fit_transform": (transform, ("y",), {}),
    "score": (lambda **rows: LINEAR.score(X, **rows), ("y", "sample_weight"), {}),
    "ThresholdSelector": (
        lambda **rows: ThresholdSelector(scoring=None).fit(SCORES, **rows),
        ("y", "sample_weight", "costs"),
        {},
    ),
    "ThresholdSelector, scores in an array": (
        lambda **rows: ThresholdSelector().fit(SCORES.to_numpy(), **rows),
        ("sample_weight",),
        {"y": ROWS["y"]},
    ),
    "OptunaSearchCV": (
        search(WinduEstimator("linear"), SPACE),
        ("y", "sample_weight", "groups"),
        {},
    ),
    "OptunaSearchCV of other metadata": (
        search(WinduEstimator(Exposed()), {"task": ["binary"]}),
        ("y", "exposure"),
        {},
    ),
    "OptunaSearchCV of scikit-learn": (
        search(LogisticRegression(), PLAIN),
        ("y", "sample_weight", "groups"),
        {},
    ),
    "OptunaSearchCV.score": (lambda **rows: FOUND.score(X, **rows), ("y",), {}),
    "cross_val_score": (validate(cross_val_score), ("y", "sample_weight"), {}),
    "cross_validate": (
        validate(cross_validate, scoring=["f1_macro"], return_estimator=True),
        ("y", "sample_weight"),
        {},
    ),
    "GridSearchCV": (grid, ("y", "sample_weight"), {}),
    "default_space": (
        lambda **rows: default_space(WinduEstimator("random_forest"), X, **rows),
        ("y",),
        {},
    ),
    "ensemble": (
        lambda **rows: WeightedEnsembleClassifier(MEMBERS).fit(X, **rows),
        ("y", "sample_weight"),
        CODES,
    ),
    "ensemble.score": (
        lambda **rows: ENSEMBLE.score(X, **rows),
        ("y", "sample_weight"),
        CODES,
    ),
    "ensemble of regressors": (
        lambda **rows: WeightedEnsembleRegressor([LinearRegression()]).fit(X, **rows),
        ("y", "sample_weight"),
        VALUES,
    ),
    "ensemble of regressors.score": (
        lambda **rows: MEANS.score(X, **rows),
        ("y", "sample_weight"),
        VALUES,
    ),
    "blend": (
        lambda **rows: BoostedBlendClassifier(random_state=0).fit(X, **rows),
        ("y", "sample_weight"),
        CODES,
    ),
    "blend.score": (lambda **rows: BLEND.score(X, **rows), ("y",), CODES),
    "blend of numbers": (
        lambda **rows: BoostedBlendRegressor(random_state=0).fit(X, **rows),
        ("y", "sample_weight"),
        VALUES,
    ),
    "blend of numbers.score": (
        lambda **rows: MEAN_BLEND.score(X, **rows),
        ("y", "sample_weight"),
        VALUES,
    ),
    "labelwise": (
        lambda y, **rows: LabelwiseClassifier(LogisticRegression()).fit(X, y, **rows),
        ("sample_weight",),
        YES_NO,
    ),
    "labelwise.score": (lambda **rows: LABELWISE.score(X, **rows), ("y",), YES_NO),
    "AutoTransformer": (lambda **rows: AutoTransformer().fit(X, **rows), ("y",), {}),
    "ThresholdCurveDisplay.from_estimator": (draw, ("y",), {}),
    "ThresholdCurveDisplay.from_predictions": (draw_scores, ("y",), {}),
    "details_of": (lambda y: details_of(LINEAR, X, y), ("y",), {}),
    "importance_of": (
        lambda y: importance_of(LINEAR, X, y, scorer=get_scorer("accuracy")),
        ("y",),
        {},
    ),
    "describe_data": (
        lambda y: describe_data(X, y, {}, infer_table(X), "binary"),
        ("y",),
        {},
    ),
    "evaluate": (
        lambda y: evaluate(LINEAR, {"test": (X, y)}, ["accuracy"]),
        ("y",),
        {},
    ),
    "split_rows": (lambda y: split_rows(X, y, test=0.2), ("y",), {}),
}
CASES = [(door, name) for door, (_, names, _) in DOORS.items() for name in names]


def arguments_of(door):
    _, names, other = DOORS[door]
    return {name: ROWS[name] for name in ("y", *names)} | other


@pytest.mark.parametrize("door", DOORS)
def test_equal_indexes_are_taken(door):
    """What has the index of X is never refused."""
    DOORS[door][0](**arguments_of(door))


@pytest.mark.parametrize(("door", "name"), CASES)
def test_permuted_rows_are_refused(door, name):
    """One argument in another order is an error that names it."""
    rows = arguments_of(door)
    rows[name] = rows[name].iloc[ORDER]
    # scikit-learn cuts first, and a part of the rows has other labels.
    expected = rf"(same order|same rows)[^.]*\. .*in {name}"
    if door == "ThresholdCurveDisplay.from_predictions":
        expected = "scores and y_true must be in the same order"
    with pytest.raises((TargetError, PartError), match=expected):
        DOORS[door][0](**rows)


@pytest.mark.slow
@pytest.mark.parametrize(("door", "name"), CASES)
def test_rows_without_an_index_are_taken_by_position(door, name):
    """An array, or a frame that counts its rows anew, stands for the rows of X."""
    rows = arguments_of(door)
    value = rows[name].iloc[ORDER]
    rows[name] = value.to_numpy() if value.ndim == 1 else value.reset_index(drop=True)
    DOORS[door][0](**rows)


def index_kinds():
    texts = pd.Index([f"k{i}" for i in RNG.permutation(N_ROWS)])
    days = pd.date_range("2020-01-31", periods=N_ROWS, freq="ME")
    return {
        "count": pd.RangeIndex(N_ROWS),
        "filtered": pd.Index(np.sort(RNG.choice(200, N_ROWS, replace=False))),
        "shuffled": pd.Index(ORDER + 5),
        "named ids": pd.Index(ORDER + 100, name="id"),
        "texts": texts,
        "days": days,
        "numbers": pd.Index(RNG.normal(size=N_ROWS)),
        "two levels": pd.MultiIndex.from_arrays([texts, days]),
        "twice the same": pd.Index([*texts[::2], *texts[::2]]),
        "missing": pd.Index([None, *texts[1:]]),
        "mixed": pd.Index([3, *texts[1:]], dtype=object),
    }


KINDS = index_kinds()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_index(kind):
    """Equal labels match, in another order they do not, and a count always does."""
    left, right = X.set_axis(KINDS[kind]), ROWS["y"].set_axis(KINDS[kind].copy())
    assert match_rows({"X": left, "y": right})["y"] is right
    with pytest.raises(TargetError, match="same index labels in another order"):
        match_rows({"X": left, "y": right.iloc[ORDER]})
    if kind not in ("shuffled", "count"):
        matched = match_rows({"X": left, "y": ROWS["y"]})["y"]
        assert matched.index.equals(left.index)
        np.testing.assert_array_equal(matched, ROWS["y"])
        assert match_rows({"X": X, "y": right})["y"].index.equals(X.index)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted({*KINDS} - {"shuffled", "count"}))
@pytest.mark.parametrize("cv", [KFold(3), KFold(3, shuffle=True, random_state=0)])
def test_what_matches_by_position_does_so_after_a_cut(kind, cv):
    """scikit-learn cuts a filtered X and a y that was counted anew."""
    frame = X.set_axis(KINDS[kind])
    if kind == "missing":
        frame.index = frame.index.fillna("none")
    est = WinduEstimator("decision_tree", random_state=0)
    for table, y in ((frame, ROWS["y"]), (X, ROWS["y"].set_axis(frame.index))):
        scores = cross_val_score(est, table, y, cv=cv, error_score="raise")
        arrays = cross_val_score(est, table, np.asarray(y), cv=cv)
        np.testing.assert_array_equal(scores, arrays)


@pytest.mark.parametrize(
    ("rows", "others"),
    [
        (pd.RangeIndex(10, 70), pd.RangeIndex(20, 80)),
        (pd.RangeIndex(60, 120), pd.RangeIndex(120, 180)),
        (KINDS["days"], KINDS["days"] + pd.Timedelta(days=1)),
        (KINDS["texts"], KINDS["texts"] + "x"),
        (KINDS["named ids"], KINDS["named ids"] + 1),
        (KINDS["two levels"], KINDS["days"]),
        (KINDS["shuffled"], KINDS["shuffled"][::-1] + 1),
        # Two of five folds.
        (pd.Index(np.r_[15:75]), pd.Index(np.r_[0:15, 30:75])),
    ],
)
def test_other_rows_are_refused(rows, others):
    """Labels that X does not have are of other rows."""
    with pytest.raises(TargetError, match=r"must have the same rows.*at row 0:"):
        WinduEstimator("linear").fit(X.set_axis(rows), ROWS["y"].set_axis(others))


@pytest.mark.parametrize(
    ("rows", "others"),
    [
        (pd.RangeIndex(N_ROWS), KINDS["shuffled"]),
        (KINDS["shuffled"], pd.RangeIndex(N_ROWS)),
    ],
)
def test_a_count_beside_shuffled_rows_warns(rows, others):
    """It can be a table that was made anew, or a mistake."""
    frame, y = X.set_axis(rows), ROWS["y"].set_axis(others)
    with pytest.warns(WinduWarning, match="should have one index.*by position"):
        est = WinduEstimator("decision_tree").fit(frame, y)
    plain = WinduEstimator("decision_tree").fit(X, y.to_numpy())
    np.testing.assert_array_equal(est.predict(X), plain.predict(X))


def test_no_fold_takes_permuted_weights_in_silence():
    """The first fold of a series has the labels 0 to n - 1, whatever the weights'."""
    weights = ROWS["sample_weight"].iloc[ORDER]
    with pytest.warns(WinduWarning, match="sample_weight should have one index"):
        cross_val_score(
            WinduEstimator("decision_tree"),
            *(X, ROWS["y"]),
            cv=TimeSeriesSplit(2),
            params={"sample_weight": weights},
        )


def test_equal_labels_of_other_types_match():
    """Another resolution, zone or dtype is the same label."""
    days = KINDS["days"].tz_localize("UTC")
    pairs = [
        (days, days.as_unit("s")),
        (days, days.tz_convert("Europe/Berlin")),
        (KINDS["texts"], KINDS["texts"].astype("category")),
        (KINDS["texts"], KINDS["texts"].astype(object)),
        (KINDS["filtered"], KINDS["filtered"].astype("float64")),
        (KINDS["filtered"], KINDS["filtered"].astype("Int32")),
    ]
    for left, right in pairs:
        for rows, others in ((left, right), (right, left)):
            y = ROWS["y"].set_axis(others)
            match_rows({"X": X.set_axis(rows), "y": y})
            with pytest.raises(TargetError, match="same order"):
                match_rows({"X": X.set_axis(rows), "y": y.iloc[ORDER]})


def test_the_error_says_the_row_and_what_to_do():
    """The advice works; labels that occur twice cannot be selected."""
    frame, y = X.set_axis(KINDS["texts"]), ROWS["y"].set_axis(KINDS["texts"])
    swapped = y.iloc[[0, 2, 1, *range(3, N_ROWS)]]
    with pytest.raises(TargetError, match=r"first at row 1: 'k\d+' in X") as caught:
        WinduEstimator("linear").fit(frame, swapped)
    assert caught.value.rows == [1]
    assert "y.loc[X.index], or y.to_numpy()" in str(caught.value)
    WinduEstimator("linear").fit(frame, swapped.loc[frame.index])
    WinduEstimator("linear").fit(frame, swapped.to_numpy())
    twice = KINDS["twice the same"]
    with pytest.raises(TargetError, match=r"Pass y\.to_numpy\(\)") as caught:
        WinduEstimator("linear").fit(X.set_axis(twice), y.set_axis(twice[ORDER]))
    assert "loc" not in str(caught.value)
    labels = YES_NO["y"].iloc[ORDER]
    with pytest.raises(TargetError, match=r"or y\.set_axis\(X\.index\)"):
        WinduEstimator("linear").fit(X, labels)
    WinduEstimator("linear").fit(X, labels.set_axis(X.index))


@pytest.mark.parametrize(
    "table",
    [X.to_numpy(), X.to_numpy().tolist(), pl.from_pandas(X), {"a": [*X["a"]]}],
    ids=["array", "list", "polars", "dict"],
)
def test_a_table_without_an_index_takes_any(table):
    """There is nothing to compare with, but y and the weights can differ."""
    y, weight = ROWS["y"].iloc[ORDER], ROWS["sample_weight"].iloc[ORDER]
    WinduEstimator("linear", threshold="f1").fit(table, y, sample_weight=weight)
    with pytest.raises(PartError, match="rows of y and sample_weight"):
        WinduEstimator("linear").fit(table, y, sample_weight=weight.sort_index())


@pytest.mark.parametrize(
    "convert",
    [pa.Table.from_pandas, lambda frame: {name: frame[name] for name in frame}],
    ids=["Arrow", "dict of Series"],
)
def test_a_table_that_carries_an_index_is_compared(convert):
    """Arrow keeps the index of pandas."""
    frame, y = X.set_axis(KINDS["texts"]), ROWS["y"].set_axis(KINDS["texts"])
    WinduEstimator("linear").fit(convert(frame), y)
    with pytest.raises(TargetError, match="same order"):
        WinduEstimator("linear").fit(convert(frame), y.iloc[ORDER])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Scores must differ between rows")
def test_folds_of_a_threshold_cut_rows_that_match_by_position():
    """What has another index is cut together with X."""
    order = ORDER + 200
    expected = WinduEstimator("linear", threshold="f1").fit(X, YES_NO["y"])
    for table in (X.set_axis(order), X.set_axis(KINDS["texts"])):
        for y in (YES_NO["y"], pl.from_pandas(YES_NO["y"])):
            est = WinduEstimator("linear", threshold="f1").fit(table, y)
            np.testing.assert_array_equal(
                est.threshold_.thresholds_, expected.threshold_.thresholds_
            )
    exposed = WinduEstimator(Exposed(), threshold=ThresholdSelector(cv=3))
    for table in (X.set_axis(order), X.to_numpy(), X.set_axis(KINDS["days"])):
        exposed.fit(table, np.asarray(HIGH), exposure=ROWS["exposure"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["shuffled", "texts", "twice the same"])
def test_the_index_of_the_data_of_a_pipeline_says_nothing(kind):
    """The target is a column of the same table."""
    metrics = []
    for frame in (X.set_axis(KINDS[kind]), X):
        table = frame.assign(y=ROWS["y"].to_numpy())
        result = TrainingPipeline(
            data=table, target="y", split={"test": 0.3}, estimator=LINEAR
        ).run()
        metrics.append(result.metrics)
    assert metrics[0] == metrics[1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_importance_of_rows_in_any_order(kind):
    """Rows are shuffled by position, whatever their index."""
    frame, y = X.set_axis(KINDS[kind]), ROWS["y"].set_axis(KINDS[kind])
    score = WinduEstimator.score
    found = importance_of(LINEAR, frame, y, scorer=score)
    assert found == importance_of(LINEAR, X, ROWS["y"], scorer=score)
