"""Another featurizer in a fitted estimator: proved on the example, or refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import (
    FunctionTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from windu import (
    AutoFeaturizer,
    WinduEstimator,
    load,
    save,
)
from windu.datasets import load_penguins
from windu.exceptions import (
    FeatureError,
    FeatureSchemaError,
    PartError,
    SchemaError,
)

RAW = load_penguins(return_X_y=True)


def with_ratio(frame):
    return frame.assign(ratio=frame["bill_length_mm"] / frame["bill_depth_mm"])


def rounded(frame):
    return with_ratio(frame).round({"ratio": 1})


@pytest.fixture(scope="module")
def penguins():
    return RAW[0].copy(), RAW[1].copy()


@pytest.fixture(scope="module")
def fitted(penguins):
    """With a function as the featurizer."""
    return WinduEstimator("linear", featurizer=with_ratio).fit(*penguins)


@pytest.fixture(scope="module")
def plain(penguins):
    return WinduEstimator("linear").fit(*penguins)


def same(one, other, X):
    return np.array_equal(one.predict_proba(X), other.predict_proba(X))


def test_same_features_change_nothing(fitted, penguins):
    """The law: a featurizer that gives the same is the same."""
    X, _ = penguins
    new = fitted.replace(featurizer=lambda frame: with_ratio(frame))
    assert same(new, fitted, X)
    assert (new.replacement_report_["n_changed"] == 0).all()


def test_report_says_how_far_values_moved(fitted):
    """One row a feature, one for the matrix, the scores and the labels."""
    report = fitted.replace(featurizer=rounded).replacement_report_
    names = fitted.feature_schema_.columns
    assert report["name"].tolist() == [*names, "matrix", "predict_proba", "labels"]
    moved = report.set_index("name")
    example = fitted.example_
    before, after = with_ratio(example)["ratio"], rounded(example)["ratio"]
    assert moved.loc["ratio", "max_change"] == (before - after).abs().max()
    relative = ((before - after).abs() / before).max()
    assert moved.loc["ratio", "max_relative_change"] == pytest.approx(relative)
    n_changed = int((before - after).abs().gt(0).sum())
    assert moved.loc["ratio", "n_changed"] == n_changed
    assert moved.loc["ratio", "share_changed"] == n_changed / len(example)
    assert moved.loc["year", "n_changed"] == 0
    assert moved.loc["predict_proba", "max_change"] > 0


def test_texts_are_reported_as_shares(fitted):
    """Nobody can say how far one text is from another."""

    def elsewhere(frame):
        return with_ratio(frame).assign(island="Dream")

    moved = fitted.replace(featurizer=elsewhere).replacement_report_.set_index("name")
    share = (fitted.example_["island"] != "Dream").mean()
    assert moved.loc["island", "share_changed"] == share
    assert np.isnan(moved.loc["island", "max_change"])


def test_replaced_is_new_and_the_old_stays(fitted, penguins):
    """Parameters follow, so that a clone trains with the new part."""
    X, y = penguins
    before = fitted.predict_proba(X)
    new = fitted.replace(featurizer=rounded)
    assert (fitted.featurizer, new.featurizer) == (with_ratio, rounded)
    assert np.array_equal(fitted.predict_proba(X), before)
    assert not hasattr(fitted, "replacement_report_")
    again = clone(new).fit(X, y)
    assert not hasattr(again, "replacement_report_")
    assert same(again, WinduEstimator("linear", featurizer=rounded).fit(X, y), X)
    new.fit(X, y)
    assert not hasattr(new, "replacement_report_")
    assert same(new, again, X)


def test_order_extra_columns_and_dtypes_are_put_right(fitted, penguins):
    """As in tables, also in each prediction, and where nothing looks at tables."""
    X, y = penguins

    def untidy(frame):
        features = with_ratio(frame).assign(unused="x")
        features["year"] = features["year"].astype("float32")
        return features[features.columns[::-1]]

    for schema in ("infer", None):
        est = WinduEstimator("linear", featurizer=with_ratio, schema=schema).fit(X, y)
        new = est.replace(featurizer=untidy)
        assert same(new, est, X)
        moved = new.replacement_report_.set_index("name")
        assert moved.loc["year", "differences"] == "dtype"
    # Without a transformer, the model itself would take columns by position.
    numbers = X[["body_mass_g", "year"]].dropna()
    bare = WinduEstimator(DecisionTreeClassifier(), featurizer=None, transformer=None)
    bare.fit(numbers, y[numbers.index])
    turned = bare.replace(featurizer=lambda frame: frame[["year", "body_mass_g"]])
    assert same(turned, bare, numbers)


def test_every_difference_is_named(fitted):
    """One error, with near misses, and its report as that of a table."""

    def wrong(frame):
        features = frame.rename(columns={"sex": "Sex"}).assign(year="late")
        return features.assign(body_mass_g=np.inf)

    with pytest.raises(FeatureSchemaError) as caught:
        fitted.replace(featurizer=wrong)
    message = str(caught.value)
    assert "'wrong' must give the features" in message
    assert "'sex' is missing. Did you mean 'Sex'?" in message
    assert "'ratio' is missing" in message
    assert "'year' must be numeric. Got text in 20 of 20 rows" in message
    assert "'body_mass_g' must be finite" in message
    assert isinstance(caught.value, (FeatureError, SchemaError))
    found = caught.value.report.to_frame().set_index("column")["difference"]
    assert found["sex"] == found["ratio"] == "missing"
    assert found["year"] == "meaning"


@pytest.mark.parametrize(
    ("featurizer", "error", "words"),
    [
        (lambda f: with_ratio(f).head(3), FeatureError, "Got 3 rows for 20"),
        (lambda f: with_ratio(f).to_numpy(), FeatureError, "return a DataFrame"),
        (
            lambda f: with_ratio(f).sort_values("year"),
            FeatureError,
            "order of the rows",
        ),
        (
            lambda f: with_ratio(f).sort_values("year", ignore_index=True),
            FeatureError,
            "order of the rows",
        ),
        (
            lambda f: pd.concat([with_ratio(f), f[["sex"]]], axis=1),
            FeatureSchemaError,
            "'sex' must be there once",
        ),
        (
            lambda f: with_ratio(f).set_axis([1.5] * 8, axis=1),
            FeatureSchemaError,
            "texts or whole numbers",
        ),
        (None, FeatureSchemaError, "Without a featurizer.*\n.*'ratio' is missing"),
        ("auto", PartError, "must be fitted. Got the name 'auto'"),
        (AutoFeaturizer(), PartError, "featurizer must be fitted. AutoFeaturizer"),
        (StandardScaler(), PartError, "featurizer must be fitted. StandardScaler"),
        (AutoFeaturizer, PartError, "must be an object"),
        (7, PartError, "which has no fit"),
    ],
)
def test_refused_featurizers(fitted, featurizer, error, words):
    """Each with what must hold; the estimator stays."""
    with pytest.raises(error, match=words):
        fitted.replace(featurizer=featurizer)
    assert fitted.featurizer is with_ratio


def test_error_inside_a_function(fitted):
    """Told with the function's name; the error itself is its cause."""

    def broken(frame):
        return frame["no_such_column"]

    with pytest.raises(
        PartError, match="featurizer broken .* raises KeyError"
    ) as caught:
        fitted.replace(featurizer=broken)
    assert isinstance(caught.value.__cause__, KeyError)


