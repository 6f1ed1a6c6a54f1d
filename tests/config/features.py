"""A user's module, of which a configuration names functions and classes."""

import json  # noqa: F401
from os import getcwd  # noqa: F401
from pathlib import Path  # noqa: F401

import pandera.pandas as pa
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin


def add_ratios(frame):
    """Return a frame with one more column."""
    return frame.assign(ratio=frame.iloc[:, 0] / 2)


def only_numbers(frame):
    """Return the columns of numbers."""
    return frame.select_dtypes("number")


class Scaler(TransformerMixin, BaseEstimator):
    """Multiplies."""

    def __init__(self, factor=1.0, *, inner=None, names=("a", "b"), cache_dir=None):
        self.factor = factor
        self.inner = inner
        self.names = names
        self.cache_dir = cache_dir

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X * self.factor


class Picky(ClassifierMixin, BaseEstimator):
    """Raises when it is made of the wrong thing."""

    def __init__(self, level=0, *, use=None):
        if level > 9:
            raise RuntimeError("too high")
        self.level = level
        self.use = use

    def fit(self, X, y):
        self.classes_ = [0, 1]
        return self

    def predict(self, X):
        return [self.level] * len(X)


class Table(pa.DataFrameModel):
    """A schema as a class."""

    age: int


def scorer(true, predicted):
    """Return a score."""
    return float((true == predicted).mean())


scaler = Scaler(2.0)
