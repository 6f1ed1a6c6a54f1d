"""The steps of a pipeline as methods, for notebooks."""

from __future__ import annotations

from typing import Any

__all__ = ["SingleSteps"]


class SingleSteps:
    """One method a step; each runs what it needs first, and only what has changed."""

    def _value_of(self, step: str) -> Any:
        raise NotImplementedError

    def load(self) -> Any:
        """Return the table as it is read."""
        return self._value_of("load")

    def preprocess(self) -> Any:
        """Return the table before it is split."""
        return self._value_of("preprocess")

    def split(self) -> Any:
        """Return the rows that are learned from, without the target."""
        return self._value_of("split")

    def infer_schema(self) -> Any:
        """Return the schema of the rows that are learned from."""
        return self._value_of("infer_schema")

    def describe(self) -> Any:
        """Return the statistics of the rows, with alarms where the target leaks."""
        return self._value_of("describe")

    def featurize(self) -> Any:
        """Return the features."""
        return self._value_of("featurize")

    def fit_label_encoder(self) -> Any:
        """Return the fitted label encoder."""
        return self._value_of("fit_label_encoder")

    def encode(self) -> Any:
        """Return the target as the model eats it."""
        return self._value_of("encode")

    def fit_transformer(self) -> Any:
        """Return the fitted transformer."""
        return self._value_of("fit_transformer")

    def transform(self) -> Any:
        """Return the matrix that the model eats."""
        return self._value_of("transform")

    def fit_model(self) -> Any:
        """Return the fitted model."""
        return self._value_of("fit_model")

    def select_threshold(self) -> Any:
        """Return the fitted threshold selector."""
        return self._value_of("select_threshold")

    def evaluate(self) -> Any:
        """Return the scores of what is held back."""
        return self._value_of("evaluate")
