"""What is fuzzed: one small fitted object of every kind, and a table for it."""

import warnings
from importlib.util import find_spec

import numpy as np
from scipy import sparse
from sklearn import (
    cluster,
    decomposition,
    ensemble,
    feature_selection,
    impute,
    linear_model,
    naive_bayes,
    neighbors,
    neural_network,
    svm,
    tree,
)
from sklearn import preprocessing as pre
from sklearn.base import is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.cross_decomposition import PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import Nystroem
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline

from tests.conftest import make_ugly
from windu import WinduEstimator, save

_RNG = np.random.default_rng(0)
_N = 60
_NUMBERS = _RNG.normal(size=(_N, 4))
_LEVELS = np.column_stack([_RNG.integers(0, 5, _N), _RNG.integers(0, 3, _N)])
_WORDS = [" ".join(_RNG.choice(["late", "paid", "good", "bad"], 4)) for _ in range(_N)]
_Y = (_NUMBERS[:, 0] + _NUMBERS[:, 1] > 0).astype(int) + (_NUMBERS[:, 2] > 1)
_AMOUNTS = _NUMBERS[:, 0] * 2 + _NUMBERS[:, 1]

TABLES = {
    "ugly": make_ugly(60)[0],
    "numbers": _NUMBERS,
    "levels": _LEVELS.astype(float),
    "texts": _WORDS,
    "sparse": sparse.random(_N, 30, 0.2, "csr", random_state=0),
    "column": _NUMBERS[:, 0],
    "counts": np.abs(_NUMBERS.round()),
    "mixed": np.column_stack([_NUMBERS[:, :2], _LEVELS]),
}
_TREES = {"n_estimators": 3, "max_depth": 3, "random_state": 0}
_ROUNDS = {"max_iter": 3, "random_state": 0}


def _numbers():
    kernels = ("linear", "poly", "rbf", "sigmoid")
    yield from (svm.SVC(kernel=kernel, random_state=0) for kernel in kernels)
    yield svm.SVC(probability=True, random_state=0)
    yield svm.NuSVC(nu=0.1)
    yield svm.SVR()
    yield svm.OneClassSVM()
    yield svm.LinearSVC()
    for kind in ("kd_tree", "ball_tree", "brute"):
        yield neighbors.KNeighborsClassifier(3, algorithm=kind)
    yield neighbors.KNeighborsClassifier(3, metric="manhattan", weights="distance")
    yield neighbors.KNeighborsRegressor(3)
    yield neighbors.RadiusNeighborsRegressor(2.0)
    yield neighbors.RadiusNeighborsClassifier(9.0, algorithm="brute")
    yield neighbors.LocalOutlierFactor(5, novelty=True)
    yield neighbors.KernelDensity()
    yield neighbors.NeighborhoodComponentsAnalysis(max_iter=3)
    yield NearestCentroid()
    yield tree.DecisionTreeClassifier(max_depth=3)
    yield tree.DecisionTreeRegressor(max_depth=3)
    yield ensemble.RandomForestClassifier(**_TREES)
    yield ensemble.ExtraTreesRegressor(**_TREES)
    yield ensemble.RandomTreesEmbedding(**_TREES)
    yield ensemble.GradientBoostingClassifier(**_TREES)
    yield ensemble.GradientBoostingRegressor(**_TREES)
    yield ensemble.AdaBoostClassifier(n_estimators=3)
    yield ensemble.BaggingClassifier(n_estimators=3, max_features=2)
    yield ensemble.IsolationForest(n_estimators=3, max_samples=30)
    yield ensemble.HistGradientBoostingClassifier(**_ROUNDS)
    yield ensemble.HistGradientBoostingRegressor(**_ROUNDS)
    yield ensemble.VotingClassifier([("a", naive_bayes.GaussianNB())])
    yield linear_model.LogisticRegression()
    yield linear_model.SGDClassifier(loss="log_loss", random_state=0)
    yield linear_model.RidgeClassifier()
    yield linear_model.BayesianRidge()
    yield neural_network.MLPClassifier((4,), max_iter=5, random_state=0)
    yield neural_network.BernoulliRBM(2, n_iter=2, random_state=0)
    yield GaussianProcessClassifier()
    yield naive_bayes.GaussianNB()
    yield LinearDiscriminantAnalysis()
    yield CalibratedClassifierCV(tree.DecisionTreeClassifier(max_depth=2), cv=2)
    yield OneVsRestClassifier(linear_model.LogisticRegression())
    yield PLSRegression(1)
    yield GaussianMixture(2, random_state=0)
    yield cluster.KMeans(3, n_init=1, random_state=0)
    yield cluster.KMeans(3, n_init=1, algorithm="elkan", random_state=0)
    yield cluster.MiniBatchKMeans(3, n_init=1, random_state=0)
    yield cluster.MeanShift()
    yield cluster.AffinityPropagation()
    yield cluster.FeatureAgglomeration(2)
    yield decomposition.PCA(2)
    yield decomposition.FastICA(2, max_iter=500, tol=0.1)
    yield decomposition.DictionaryLearning(2, max_iter=2, random_state=0)
    yield decomposition.SparsePCA(2, max_iter=2, random_state=0)
    yield feature_selection.SelectKBest(k=2)
    yield feature_selection.RFE(linear_model.LogisticRegression())
    yield impute.KNNImputer()
    yield impute.SimpleImputer(add_indicator=True)
    yield Nystroem(n_components=4)
    yield pre.KBinsDiscretizer(3, quantile_method="averaged_inverted_cdf")
    yield pre.PowerTransformer()
    yield pre.QuantileTransformer(n_quantiles=10)
    yield pre.SplineTransformer(3)
    yield pre.PolynomialFeatures()
    yield make_pipeline(pre.StandardScaler(), linear_model.LogisticRegression())
    yield ColumnTransformer([("a", pre.StandardScaler(), [0, 1])], remainder="drop")