def test_features_that_the_next_part_refuses(penguins):
    """Missing values pass the schema, and not a model that cannot take them."""
    X, y = penguins
    X = X[["body_mass_g", "year"]].fillna(0.0)
    est = WinduEstimator("linear", featurizer=None, transformer=StandardScaler())
    est.fit(X, y)
    with pytest.raises(PartError, match="model LogisticRegression .*with the new feat"):
        est.replace(featurizer=lambda frame: frame.assign(body_mass_g=np.nan))


def test_function_that_writes_into_its_frame(penguins):
    """Neither the user's tables nor the example change: in fit, replace, predict."""
    X, y = penguins
    X = X.reset_index(drop=True)

    def writes(frame):
        frame["ratio"] = frame["bill_length_mm"] / frame["bill_depth_mm"]
        frame["body_mass_g"] /= 1000
        frame.loc[0, "year"] = 1900
        return frame

    given = X.copy()
    est = WinduEstimator("linear", featurizer=writes).fit(given, y)
    pd.testing.assert_frame_equal(given, X)
    est.predict(given)
    pd.testing.assert_frame_equal(given, X)
    example = est.example_
    new = est.replace(featurizer=writes)
    new.predict(given)
    pd.testing.assert_frame_equal(given, X)
    pd.testing.assert_frame_equal(new.example_, example)
    pd.testing.assert_frame_equal(est.example_, example)


