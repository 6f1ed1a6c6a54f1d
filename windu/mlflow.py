"""Runs of windu as models of MLflow: signature, input example, pyfunc.

MLflow keeps the run folder as `windu.save` writes it, and reads it back with
`windu.load`: verified, without pickle, and with trust from the caller alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from windu.exceptions import MissingLibraryError, PersistenceError
from windu.persistence import load, save
from windu.persistence.format.manifest import versions
from windu.pipeline.scoring import predictions

__all__ = ["load_model", "log_model", "save_model"]

FLAVOR = "windu"
_FOLDER = "run"
#: The caller's environment says what a pyfunc may import.
TRUSTED = "WINDU_TRUSTED"


def log_model(
    estimator: Any,
    name: str,
    *,
    metrics: Mapping[str, float] | None = None,
    registered_model_name: str | None = None,
    example: Any = None,
    **options: Any,
) -> Any:
    """Put a fitted estimator into the active run of MLflow.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted, with a model.
    name : str
        Name of the logged model.
    metrics : mapping of str to float, default=None
        Logged with it, and stored in windu's own run.
    registered_model_name : str, default=None
        Registers a version under this name as well.
    example : table, default=None
        As in `windu.save`: rows to keep in the place of those of training.
    **options : dict
        More for ``mlflow.models.Model.log``, such as ``tags`` or ``step``.

    Returns
    -------
    mlflow.models.model.ModelInfo
        With the URI of the model.

    Raises
    ------
    MissingLibraryError
        If mlflow is not installed.
    PersistenceError
        For what could not be loaded again.

    Examples
    --------
    >>> import windu.mlflow
    >>> info = windu.mlflow.log_model(est, "credit")  # doctest: +SKIP
    >>> windu.mlflow.load_model(info.model_uri).predict(X)  # doctest: +SKIP
    """
    mlflow = _library()
    from mlflow.models import Model

    if metrics:
        mlflow.log_metrics(dict(metrics))
    return Model.log(
        artifact_path=None,
        name=name,
        flavor=sys.modules[__name__],
        registered_model_name=registered_model_name,
        estimator=estimator,
        metrics=metrics,
        example=example,
        **options,
    )


def save_model(
    estimator: Any,
    path: str | Path,
    *,
    mlflow_model: Any = None,
    metrics: Mapping[str, float] | None = None,
    example: Any = None,
) -> Path:
    """Write a fitted estimator as a folder that MLflow reads.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted, with a model.
    path : str or pathlib.Path
        A new folder.
    mlflow_model : mlflow.models.Model, default=None
        What MLflow says of the model; made anew by default.
    metrics : mapping of str to float, default=None
        Stored with it.
    example : table, default=None
        As in `windu.save`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    MissingLibraryError
        If mlflow is not installed.
    PersistenceError
        For what could not be loaded again.

    Examples
    --------
    >>> import windu.mlflow
    >>> windu.mlflow.save_model(est, "credit")  # doctest: +SKIP
    """
    _library()
    from mlflow import pyfunc
    from mlflow.models import Model
    from mlflow.models.utils import _save_example

    if not hasattr(estimator, "example_") or not hasattr(estimator, "predict"):
        raise PersistenceError(
            "MLflow takes a fitted WinduEstimator with a model. Got a "
            f"{type(estimator).__name__} without. Fit it first."
        )
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    save(estimator, path / _FOLDER, metrics=metrics, example=example)
    rows = estimator.example_ if example is None else pd.DataFrame(example)
    described = Model() if mlflow_model is None else mlflow_model
    described.signature = _signature(estimator, rows)
    _save_example(described, rows, str(path))
    pyfunc.add_to_model(described, loader_module="windu.mlflow", data=_FOLDER)
    described.add_flavor(FLAVOR, data=_FOLDER)
    described.save(str(path / "MLmodel"))
    needed = "".join(f"{name}=={version}\n" for name, version in versions().items())
    (path / "requirements.txt").write_text(needed)
    return path


def load_model(
    model_uri: str,
    *,
    trusted: Collection[str] = (),
    featurizer: Callable[..., Any] | None = None,
) -> Any:
    """Return the estimator of a model that was logged.

    Parameters
    ----------
    model_uri : str
        As MLflow names it: ``"models:/credit@production"``, a folder, and so on.
    trusted : collection of str, default=()
        As in `windu.load`.
    featurizer : callable, default=None
        As in `windu.load`.

    Returns
    -------
    WinduEstimator
        Fitted.

    Raises
    ------
    MissingLibraryError
        If mlflow is not installed.
    PersistenceError
        All that `windu.load` raises.

    Examples
    --------
    >>> import windu.mlflow
    >>> windu.mlflow.load_model("models:/credit@production")  # doctest: +SKIP
    """
    mlflow = _library()
    folder = mlflow.artifacts.download_artifacts(artifact_uri=model_uri)
    return load(Path(folder, _FOLDER), trusted=trusted, featurizer=featurizer)


class _Predictor:
    """What MLflow calls: a frame in, a frame of predictions out."""

    def __init__(self, estimator: Any):
        self.estimator = estimator

    def predict(self, frame: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return `predict`, with ``probabilities=True`` in `params` both."""
        probabilities = bool((params or {}).get("probabilities", False))
        if not self.estimator._named and isinstance(frame, pd.DataFrame):
            # MLflow makes a frame of an array, with names that nobody gave.
            frame = frame.to_numpy()
        return predictions(self.estimator, frame, probabilities)


def _load_pyfunc(path: str, model_config: Any = None) -> _Predictor:
    """Load for MLflow, with the names of ``WINDU_TRUSTED``, parted by commas.

    Not with those of ``model_config``: it comes from the model's own folder.
    """
    names = os.environ.get(TRUSTED, "").split(",")
    return _Predictor(load(path, trusted=[name for name in names if name]))


def _signature(estimator: Any, rows: pd.DataFrame) -> Any:
    from mlflow.models import ModelSignature, infer_signature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType

    # MLflow refuses missing values among whole numbers, and whole numbers for others;
    # of the values, windu's own schema decides.
    table = estimator._table_schema
    columns: list[ColSpec | TensorSpec]
    if estimator._named and all(isinstance(name, str) for name in table.names):
        columns = [
            ColSpec(
                AnyType(), name, required=table.action("missing", column) == "raise"
            )
            for name, column in table.by_name.items()
        ]
    else:
        # MLflow knows names that are texts alone; all others go by position.
        columns = [ColSpec(AnyType()) for _ in table.names]
    signature = infer_signature(model_output=predictions(estimator, rows, False))
    parameter = ParamSpec("probabilities", "boolean", False)
    return ModelSignature(
        inputs=Schema(columns),
        outputs=signature.outputs,
        params=ParamSchema([parameter]),
    )


def _library() -> Any:
    try:
        import mlflow
    except ImportError as error:
        raise MissingLibraryError(
            f"MLflow must be installed. Got: {error}. Run pip install 'windu[mlflow]'."
        ) from error
    return mlflow
