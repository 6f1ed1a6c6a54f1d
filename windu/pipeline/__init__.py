"""Training and prediction pipelines around the estimator."""

from windu.pipeline.evaluation import evaluate
from windu.pipeline.model_selection import SearchResult
from windu.pipeline.prediction import PredictionPipeline
from windu.pipeline.result import PipelineResult
from windu.pipeline.scoring import predict_file, read_table
from windu.pipeline.training import TrainingPipeline

__all__ = [
    "PipelineResult",
    "PredictionPipeline",
    "SearchResult",
    "TrainingPipeline",
    "evaluate",
    "predict_file",
    "read_table",
]
