"""Models after transformers, which predict the same bits in another process."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import (
    discriminant_analysis,
    ensemble,
    linear_model,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    svm,
    tree,
)
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from windu import save

RNG = np.random.default_rng(0)
X = RNG.random((60, 4))
Y = np.where(X[:, 0] + X[:, 1] > 1, "yes", "no")
AMOUNTS = X[:, 0] + X[:, 1] ** 2

CLASSIFIERS = [
    discriminant_analysis.LinearDiscriminantAnalysis(),
    discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.1),
    ensemble.AdaBoostClassifier(n_estimators=3, random_state=0),
    ensemble.ExtraTreesClassifier(3, random_state=0),
    ensemble.GradientBoostingClassifier(n_estimators=3, random_state=0),
    ensemble.HistGradientBoostingClassifier(max_iter=3, random_state=0),
    ensemble.RandomForestClassifier(3, random_state=0),
    linear_model.LogisticRegression(),
    linear_model.SGDClassifier(loss="log_loss", random_state=0),
    naive_bayes.GaussianNB(),
    neighbors.KNeighborsClassifier(),
    neural_network.MLPClassifier(3, max_iter=5, random_state=0),
    svm.SVC(),
    tree.DecisionTreeClassifier(random_state=0),
]
REGRESSORS = [
    ensemble.RandomForestRegressor(3, random_state=0),
    ensemble.HistGradientBoostingRegressor(max_iter=3, random_state=0),
    linear_model.Ridge(),
    linear_model.BayesianRidge(),
    neighbors.KNeighborsRegressor(),
    svm.SVR(),
]
TRANSFORMERS = [
    preprocessing.StandardScaler(),
    preprocessing.QuantileTransformer(n_quantiles=20),
    preprocessing.PowerTransformer(),
    preprocessing.PolynomialFeatures(2),
    preprocessing.SplineTransformer(),
    PCA(2),
]
FRESH = """
import sys
from pathlib import Path
import numpy as np
import windu
folder = Path(sys.argv[1])
X = np.load(folder / "table.npy", allow_pickle=False)
files = sorted(folder.glob("*.windu"))
for path in files:
    est = windu.load(path)
    for method in ("predict", "predict_proba"):
        if hasattr(est, method):
            made = np.asarray(getattr(est, method)(X))
            stored = np.load(f"{path}.{method}.npy", allow_pickle=False)
            if made.dtype != stored.dtype or made.tobytes() != stored.tobytes():
                print("differs", path.name, method)
print("seen", len(files))
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_twenty_models_after_six_transformers(tmp_path):
    """120 of 120, bit for bit; none needs a bound."""
    models = [*((m, Y) for m in CLASSIFIERS), *((m, AMOUNTS) for m in REGRESSORS)]
    np.save(tmp_path / "table.npy", X)
    for number, (model, y) in enumerate(models):
        for which, transformer in enumerate(TRANSFORMERS):
            est = make_pipeline(transformer, model).fit(X, y)
            path = save(est, tmp_path / f"{number}_{which}.windu")
            for method in ("predict", "predict_proba"):
                if hasattr(est, method):
                    np.save(f"{path}.{method}.npy", getattr(est, method)(X))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | threads | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert not done.returncode, done.stderr
    assert done.stdout.split("\n") == ["seen 120", ""]
