"""Thresholds: rules that turn scores to labels, and the search for their cuts."""

from windu.components.thresholds.display import ThresholdCurveDisplay
from windu.components.thresholds.selector import ThresholdSelector

__all__ = ["ThresholdCurveDisplay", "ThresholdSelector"]
