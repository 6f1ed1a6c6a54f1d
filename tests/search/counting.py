"""Parts that tell how often they are fitted, and models that fail in known ways."""

import os
import signal
import time

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin


class Counted(TransformerMixin, BaseEstimator):
    """A featurizer that notes each fit."""

    fits = []

    def __init__(self, power=1):
        self.power = power

    def fit(self, X, y=None):
        self.fits.append((self.power, len(X)))
        return self

    def transform(self, X):
        return pd.DataFrame({"x": X["x"] ** self.power, "z": X["z"]}, index=X.index)


class Failing(ClassifierMixin, BaseEstimator):
    """A classifier that fails, or writes into what it is given."""

    def __init__(self, how="raise", strength=0.0):
        self.how = how
        self.strength = strength

    def fit(self, X, y):
        if self.how == "raise":
            raise MemoryError("no room")
        if self.how == "exit":
            # As the kernel does to a process that takes too much memory.
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "interrupt":
            raise KeyboardInterrupt
        if self.how == "write":
            X[:] = 0
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        share = 0.5 + self.strength / 10
        return np.tile([share, 1 - share], (len(X), 1))

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class Sleeping(Failing):
    """A classifier that takes its time."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def fit(self, X, y):
        time.sleep(self.seconds)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)
