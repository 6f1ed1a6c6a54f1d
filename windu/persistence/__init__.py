"""One estimator or part to a file and back, without pickle."""

from windu.persistence.files import load, load_part, save
from windu.persistence.trust import trusted_types

__all__ = ["load", "load_part", "save", "trusted_types"]
