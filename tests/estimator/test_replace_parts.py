"""Transformers, models, label encoders and thresholds put into a fitted estimator."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
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

from windu import IndicatorEncoder, LogEncoder, ThresholdSelector, WinduEstimator
from windu.datasets import load_nhefs, load_penguins, load_storms
from windu.exceptions import PartError, WinduWarning

RAW = load_penguins(return_X_y=True)


@pytest.fixture(scope="module")
def penguins():
    return RAW[0].copy(), RAW[1].copy()


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
    bare = est.replace(label_encoder=None)
    again = bare.replace(label_encoder=german)
    assert again.classes_.tolist() == ["schwer", "female"]
    with pytest.raises(PartError, match="must know 2 classes"):
        bare.replace(label_encoder=MultiLabelBinarizer().fit([["a", "b", "c"]]))


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
