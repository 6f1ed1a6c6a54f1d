"""Every classifier and regressor of scikit-learn, stored and loaded without trust."""

import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, feature_extraction, impute, multiclass, multioutput
from sklearn import preprocessing as pre
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
)
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from windu import WinduEstimator, save

RNG = np.random.default_rng(0)
N = 80
X = pd.DataFrame({"a": RNG.random(N), "b": RNG.random(N), "c": RNG.choice([*"xyz"], N)})
X["t"] = ["some words " + c * 3 for c in X["c"]]
AMOUNTS = np.exp(X["a"]) + X["b"]
TARGETS = {
    "binary": np.where(X["a"] + X["b"] > 1, "yes", "no"),
    "regression": AMOUNTS,
    "several": np.column_stack([AMOUNTS, AMOUNTS**0.5]),
    "multilabel": np.column_stack([X["a"] > 0.5, X["b"] > 0.5]).astype(int),
}
SEVERAL = {"MultiTaskElasticNet", "MultiTaskLasso"}
SEVERAL |= {f"{name}CV" for name in SEVERAL}

#: Need another estimator, or options for this table.
LOGISTIC, RIDGE = LogisticRegression(), Ridge()
GIVEN = {
    "CCA": {"n_components": 1},
    "ClassifierChain": {"estimator": LOGISTIC},
    "FixedThresholdClassifier": {"estimator": LOGISTIC},
    "MultiOutputClassifier": {"estimator": LOGISTIC},
    "MultiOutputRegressor": {"estimator": RIDGE},
    "OneVsOneClassifier": {"estimator": LOGISTIC},
    "OneVsRestClassifier": {"estimator": LOGISTIC},
    "OutputCodeClassifier": {"estimator": LOGISTIC, "random_state": 0},
    "PLSCanonical": {"n_components": 1},
    "QuadraticDiscriminantAnalysis": {"reg_param": 0.1},
    "RegressorChain": {"estimator": RIDGE},
    "SelfTrainingClassifier": {"estimator": LOGISTIC},
    "StackingClassifier": {"estimators": [("a", LOGISTIC)]},
    "StackingRegressor": {"estimators": [("a", RIDGE)]},
    "TunedThresholdClassifierCV": {"estimator": LOGISTIC},
    "VotingClassifier": {"estimators": [("a", LOGISTIC)]},
    "VotingRegressor": {"estimators": [("a", RIDGE)]},
}
#: Take the bare columns, all above zero.
BARE = {"CategoricalNB", "ComplementNB", "MultinomialNB"}
ONE_COLUMN = {"IsotonicRegression"}


def models():
    """Yield name, estimator, columns and target for every class of scikit-learn."""
    for kind in ("classifier", "regressor"):
        for name, cls in all_estimators(kind):
            task = "binary" if kind == "classifier" else "regression"
            if name in SEVERAL | {"MultiOutputRegressor", "RegressorChain"}:
                task = "several"
            if name in ("ClassifierChain", "MultiOutputClassifier"):
                task = "multilabel"
            model = cls(**GIVEN.get(name, {}))
            bare = name in BARE | ONE_COLUMN
            parts = {"featurizer": None, "transformer": None} if bare else {}
            columns = ["a"] if name in ONE_COLUMN else ["a", "b"] + ["c"] * (not bare)
            table = X[columns].round() if name == "CategoricalNB" else X[columns]
            fitted_task = "regression" if task == "several" else task
            est = WinduEstimator(model, task=fitted_task, random_state=0, **parts)
            yield name, est, table, TARGETS[task]


