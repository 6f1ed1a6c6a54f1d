"""What windu's defaults are compared with: bare scikit-learn, and peers by default."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from tables import Table

texts = make_column_selector(dtype_include=["object", "str", "category", "string"])
others = make_column_selector(dtype_exclude=["object", "str", "category", "string"])


class DatesToDays(TransformerMixin, BaseEstimator):
    """Datetimes as days, so that bare scikit-learn can take them at all."""

    def fit(self, X: Any, y: Any = None) -> Any:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: Any) -> Any:
        dates = X.select_dtypes("datetime")
        days = {c: (X[c] - pd.Timestamp(0)) / pd.Timedelta(days=1) for c in dates}
        return X.assign(**days)


def _for_task(table: Table, classifier: Any, regressor: Any, chain: Any) -> Any:
    if table.task == "regression":
        return make_pipeline(DatesToDays(), chain, regressor)
    if table.task == "multilabel":
        classifier = MultiOutputClassifier(classifier)
    return make_pipeline(DatesToDays(), chain, classifier)


def hgb(table: Table) -> Any:
    """Plain histogram gradient boosting on ordinal codes."""
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
    )
    chain = ColumnTransformer(
        [("codes", codes, texts), ("rest", "passthrough", others)]
    )
    models = (
        HistGradientBoostingClassifier(random_state=0),
        HistGradientBoostingRegressor(random_state=0),
    )
    return _for_task(table, *models, chain)


def linear(table: Table) -> Any:
    """One-hot logistic or ridge regression."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    chain = ColumnTransformer(
        [
            ("levels", OneHotEncoder(handle_unknown="ignore"), texts),
            ("rest", numbers, others),
        ]
    )
    return _for_task(table, LogisticRegression(max_iter=1000), Ridge(), chain)


def lightgbm(table: Table) -> Any:
    """LightGBM with native categories."""
    import lightgbm

    codes = make_pipeline(ToCategories(), "passthrough")
    options = {"verbose": -1, "n_jobs": 1, "random_state": 0}
    models = lightgbm.LGBMClassifier(**options), lightgbm.LGBMRegressor(**options)
    return _for_task(table, *models, codes)


class ToCategories(TransformerMixin, BaseEstimator):
    """Texts as pandas categories, with the levels of training."""

    def fit(self, X: Any, y: Any = None) -> Any:
        self.levels_ = {
            c: pd.CategoricalDtype(X[c].dropna().unique()) for c in texts(X)
        }
        return self

    def transform(self, X: Any) -> Any:
        # LightGBM takes no special characters in names.
        return X.astype(self.levels_).set_axis(
            [f"x{i}" for i in range(X.shape[1])], axis=1
        )


class CatBoostTable(TransformerMixin, BaseEstimator):
    """Texts as CatBoost wants them: no missing values."""

    def fit(self, X: Any, y: Any = None) -> Any:
        self.names_ = texts(X)
        return self

    def transform(self, X: Any) -> Any:
        return X.assign(
            **{c: X[c].astype(object).where(X[c].notna(), "") for c in self.names_}
        )


def catboost(table: Table) -> Any:
    """CatBoost with its own categories."""
    import catboost

    options: dict[str, Any] = {
        "verbose": 0,
        "allow_writing_files": False,
        "thread_count": 1,
        "random_state": 0,
        "cat_features": tuple(texts(table.X)),
    }
    models = (
        catboost.CatBoostClassifier(**options),
        catboost.CatBoostRegressor(**options),
    )
    return _for_task(table, *models, CatBoostTable())


def skrub(table: Table) -> Any:
    """skrub's tabular pipeline around histogram gradient boosting."""
    import skrub

    if table.task == "regression":
        return skrub.tabular_pipeline("regressor")
    pipeline = skrub.tabular_pipeline("classifier")
    if table.task == "multilabel":
        pipeline.steps[-1] = ("model", MultiOutputClassifier(pipeline[-1]))
    return pipeline


PEERS = {
    "hgb": hgb,
    "linear": linear,
    "lightgbm": lightgbm,
    "catboost": catboost,
    "skrub": skrub,
}
