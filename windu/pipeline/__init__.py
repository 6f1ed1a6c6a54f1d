"""Steps before and behind the estimator's: tables in, predictions out."""

from windu.pipeline.scoring import predict_file

__all__ = ["predict_file"]