MORE_MODELS = [
    CalibratedClassifierCV(DecisionTreeClassifier(max_depth=3), method="isotonic"),
    FixedThresholdClassifier(ensemble.RandomForestClassifier(5)),
    GridSearchCV(LOGISTIC, {"C": [1, 2]}),
    SelfTrainingClassifier(DecisionTreeClassifier(max_depth=3)),
    TunedThresholdClassifierCV(QuadraticDiscriminantAnalysis(reg_param=0.1)),
    multiclass.OneVsRestClassifier(ensemble.GradientBoostingClassifier()),
]
NUMBERS = [
    pre.FunctionTransformer(np.log1p),
    pre.KBinsDiscretizer(quantile_method="averaged_inverted_cdf"),
    pre.MinMaxScaler(),
    pre.PolynomialFeatures(),
    pre.PowerTransformer(),
    pre.QuantileTransformer(n_quantiles=20),
    pre.RobustScaler(),
    pre.SplineTransformer(),
    impute.KNNImputer(),
    impute.SimpleImputer(add_indicator=True),
    PCA(1),
    TruncatedSVD(1),
    Nystroem(n_components=5),
    SelectKBest(k=1),
    SelectFromModel(DecisionTreeClassifier(random_state=0)),
    VarianceThreshold(),
]
LEVELS = [
    pre.OneHotEncoder(min_frequency=3, sparse_output=False, handle_unknown="ignore"),
    pre.OrdinalEncoder(),
    pre.TargetEncoder(cv=3),
]
TEXTS = [
    feature_extraction.text.CountVectorizer(),
    feature_extraction.text.HashingVectorizer(n_features=8),
    feature_extraction.text.TfidfVectorizer(),
]


def chains():
    """Yield the same for transformers that a ColumnTransformer commonly holds."""
    of_numbers = make_column_selector(dtype_include="number")
    groups = [(NUMBERS, ["a", "b"]), (LEVELS, ["c"]), (TEXTS, "t")]
    groups.append(([pre.StandardScaler()], of_numbers))
    for transformers, columns in groups:
        for transformer in transformers:
            name = type(transformer).__name__
            parts = ColumnTransformer([("part", transformer, columns)])
            est = WinduEstimator(LOGISTIC, featurizer=None, transformer=parts)
            yield name, est, X, TARGETS["binary"]
    for number, model in enumerate(MORE_MODELS):
        est = WinduEstimator(model, random_state=0)
        yield f"model {number}", est, X, TARGETS["binary"]
    target = TransformedTargetRegressor(RIDGE, transformer=pre.PowerTransformer())
    yield "transformed target", WinduEstimator(target), X, AMOUNTS
    chain = multioutput.ClassifierChain(DecisionTreeClassifier(max_depth=3))
    yield "chain", WinduEstimator(chain, task="multilabel"), X, TARGETS["multilabel"]


FRESH = """
import sys, warnings, numpy as np, pandas as pd, windu
from pathlib import Path
warnings.simplefilter("ignore")
for path in sorted(Path(sys.argv[1]).glob("*.windu")):
    est = windu.load(path)
    X = pd.read_parquet(path.with_suffix(".parquet"))
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(est, method):
            found = np.asarray(getattr(est, method)(X)).astype(
                "U9" if method == "predict" else float
            )
            np.save(f"{path}.{method}.npy", found, allow_pickle=False)
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Class PassiveAggressive:FutureWarning")
@pytest.mark.parametrize("family", [models, chains])
def test_a_fresh_process_gives_the_same_bits(family, tmp_path):
    """Without any trust from the caller; every class is in the loop."""
    expected, refused = {}, {}
    for name, est, table, y in family():
        path = tmp_path / f"{name}.windu"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            est.fit(table, y)
            try:
                save(est, path)
            except Exception as error:
                refused[name] = str(error)
                continue
        table.to_parquet(path.with_suffix(".parquet"))
        for method in ("predict_proba", "decision_function", "predict"):
            if hasattr(est, method):
                scores = np.asarray(getattr(est, method)(table))
                kind = "U9" if method == "predict" else float
                expected[f"{path}.{method}.npy"] = scores.astype(kind)
    assert not refused
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not fresh.returncode, fresh.stderr
    different = [
        path
        for path, scores in expected.items()
        if not np.array_equal(np.load(path), scores)
    ]
    assert not different
    assert len(list(tmp_path.glob("*.windu"))) >= (90 if family is models else 25)