class Clipper(TransformerMixin, BaseEstimator):
    """Learns nothing: it needs no fit."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.assign(body_mass_g=X["body_mass_g"].clip(upper=5000))


def test_transformers_as_featurizers(plain, penguins):
    """Fitted ones, ones that need no fit; what is passed is copied."""
    X, _ = penguins
    turned = AutoFeaturizer().fit(X[X.columns[::-1]])
    assert same(plain.replace(featurizer=turned), plain, X)
    for featurizer in (Clipper(), FunctionTransformer(Clipper().transform)):
        new = plain.replace(featurizer=featurizer)
        assert new.featurizer_ is not featurizer
        assert not same(new, plain, X)
        moved = new.replacement_report_.set_index("name")
        assert moved.loc["body_mass_g", "n_changed"] > 0
    numbers = X[["body_mass_g", "year"]].fillna(0.0)
    est = WinduEstimator("linear", featurizer=StandardScaler()).fit(numbers, RAW[1])
    scaler = StandardScaler().fit(numbers)
    assert same(est.replace(featurizer=scaler), est, numbers)
    assert "_sklearn_output_config" not in vars(scaler)


def test_one_row_and_the_table_agree(plain, penguins):
    """What was compiled for one row does not leak from the old to the new."""
    X, _ = penguins
    plain.predict_proba(X[:1])

    def tenfold(frame):
        return frame.assign(body_mass_g=frame["body_mass_g"] * 10)

    matrix = plain.transformer_.transform(plain.featurizer_.transform(X))
    codes = plain.label_encoder_.transform(RAW[1])
    model = LogisticRegression(C=0.01, max_iter=1000).fit(matrix, codes)
    for given in ({"featurizer": tenfold}, {"model": model}):
        new = plain.replace(**given)
        table = new.predict_proba(X[:9])
        rows = np.vstack([new.predict_proba(X.iloc[[i]]) for i in range(9)])
        assert np.allclose(table, rows, rtol=1e-12)
        assert not np.allclose(table, plain.predict_proba(X[:9]))
    back = new.replace(model=plain.model_)
    assert same(back, plain, X)


def test_features_are_held_to_training_in_each_prediction(fitted, penguins):
    """The example cannot show all: a later table is refused, and validate says why."""
    X, _ = penguins

    def sometimes(frame):
        features = with_ratio(frame)
        return features if len(frame) <= 20 else features.drop(columns="ratio")

    new = fitted.replace(featurizer=sometimes)
    assert len(new.predict(X[:20])) == 20
    with pytest.raises(FeatureSchemaError, match="'ratio' is missing"):
        new.predict(X)
    found = new.validate(X, features=True)
    assert [d.column for d in found.errors] == ["ratio"]
    assert new.validate(X[:20], features=True).ok


def test_empty_table_and_other_containers(fitted, penguins):
    """A replaced estimator takes what any other takes."""
    polars = pytest.importorskip("polars")
    X, y = penguins
    new = fitted.replace(featurizer=rounded)
    assert len(new.predict(X[:0])) == 0
    given = polars.from_pandas(X)
    assert (new.predict(given) == new.predict(X)).all()
    own = fitted.replace(
        featurizer=lambda frame: polars.from_pandas(with_ratio(frame)).to_pandas()
    )
    assert (own.predict(X) == fitted.predict(X)).all()
    array = X[["body_mass_g", "year"]].fillna(0.0).to_numpy()
    est = WinduEstimator("linear").fit(array, y)
    halved = est.replace(featurizer=lambda frame: frame.assign(x0=frame["x0"] / 2))
    other = array.copy()
    other[:, 0] /= 2
    assert same(est, est.replace(featurizer=est.featurizer_), array)
    assert np.array_equal(halved.predict_proba(array), est.predict_proba(other))


def test_saved_and_loaded(penguins, tmp_path):
    """The new part is what is stored; the report is not."""
    X, y = penguins
    est = WinduEstimator("linear", memory=str(tmp_path / "cache")).fit(X, y)
    scaled = AutoFeaturizer().fit(X[X.columns[::-1]])
    new = est.replace(featurizer=scaled)
    again = load(save(new, tmp_path / "new.windu"))
    assert same(again, new, X)
    assert not hasattr(again, "replacement_report_")
    assert hasattr(new, "replacement_report_")
    turned = X[X.columns[::-1]]
    assert same(again, new, turned)
