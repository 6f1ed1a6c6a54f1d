"""Parts that are replaced in a fitted estimator: proved on the example, or refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    LabelEncoder,
    MultiLabelBinarizer,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from windu import (
    AutoFeaturizer,
    IndicatorEncoder,
    LogEncoder,
    ThresholdSelector,
    WinduEstimator,
    load,
    save,
)
from windu.datasets import load_nhefs, load_penguins, load_storms
from windu.exceptions import (
    FeatureError,
    FeatureSchemaError,
    PartError,
    SchemaError,
    WinduWarning,
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


def parts_of(est, X, y):
    """Return features, matrix and codes, as somebody makes them who trains outside."""
    features = X if est.featurizer_ is None else est.featurizer_.transform(X)
    return (
        features,
        est.transformer_.transform(features),
        est.label_encoder_.transform(y),
    )


def same(one, other, X):
    return np.array_equal(one.predict_proba(X), other.predict_proba(X))


# Featurizers


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

    _, matrix, codes = parts_of(plain, *penguins)
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


# Transformers


def test_transformer(plain, penguins):
    """Fitted on the same features; the report has the matrix."""
    X, y = penguins
    features, _, codes = parts_of(plain, X, y)
    heavier = features.assign(body_mass_g=features["body_mass_g"] * 2)
    transformer = clone(plain.transformer_).fit(heavier, codes)
    new = plain.replace(transformer=transformer)
    report = new.replacement_report_
    assert report["name"].tolist() == ["matrix", "predict_proba", "labels"]
    assert report["max_change"][0] > 0
    matrix = transformer.transform(features)
    assert np.array_equal(new.predict_proba(X), plain.model_.predict_proba(matrix))
    assert plain.replace(transformer=plain.transformer_).predict(X).shape == (len(X),)


@pytest.mark.parametrize(
    ("transformer", "words"),
    [
        (None, "must keep its 15 columns.*it has 7"),
        (lambda frame: frame, "must keep its 15 columns.*it has 7"),
        (lambda frame: frame["year"], "a matrix with the rows"),
        (lambda frame: frame[:3], "a matrix with the rows"),
        (StandardScaler(), "transformer must be fitted"),
        ("auto", "must be fitted. Got the name"),
        (
            StandardScaler().fit(RAW[0][["year", "body_mass_g"]]),
            "StandardScaler must work on the stored example. It raises ValueError",
        ),
    ],
)
def test_refused_transformers(plain, transformer, words):
    with pytest.raises(PartError, match=words):
        plain.replace(transformer=transformer)


def test_several_parts_at_once(plain, penguins):
    """The proof runs on what they are together: another matrix needs another model."""
    X, y = penguins
    features, _, codes = parts_of(plain, X, y)
    few = ColumnTransformer([("few", SimpleImputer(), ["body_mass_g", "year"])])
    few.fit(features)
    model = LogisticRegression().fit(few.transform(features), codes)
    with pytest.raises(PartError, match="columns"):
        plain.replace(transformer=few)
    with pytest.raises(PartError, match="fitted on the 15 columns .* was fitted on 2"):
        plain.replace(model=model)
    new = plain.replace(transformer=few, model=model)
    expected = model.predict_proba(few.transform(features))
    assert np.array_equal(new.predict_proba(X), expected)
    moved = new.replacement_report_.set_index("name")
    assert moved.loc["matrix", "share_changed"] == 1
    assert np.isnan(moved.loc["matrix", "max_change"])


# Models


def test_model(plain, penguins):
    """A model trained outside, of another flavor, keeps the labels."""
    X, y = penguins
    _, matrix, codes = parts_of(plain, X, y)
    model = RandomForestClassifier(5, random_state=0).fit(matrix, codes)
    new = plain.replace(model=model)
    assert np.array_equal(new.predict_proba(X), model.predict_proba(matrix))
    assert new.classes_.tolist() == plain.classes_.tolist()
    assert set(new.predict(X)) == set(y)
    assert new.replacement_report_["name"].tolist() == ["predict_proba", "labels"]
    assert isinstance(clone(new).fit(X, y).model_, RandomForestClassifier)
    model.set_params(n_estimators=1).fit(matrix, codes)
    assert len(new.model_.estimators_) == 5


@pytest.mark.parametrize(
    ("library", "name", "options"),
    [
        ("lightgbm", "LGBMClassifier", {"n_estimators": 3, "verbose": -1}),
        ("xgboost", "XGBClassifier", {"n_estimators": 3}),
        (
            "catboost",
            "CatBoostClassifier",
            {"iterations": 3, "verbose": 0, "allow_writing_files": False},
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_model_of_another_library(plain, penguins, library, name, options):
    """Whatever has fit and predict; another width is refused by whoever sees it."""
    booster = getattr(pytest.importorskip(library), name)(**options)
    X, y = penguins
    _, matrix, codes = parts_of(plain, X, y)
    with pytest.raises(PartError, match="must be fitted|stored example"):
        plain.replace(model=booster)
    new = plain.replace(model=booster.fit(matrix, codes))
    assert set(new.predict(X)) <= set(y)
    with pytest.raises(PartError, match="columns|stored example"):
        plain.replace(model=booster.fit(matrix[:, 1:], codes))


def test_model_of_the_labels_themselves(plain, penguins):
    """Without a label encoder it needs none; with one it is refused."""
    X, y = penguins
    _, matrix, _ = parts_of(plain, X, y)
    model = DecisionTreeClassifier(random_state=0).fit(matrix, y)
    with pytest.raises(PartError, match=r"codes \[0, 1, 2\].*label_encoder=None"):
        plain.replace(model=model)
    new = plain.replace(model=model, label_encoder=None)
    assert (new.predict(X) == model.predict(matrix)).all()
    assert new.classes_.tolist() == plain.classes_.tolist()
    other = DecisionTreeClassifier().fit(matrix, y.str.upper())
    with pytest.raises(PartError, match="between the labels"):
        plain.replace(model=other, label_encoder=None)


def test_refused_models(plain, penguins):
    X, y = penguins
    _, matrix, codes = parts_of(plain, X, y)
    for model, words in (
        (LogisticRegression(), "model must be fitted. LogisticRegression is not"),
        ("linear", "must be fitted. Got the name"),
        (Ridge().fit(matrix, codes), "fit the task multiclass. Got the regressor"),
        (
            DecisionTreeClassifier().fit(matrix[codes < 2], codes[codes < 2]),
            r"codes \[0, 1, 2\].*was fitted on \[0, 1\]",
        ),
        (DecisionTreeClassifier().fit(matrix[:, 1:], codes), "was fitted on 14"),
    ):
        with pytest.raises(PartError, match=words):
            plain.replace(model=model)


def test_model_with_names_of_columns(penguins):
    """The same names in another order are another matrix."""
    X, y = penguins
    X = X[["body_mass_g", "year"]].fillna(0.0)
    est = WinduEstimator("linear", featurizer=None, transformer=None).fit(X, y)
    codes = est.label_encoder_.transform(y)
    model = DecisionTreeClassifier(random_state=0).fit(X, codes)
    assert (est.replace(model=model).predict_proba(X) == model.predict_proba(X)).all()
    turned = DecisionTreeClassifier().fit(X[["year", "body_mass_g"]], codes)
    with pytest.raises(PartError, match="number 0 is 'year', not 'body_mass_g'"):
        est.replace(model=turned)


def test_partial_pipeline_gets_a_model_and_loses_it(penguins):
    """None takes a part out; a model needs the labels that y had."""
    X, y = penguins
    part = WinduEstimator(model=None).fit(X, y)
    matrix = part.transform(X)
    model = LogisticRegression(max_iter=1000).fit(
        matrix, part.label_encoder_.transform(y)
    )
    whole = part.replace(model=model)
    assert set(whole.predict(X)) == set(y)
    assert not hasattr(whole, "transform")
    back = whole.replace(model=None)
    assert np.array_equal(back.transform(X), matrix)
    assert not hasattr(back, "predict")
    without = WinduEstimator(model=None).fit(X)
    with pytest.raises(PartError, match="fitted without y"):
        without.replace(model=model)
    halved = part.replace(
        featurizer=make_pipeline(
            part.featurizer_,
            FunctionTransformer(lambda f: f.assign(year=f["year"] / 2)),
        )
    )
    assert not np.array_equal(halved.transform(X), matrix)


def test_several_labels(penguins):
    """Predictions of 0 and 1, one column a label."""
    X, _ = penguins
    Y = pd.DataFrame({"heavy": X["body_mass_g"] > 4000, "female": X["sex"] == "female"})
    est = WinduEstimator("linear").fit(X, Y)
    matrix = est.transformer_.transform(est.featurizer_.transform(X))
    codes = est.label_encoder_.transform(Y)
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(matrix, codes)
    new = est.replace(model=tree)
    assert np.shape(new.predict_proba(X)) == codes.shape
    assert type(new.predict(X)) is type(est.predict(X))
    with pytest.raises(PartError, match="predict an array of shape"):
        est.replace(model=DecisionTreeClassifier().fit(matrix, codes[:, :-1]))
    with pytest.raises(PartError, match="predict an array of shape"):
        est.replace(model=DecisionTreeClassifier().fit(matrix, codes[:, 0]))
    with pytest.raises(PartError, match="0 and 1 a label"):
        est.replace(model=DecisionTreeClassifier().fit(matrix, codes + 1))
    german = IndicatorEncoder().fit(Y.rename(columns={"heavy": "schwer"}))
    named = est.replace(label_encoder=german)
    assert named.classes_.tolist() == ["schwer", "female"]
    assert named.predict(X).columns.tolist() == ["schwer", "female"]
    lists = MultiLabelBinarizer().fit([["f", "h"]])
    words = est.replace(label_encoder=lists).predict(X[:2])
    # The first code is now "f", the second "h".
    codes = est.predict(X[:2]).astype(int).to_numpy()
    assert words == [["f"] * one + ["h"] * other for one, other in codes]
    with pytest.raises(PartError, match="must know 2 classes"):
        est.replace(label_encoder=MultiLabelBinarizer().fit([["a", "b", "c"]]))


def test_values():
    """One output or several: the form stays, units follow the label encoder."""
    X = load_storms(return_X_y=True)[0]
    X = X[:300].select_dtypes("number")
    amounts = X.iloc[:, 0].abs() + 1.5
    est = WinduEstimator("linear", task="regression").fit(X, amounts)
    matrix = est.transformer_.transform(est.featurizer_.transform(X))
    new = est.replace(model=Ridge(alpha=50.0).fit(matrix, amounts))
    moved = new.replacement_report_.set_index("name")
    change = np.abs(new.predict(est.example_) - est.predict(est.example_)).max()
    assert moved.loc["values", "max_change"] == pytest.approx(change)
    with pytest.raises(PartError, match=r"shape \(20,\)"):
        est.replace(model=LinearRegression().fit(matrix, np.c_[amounts, amounts]))
    with pytest.raises(PartError, match="fit the task regression"):
        est.replace(model=DecisionTreeClassifier().fit(matrix, amounts > 9))
    logs = LogEncoder().fit(amounts.to_numpy()[:, None])
    learned = Ridge().fit(matrix, np.log1p(amounts))
    both = est.replace(model=learned, label_encoder=logs)
    assert np.allclose(both.predict(X), np.expm1(learned.predict(matrix)))
    scale = FunctionTransformer(np.square)
    with pytest.raises(PartError, match="must bring back"):
        est.replace(label_encoder=scale)
    with pytest.raises(PartError, match="needs a label encoder of values"):
        est.replace(label_encoder=LabelEncoder().fit([1, 2]))
    two = WinduEstimator("linear", task="regression").fit(X, np.c_[amounts, -amounts])
    assert two.replace(model=two.model_).predict(X).shape == (len(X), 2)
    with pytest.raises(PartError, match=r"shape \(20, 2\)"):
        two.replace(model=Ridge().fit(matrix, amounts))


# Label encoders


def test_labels_get_other_names(plain, penguins):
    """Also in another alphabetical order."""
    X, _ = penguins
    encoder = LabelEncoder().fit(["a", "b", "c"])
    encoder.classes_ = np.array(["z", "y", "x"], dtype=object)
    new = plain.replace(label_encoder=encoder)
    assert new.classes_.tolist() == ["z", "y", "x"]
    names = dict(zip(plain.classes_, new.classes_, strict=True))
    assert new.predict(X).tolist() == [names[label] for label in plain.predict(X)]
    codes = plain.replace(label_encoder=None)
    assert codes.classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        (LabelEncoder(), "label_encoder must be fitted"),
        (LabelEncoder().fit(["a", "b"]), "must know 3 classes. LabelEncoder knows 2"),
        (StandardScaler().fit([[0.0], [1.0]]), "label encoder of classes"),
        ("auto", "must be fitted. Got the name"),
    ],
)
def test_refused_label_encoders(plain, encoder, words):
    with pytest.raises(PartError, match=words):
        plain.replace(label_encoder=encoder)


# Thresholds


def test_threshold_stays_with_a_new_model():
    """With a warning where it was chosen, refused where scores are of another kind."""
    X, y = load_nhefs(return_X_y=True)
    X, y = X[:400], y[:400]
    est = WinduEstimator("linear", threshold="f1").fit(X, y)
    _, matrix, codes = parts_of(est, X, y)
    model = LogisticRegression(C=0.1, max_iter=1000).fit(matrix, codes)
    with pytest.warns(WinduWarning, match="threshold stays as it was chosen"):
        new = est.replace(model=model)
    cut = est.threshold_.thresholds_[0]
    positive = new.predict_proba(X)[:, 1] >= cut
    assert (new.predict(X) == np.where(positive, *new.classes_[::-1])).all()
    fixed = est.replace(threshold=0.3).replace(model=model)
    assert fixed.threshold_.thresholds_[0] == 0.3
    machine = LinearSVC().fit(matrix, codes)
    with pytest.raises(PartError, match="decides on probabilities"):
        est.replace(model=machine)
    assert est.replace(model=machine, threshold=0.0).threshold_.margin_
    with pytest.raises(PartError, match="threshold needs a model"):
        est.replace(model=None)
    assert hasattr(est.replace(model=None, threshold=None), "transform")


def test_threshold_follows_new_names():
    """Of the classes, for what is decided and for what is replaced next."""
    X, y = load_nhefs(return_X_y=True)
    X, y = X[:400], y[:400]
    est = WinduEstimator("linear", threshold=0.2).fit(X, y)
    new = est.replace(label_encoder=LabelEncoder().fit(["here", "gone"]))
    assert new.threshold_.classes_.tolist() == new.classes_.tolist() == ["gone", "here"]
    assert est.threshold_.classes_.tolist() == est.classes_.tolist()
    chosen = ThresholdSelector("f1").fit(new.predict_proba(X), new.predict(X))
    assert new.replace(threshold=chosen).threshold_.score_name_ == "f1"


def test_nothing_to_replace(plain):
    with pytest.raises(PartError, match="what to replace"):
        plain.replace()
