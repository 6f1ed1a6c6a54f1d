"""scikit-learn's fitted trees, of which no public name exists."""

from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import Tree

__all__ = ["Tree", "TreePredictor"]
