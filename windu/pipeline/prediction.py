"""`PredictionPipeline`: new tables to predictions, with a stored estimator."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from windu.config.pipelines import read_prediction, write_prediction
from windu.exceptions import ConfigError, TableError
from windu.metastore import Metastore
from windu.persistence import load
from windu.pipeline.scoring import predict_file, predictions

__all__ = ["PredictionPipeline"]


class PredictionPipeline:
    """Load, validate, featurize, transform, predict, write.

    Parameters
    ----------
    run : str, pathlib.Path or WinduEstimator
        A stored run such as ``"credit@production"``, a file or folder that `windu.save`
        wrote, or a fitted estimator.
    metastore : Metastore, str or mapping, default=None
        Where stored runs are.
    keep : sequence of str, default=()
        Columns of the table to write as well, such as an id.
    probabilities : bool, default=True
        Whether to write ``predict_proba`` where there is one.
    trusted : collection of str, default=()
        As in `windu.load`.

    Examples
    --------
    >>> from windu import PredictionPipeline, WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> X, y = load_penguins(return_X_y=True)
    >>> pipe = PredictionPipeline(WinduEstimator("linear").fit(X, y), keep=["island"])
    >>> list(pipe.run(X.head(2)))[:2]
    ['island', 'prediction']
    """

    def __init__(
        self,
        run: Any,
        *,
        metastore: Metastore | str | Mapping[str, Any] | None = None,
        keep: Sequence[str] = (),
        probabilities: bool = True,
        trusted: Collection[str] = (),
    ):
        self.source = run
        self.metastore = metastore
        self.keep = list(keep)
        self.probabilities = probabilities
        self.trusted = list(trusted)
        self._estimator: Any = None

    @property
    def estimator_(self) -> Any:
        """The estimator, loaded and verified when it is first asked for."""
        if self._estimator is None:
            self._estimator = self._loaded()
        return self._estimator

    def _loaded(self) -> Any:
        run, place = self.source, self.metastore
        if hasattr(run, "predict"):
            return run
        if place is None:
            return load(run, trusted=self.trusted)
        if isinstance(place, Mapping):
            place = Metastore(**place)
        store = place if isinstance(place, Metastore) else Metastore(place)
        return store.load(run, trusted=self.trusted)

    @classmethod
    def from_yaml(
        cls, text_or_path: str | os.PathLike[str], *, trusted: Iterable[str] = ()
    ) -> PredictionPipeline:
        """Return the pipeline that a YAML text or file describes.

        Parameters
        ----------
        text_or_path : str or pathlib.Path
            A `str` that ends in ``.yaml`` or ``.yml`` and holds no line break is a
            file, as a `pathlib.Path` is; any other `str` is the text itself.
        trusted : iterable of str, default=()
            As in `windu.load`; a file cannot say it.

        Returns
        -------
        PredictionPipeline
            Nothing is loaded yet.

        Raises
        ------
        ConfigError
            For everything that is not as it must be, with file, line and column.
        """
        return cls(**read_prediction(text_or_path), trusted=list(trusted))

    def to_yaml(self) -> str:
        """Return the pipeline as YAML.

        Returns
        -------
        str
            Names a stored run; the model itself stays in the metastore.

        Raises
        ------
        ConfigError
            If the pipeline holds an estimator that is not stored.
        """
        if not isinstance(self.source, (str, os.PathLike)):
            raise ConfigError(
                "run: an estimator in memory has no form in YAML. Save it, and pass "
                "the reference or the path.",
                key="run",
            )
        if isinstance(self.metastore, Metastore):
            raise ConfigError(
                "metastore: an object has no form in YAML. Pass its path.",
                key="metastore",
            )
        return write_prediction(
            {
                "run": os.fspath(self.source),
                "metastore": self.metastore,
                "keep": self.keep,
                "probabilities": self.probabilities,
            }
        )

    def run(
        self,
        source: Any,
        target: str | Path | None = None,
        *,
        rejects: str | Path | None = None,
        progress: Callable[[float, int], None] | None = None,
    ) -> Any:
        """Predict a table.

        Parameters
        ----------
        source : DataFrame, str or pathlib.Path
            A table, or a file of CSV or Parquet of any size.
        target : str or pathlib.Path, default=None
            Where predictions of a file go.
        rejects : str or pathlib.Path, default=None
            Where rows of a file go that do not fit the schema.
        progress : callable, default=None
            As in `windu.predict_file`.

        Returns
        -------
        DataFrame or int
            The predictions of a DataFrame, the number of rows of a file.

        Raises
        ------
        SchemaError
            If the table does not fit the schema of training.
        TableError
            If a file cannot be read or written.
        """
        if isinstance(source, pd.DataFrame):
            kept = source[self.keep].reset_index(drop=True)
            made = predictions(self.estimator_, source, self.probabilities)
            return pd.concat([kept, made], axis="columns")
        if target is None:
            raise TableError(
                "The predictions of a file must have a file to go to. Got none. Pass "
                "target='scored.parquet'."
            )
        return predict_file(
            *(self.estimator_, source, target),
            keep=self.keep,
            probabilities=self.probabilities,
            rejects=rejects,
            progress=progress,
        )