def _fitted():
    """Yield name of the table, and fitted object."""
    for model in _numbers():
        yield "numbers", model.fit(_NUMBERS, _AMOUNTS if is_regressor(model) else _Y)
    for model in (
        pre.OneHotEncoder(handle_unknown="ignore", min_frequency=2),
        pre.OrdinalEncoder(),
        pre.TargetEncoder(cv=2),
        naive_bayes.CategoricalNB(),
    ):
        yield "levels", model.fit(TABLES["levels"], _Y)
    for model in (
        naive_bayes.MultinomialNB(),
        decomposition.NMF(2, max_iter=20, tol=0.1),
        decomposition.LatentDirichletAllocation(2, max_iter=2, random_state=0),
        feature_selection.SelectKBest(feature_selection.chi2, k=2),
    ):
        yield "counts", model.fit(TABLES["counts"], _Y)
    for model in (
        ensemble.HistGradientBoostingClassifier(categorical_features=[2, 3], **_ROUNDS),
    ):
        yield "mixed", model.fit(TABLES["mixed"], _Y)
    yield "texts", TfidfVectorizer().fit(_WORDS)
    yield (
        "texts",
        make_pipeline(HashingVectorizer(n_features=16), svm.SVC()).fit(_WORDS, _Y),
    )
    yield "column", IsotonicRegression(out_of_bounds="clip").fit(_NUMBERS[:, 0], _Y)
    for model in (
        svm.SVC(random_state=0),
        svm.OneClassSVM(),
        svm.LinearSVC(),
        neighbors.KNeighborsClassifier(3),
        neighbors.KNeighborsClassifier(3, metric="manhattan"),
        linear_model.SGDClassifier(random_state=0).fit(TABLES["sparse"], _Y).sparsify(),
        cluster.KMeans(3, n_init=1, random_state=0),
        decomposition.TruncatedSVD(2),
        decomposition.NMF(2, max_iter=20, tol=0.1),
        ensemble.RandomForestClassifier(**_TREES),
        ensemble.GradientBoostingClassifier(**_TREES),
        pre.MaxAbsScaler(),
        pre.PolynomialFeatures(),
    ):
        if not hasattr(model, "coef_"):
            model.fit(TABLES["sparse"], _Y)
        yield "sparse", model
    X, y = make_ugly(60)
    for name in ("linear", "random_forest", "hist_gradient_boosting", "auto"):
        yield "ugly", WinduEstimator(name, random_state=0).fit(X, y)


def _boosters():
    X, y = make_ugly(60)
    for name in ("lightgbm", "xgboost", "catboost"):
        if find_spec(name) is not None:
            est = WinduEstimator(name, task="binary", random_state=0)
            rounds = "iterations" if name == "catboost" else "n_estimators"
            yield "ugly", est.set_params(**{f"model__{rounds}": 3}).fit(X, y)


def write(folder):
    """Save every object to a folder; the name of a file begins with its table's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, (table, model) in enumerate([*_fitted(), *_boosters()]):
            held = model.model_ if isinstance(model, WinduEstimator) else model
            save(model, folder / f"{table}-{number:03}-{type(held).__name__}.windu")
