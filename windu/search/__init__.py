"""Model selection: searches that resume and share their work."""

from windu.search.defaults import default_space
from windu.search.optuna_search import OptunaSearchCV

__all__ = ["OptunaSearchCV", "default_space"]
