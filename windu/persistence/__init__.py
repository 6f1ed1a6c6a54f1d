"""One estimator or part to a file and back, without pickle."""

from windu.persistence.card import model_card
from windu.persistence.files import load, load_part, save
from windu.persistence.trust import trusted_types
from windu.persistence.trust.inspection import Inspection, inspect

__all__ = [
    "Inspection",
    "inspect",
    "load",
    "load_part",
    "model_card",
    "save",
    "trusted_types",
]
