"""`TextEncoder`: texts to a few numbers that trees and linear models can use."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from windu._compat.bases import BaseEstimator, TransformerMixin
from windu._compat.sklearn import Interval, fit_context

__all__ = ["TextEncoder"]

_HASHES = 2**12


class TextEncoder(TransformerMixin, BaseEstimator):
    """Encode each column of texts by TF-IDF of its words and truncated SVD.

    This is latent semantic analysis as in [1]_, by scikit-learn's own parts. Words are
    hashed: the fitted state is two arrays a column and no vocabulary, and no text can
    leave it empty.

    Parameters
    ----------
    n_components : int, default=30
        Numbers a column of texts becomes; at most one a training row.
    random_state : int, RandomState instance or None, default=None
        Seed of the randomised SVD.

    Attributes
    ----------
    encoders_ : list of Pipeline
        One a column.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where all are texts.

    References
    ----------
    .. [1] Deerwester, Dumais, Furnas, Landauer, Harshman (1990). Indexing by latent
       semantic analysis. Journal of the American Society for Information Science 41.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu import TextEncoder
    >>> X = pd.DataFrame({"note": ["late again", "paid", "late", "paid again"]})
    >>> TextEncoder(n_components=2, random_state=0).fit_transform(X).shape
    (4, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_components": [Interval(Integral, 1, _HASHES, closed="both")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_components: int = 30, *, random_state: Any = None):
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> TextEncoder:
        """Learn the weights of words and their components.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            Texts; anything else counts as its text, a missing value as an empty one.
        y : ignored
            For scikit-learn's sake.

        Returns
        -------
        TextEncoder
            The fitted encoder.
        """
        self.fit_transform(X, y)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit, and return the encoded training texts.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.
        y : ignored
            For scikit-learn's sake.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            float64.
        """
        columns = self._columns(X, reset=True)
        # Each column is encoded by the same seed, so that their order does not matter.
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        self.encoders_ = [self._encoder(len(column), seed) for column in columns]
        blocks = [
            encoder.fit_transform(column)
            for encoder, column in zip(self.encoders_, columns, strict=True)
        ]
        return np.hstack(blocks)

    def _encoder(self, n_rows: int, seed: int) -> Pipeline:
        return make_pipeline(
            HashingVectorizer(n_features=_HASHES, alternate_sign=False, norm=None),
            TfidfTransformer(sublinear_tf=True),
            TruncatedSVD(min(self.n_components, n_rows), random_state=seed),
        )

    def transform(self, X: Any) -> np.ndarray:
        """Return the encoded texts.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            float64; a text without a word of training is zeros.
        """
        check_is_fitted(self)
        columns = self._columns(X, reset=False)
        blocks = [
            encoder.transform(column)
            for encoder, column in zip(self.encoders_, columns, strict=True)
        ]
        return np.hstack(blocks)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return one name per component: the column name and a number.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns; those of `fit` by default.

        Returns
        -------
        ndarray of shape (n_features_out,)
            Texts.
        """
        check_is_fitted(self)
        if input_features is None:
            default = [f"x{i}" for i in range(self.n_features_in_)]
            input_features = getattr(self, "feature_names_in_", default)
        names = [
            f"{name}_{i}"
            for name, encoder in zip(input_features, self.encoders_, strict=True)
            for i in range(encoder[-1].components_.shape[0])
        ]
        return np.array(names, dtype=object)

    def _columns(self, X: Any, *, reset: bool) -> list[list[str]]:
        if isinstance(X, pd.DataFrame):
            # scikit-learn expects objects; pandas has several dtypes of texts.
            X = X.astype(object)
        array = validate_data(
            self,
            X,
            reset=reset,
            dtype=None,
            ensure_all_finite=False,
            accept_sparse=False,
        )
        texts = np.where(pd.isna(array), "", array.astype(object))
        return [[str(text) for text in column] for column in texts.T]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
