"""Featurizers, transformers, label encoders, models and thresholds, as components."""

from windu.components.blend import BoostedBlendClassifier, BoostedBlendRegressor
from windu.components.ensemble import (
    WeightedEnsembleClassifier,
    WeightedEnsembleRegressor,
)
from windu.components.featurizers import AutoFeaturizer
from windu.components.label_encoders import IndicatorEncoder
from windu.components.labelwise import LabelwiseClassifier
from windu.components.log_encoder import LogEncoder
from windu.components.registry import StoredPart, register
from windu.components.text import TextEncoder
from windu.components.thresholds import ThresholdCurveDisplay, ThresholdSelector
from windu.components.transformers import AutoTransformer

__all__ = [
    "AutoFeaturizer",
    "AutoTransformer",
    "BoostedBlendClassifier",
    "BoostedBlendRegressor",
    "IndicatorEncoder",
    "LabelwiseClassifier",
    "LogEncoder",
    "StoredPart",
    "TextEncoder",
    "ThresholdCurveDisplay",
    "ThresholdSelector",
    "WeightedEnsembleClassifier",
    "WeightedEnsembleRegressor",
    "register",
]
