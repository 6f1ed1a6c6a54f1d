"""`WinduEstimator`: the parts as one scikit-learn estimator."""

from windu.estimator.estimator import WinduEstimator

__all__ = ["WinduEstimator"]
