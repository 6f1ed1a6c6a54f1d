"""Featurizers, transformers, label encoders and models: scikit-learn components."""

from windu.components.blend import BoostedBlendClassifier, BoostedBlendRegressor
from windu.components.featurizers import AutoFeaturizer
from windu.components.label_encoders import IndicatorEncoder
from windu.components.labelwise import LabelwiseClassifier
from windu.components.text import TextEncoder

__all__ = [
    "AutoFeaturizer",
    "BoostedBlendClassifier",
    "BoostedBlendRegressor",
    "IndicatorEncoder",
    "LabelwiseClassifier",
    "TextEncoder",
]
