"""`PredictionPipeline`: new tables to predictions, with a stored estimator."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from windu.config.pipelines import read_prediction, write_prediction
from windu.exceptions import ConfigError, TableError
from windu.io.atomic_write import atomic_write
from windu.io.databases import is_database
from windu.metastore import Metastore
from windu.persistence import load
from windu.pipeline.model_selection import store_of
from windu.pipeline.scoring import (
    BATCH_SIZE,
    check_kept,
    joined,
    predict_file,
    predictions,
    read_table,
)

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
    format, options : str and mapping, default=None
        How tables in files are written, as in the data of a pipeline: ``"csv"`` and
        ``{"sep": ";"}``.
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
        format: str | None = None,
        options: Mapping[str, Any] | None = None,
        trusted: Collection[str] = (),
    ):
        self.source = run
        self.metastore = metastore
        self.keep = list(keep)
        self.probabilities = probabilities
        self.format = format
        self.options = None if options is None else dict(options)
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
        if not isinstance(run, (str, Path)):
            return run
        if place is None:
            return load(run, trusted=self.trusted)
        return store_of(place).load(str(run), trusted=self.trusted)

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
                "format": self.format,
                "options": self.options,
            }
        )

    def run(
        self,
        source: Any,
        target: Any = None,
        *,
        rejects: Any = None,
        report: str | os.PathLike[str] | None = None,
        batch_size: int = BATCH_SIZE,
        progress: Callable[[float, int], None] | None = None,
    ) -> Any:
        """Predict a table.

        Parameters
        ----------
        source : DataFrame, str, path or mapping
            A table, or where it is, as in `windu.predict_file`.
        target : str, path or mapping, default=None
            Where the predictions go; None returns them.
        rejects : str, path or mapping, default=None
            Where rows go that do not fit the schema, with `target`.
        report : str or path, default=None
            Where the validation report of the whole table goes, as HTML.
        batch_size : int, default=50_000
            Rows that are in memory at a time.
        progress : callable, default=None
            As in `windu.predict_file`.

        Returns
        -------
        DataFrame or int
            The predictions, or the number of rows that were written.

        Raises
        ------
        SchemaError
            If the table does not fit the schema of training.
        TableError
            If a table cannot be read or written.
        """
        source = self._how(source)
        if report is not None:
            self._report(source, Path(report))
        if target is None:
            if rejects is not None:
                raise TableError(
                    "Rows are set aside from what is written. Got rejects without a "
                    "target. Pass target='scored.parquet'."
                )
            frame = self._frame(source)
            check_kept(frame, self.keep, "The table")
            scored = predictions(self.estimator_, frame, self.probabilities)
            return joined(frame, self.keep, scored)
        return predict_file(
            *(self.estimator_, source, target),
            keep=self.keep,
            probabilities=self.probabilities,
            batch_size=batch_size,
            rejects=rejects,
            progress=progress,
        )

    def _how(self, source: Any) -> Any:
        """Return where a file is together with how it is written."""
        how = {"format": self.format, "options": self.options}
        stated = {name: value for name, value in how.items() if value is not None}
        is_file = isinstance(source, (str, os.PathLike)) and not is_database(source)
        return {"path": os.fspath(source), **stated} if stated and is_file else source

    def _frame(self, source: Any) -> pd.DataFrame:
        if isinstance(source, pd.DataFrame):
            return source
        return read_table(self.estimator_, source, self.keep)

    def _report(self, source: Any, path: Path) -> None:
        page = self.estimator_.validate(self._frame(source))._repr_html_()
        with atomic_write(path) as folder:
            (folder / path.name).write_text(page, encoding="utf-8")
            (folder / path.name).replace(path)
