"""Featurizers, transformers, label encoders and models: scikit-learn components."""

from windu.components.featurizers import AutoFeaturizer
from windu.components.label_encoders import IndicatorEncoder
from windu.components.models import LabelwiseClassifier

__all__ = ["AutoFeaturizer", "IndicatorEncoder", "LabelwiseClassifier"]
