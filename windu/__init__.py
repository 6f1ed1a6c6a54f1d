"""windu turns a raw table into a validated, safely stored predictor.

Examples
--------
>>> from windu import WinduEstimator
>>> from windu.datasets import load_penguins
>>> X, y = load_penguins(return_X_y=True)
>>> WinduEstimator(random_state=0).fit(X, y).predict(X[:2])
array(['Adelie', 'Adelie'], dtype=object)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windu import datasets, exceptions, mlflow
    from windu.components import (
        AutoFeaturizer,
        AutoTransformer,
        BoostedBlendClassifier,
        BoostedBlendRegressor,
        IndicatorEncoder,
        LabelwiseClassifier,
        LogEncoder,
        StoredPart,
        TextEncoder,
        ThresholdCurveDisplay,
        ThresholdSelector,
        WeightedEnsembleClassifier,
        WeightedEnsembleRegressor,
        register,
    )
    from windu.config import from_yaml, to_yaml
    from windu.estimator import WinduEstimator
    from windu.exceptions import DataWarning
    from windu.metastore import Metastore, StoredRun
    from windu.persistence import (
        Inspection,
        inspect,
        load,
        load_part,
        model_card,
        save,
        trusted_types,
    )
    from windu.pipeline import (
        PipelineResult,
        PredictionPipeline,
        SearchResult,
        TrainingPipeline,
        predict_file,
    )
    from windu.reports import Report, report
    from windu.schema import ValidationReport, infer_schema
    from windu.search import OptunaSearchCV, default_space

__version__ = "0.1.0"

_HOMES = {
    "AutoFeaturizer": "windu.components",
    "AutoTransformer": "windu.components",
    "BoostedBlendClassifier": "windu.components",
    "BoostedBlendRegressor": "windu.components",
    "DataWarning": "windu.exceptions",
    "IndicatorEncoder": "windu.components",
    "Inspection": "windu.persistence",
    "LabelwiseClassifier": "windu.components",
    "LogEncoder": "windu.components",
    "Metastore": "windu.metastore",
    "OptunaSearchCV": "windu.search",
    "PipelineResult": "windu.pipeline",
    "PredictionPipeline": "windu.pipeline",
    "Report": "windu.reports",
    "SearchResult": "windu.pipeline",
    "StoredPart": "windu.components",
    "StoredRun": "windu.metastore",
    "TextEncoder": "windu.components",
    "ThresholdCurveDisplay": "windu.components",
    "ThresholdSelector": "windu.components",
    "TrainingPipeline": "windu.pipeline",
    "ValidationReport": "windu.schema",
    "WeightedEnsembleClassifier": "windu.components",
    "WeightedEnsembleRegressor": "windu.components",
    "WinduEstimator": "windu.estimator",
    "datasets": "",
    "default_space": "windu.search",
    "exceptions": "",
    "from_yaml": "windu.config",
    "infer_schema": "windu.schema",
    "inspect": "windu.persistence",
    "load": "windu.persistence",
    "load_part": "windu.persistence",
    "mlflow": "",
    "model_card": "windu.persistence",
    "predict_file": "windu.pipeline",
    "register": "windu.components",
    "report": "windu.reports",
    "save": "windu.persistence",
    "to_yaml": "windu.config",
    "trusted_types": "windu.persistence",
}

__all__ = [
    "AutoFeaturizer",
    "AutoTransformer",
    "BoostedBlendClassifier",
    "BoostedBlendRegressor",
    "DataWarning",
    "IndicatorEncoder",
    "Inspection",
    "LabelwiseClassifier",
    "LogEncoder",
    "Metastore",
    "OptunaSearchCV",
    "PipelineResult",
    "PredictionPipeline",
    "Report",
    "SearchResult",
    "StoredPart",
    "StoredRun",
    "TextEncoder",
    "ThresholdCurveDisplay",
    "ThresholdSelector",
    "TrainingPipeline",
    "ValidationReport",
    "WeightedEnsembleClassifier",
    "WeightedEnsembleRegressor",
    "WinduEstimator",
    "datasets",
    "default_space",
    "exceptions",
    "from_yaml",
    "infer_schema",
    "inspect",
    "load",
    "load_part",
    "mlflow",
    "model_card",
    "predict_file",
    "register",
    "report",
    "save",
    "to_yaml",
    "trusted_types",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module 'windu' has no attribute {name!r}")
        home = _HOMES[name]
        value = import_module(home or f"windu.{name}")
        if home:
            value = getattr(value, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
