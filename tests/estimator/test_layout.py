"""Arrays of fitted parts lie in memory as they will when they are loaded."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from windu import WinduEstimator, load, save
from windu.estimator.replacing import laid_out

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 4)), columns=list("abcd"))
Y = np.where(X["a"] + X["b"] > 0, "yes", "no")


class Gaps(TransformerMixin, BaseEstimator):
    """Keeps parts of arrays."""

    def fit(self, X, y=None):
        whole = np.arange(24.0).reshape(4, 6)
        self.n_features_in_ = X.shape[1]
        self.gaps_, self.back_ = whole[:, ::2], whole[::-1]
        self.held_ = {"one": [whole[:, 1:3]], "two": (whole[:, ::3], 1)}
        self.transposed_ = whole.T
        return self

    def transform(self, X):
        return np.asarray(X) @ self.gaps_


def test_no_gaps():
    """In attributes, lists and dicts; values stay, and so does what has no gaps."""
    before, after = Gaps().fit(X), Gaps().fit(X)
    transposed = after.transposed_
    assert laid_out(after) is after
    for name in ("gaps_", "back_"):
        assert not getattr(before, name).flags.forc
        assert getattr(after, name).flags.c_contiguous
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    assert after.held_["one"][0].flags.c_contiguous
    assert after.held_["two"][1] == 1
    assert after.transposed_ is transposed


def test_after_fit_and_replace(tmp_path):
    """Also inside a chain; what is loaded gives the same bits."""
    svd = TruncatedSVD(2, random_state=0)
    est = WinduEstimator(
        LogisticRegression(), featurizer=None, transformer=make_pipeline(svd)
    ).fit(X, Y)
    assert est.transformer_[0].components_.flags.forc
    other = Gaps().fit(X)
    model = LogisticRegression().fit(other.transform(X), Y == "yes")
    both = est.replace(transformer=other, model=model)
    assert both.transformer_.gaps_.flags.forc
    save(est, tmp_path / "run.windu")
    again = load(tmp_path / "run.windu")
    np.testing.assert_array_equal(again.predict_proba(X), est.predict_proba(X))
