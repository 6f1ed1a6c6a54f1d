"""Steps before and behind the estimator's: tables in, predictions out."""

from windu.pipeline.scoring import predict_file, read_table

__all__ = ["predict_file", "read_table"]
