"""`WinduEstimator.replace`: other parts in a fitted estimator, without training."""

from __future__ import annotations

import copy
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from windu.estimator.features import asked_for_frames
from windu.estimator.layout import laid_out
from windu.estimator.new_threshold import (
    fitted_threshold,
    kept_threshold,
    renamed_threshold,
)
from windu.estimator.parts import fresh_part
from windu.estimator.proof import proved, report_of
from windu.exceptions import PartError

__all__ = ["Replacing"]


class _Unchanged:
    """Stands for a part that is not replaced; None is a part that is absent."""

    def __repr__(self) -> str:
        return "<kept>"


_UNCHANGED: Any = _Unchanged()


class Replacing:
    """The part of `WinduEstimator` that swaps fitted parts."""

    task_: str | None
    classes_: np.ndarray
    model_: Any
    threshold: Any
    threshold_: Any
    replacement_report_: pd.DataFrame

    #: Whether the featurizer is another one than features were learned with.
    _swapped: bool = False

    def replace(
        self,
        *,
        featurizer: Any = _UNCHANGED,
        transformer: Any = _UNCHANGED,
        label_encoder: Any = _UNCHANGED,
        model: Any = _UNCHANGED,
        threshold: Any = _UNCHANGED,
    ) -> Self:
        """Return the fitted estimator with other parts, not trained again.

        The stored example, ``example_``, goes through the new chain as a proof. What
        is not given stays; None takes a part out. The parameters of the same name
        follow, so that a clone is trained with the new parts.

        Parameters
        ----------
        featurizer : callable, transformer or None
            A function from frame to frame, or a fitted transformer. It must give the
            features of training: the same names, values of the same meaning. Order,
            extra columns and dtypes are put right, here and in each prediction.
        transformer : callable, transformer or None
            A fitted one that takes these features, and gives a matrix as wide as
            before.
        label_encoder : transformer or None
            A fitted one: other names of as many classes, another scale of values.
        model : estimator or None
            A fitted one, for the same task, fitted on such a matrix and on codes as
            the label encoder gives them.
        threshold : float, list of float, ThresholdSelector or None
            Fixed cuts (or weights of several classes), a selector fitted on scores of
            this estimator, or None for the model's own decision. `predict_proba` and
            `classes_` stay as they are; `predict` follows. Nothing is replayed for it.

        Returns
        -------
        WinduEstimator
            A new one; this one does not change. Its ``replacement_report_`` tells how
            far the values of the example moved: a frame with one row a feature, one for
            the matrix, and one each for scores and predictions. It is not saved.

        Raises
        ------
        FeatureSchemaError
            If the new featurizer gives other features; ``report`` has all differences.
        PartError
            If a part is not fitted, or does not fit the others.

        Examples
        --------
        >>> from windu import WinduEstimator
        >>> from windu.datasets import load_nhefs
        >>> X, y = load_nhefs(return_X_y=True)
        >>> def in_pounds(frame):
        ...     return frame.assign(wt71=frame["wt71"] * 2.2)
        >>> def in_stones(frame):
        ...     return frame.assign(wt71=frame["wt71"] * 0.157)
        >>> est = WinduEstimator("linear", featurizer=in_pounds).fit(X, y)
        >>> other = est.replace(featurizer=in_stones)
        >>> report = other.replacement_report_.set_index("name")
        >>> int(report.loc["wt71", "n_changed"]), int(report.loc["age", "n_changed"])
        (20, 0)
        >>> float(est.replace(threshold=0.2).threshold_.thresholds_[0])
        0.2
        """
        check_is_fitted(self)
        parts = {
            "featurizer": featurizer,
            "transformer": transformer,
            "label_encoder": label_encoder,
            "model": model,
            "threshold": threshold,
        }
        new_parts = {
            name: part for name, part in parts.items() if part is not _UNCHANGED
        }
        if not new_parts:
            raise PartError(
                f"replace must be told what to replace. Got none of {list(parts)}."
            )
        replaced = copy.copy(self)
        vars(replaced).pop("replacement_report_", None)
        for name, part in new_parts.items():
            setattr(replaced, name, clone(part) if _is_estimator(part) else part)
            if name != "threshold":
                setattr(replaced, f"{name}_", self._fitted_part(name, part))
        if "featurizer" in new_parts:
            replaced._swapped = True
        if new_parts.keys() == {"threshold"}:
            replaced.threshold_ = fitted_threshold(replaced, threshold)
            return replaced
        replaced._replace_parts(self, new_parts)
        return replaced

    def _fitted_part(self, name: str, part: Any) -> Any:
        """Return a copy of a fitted part, or what stands for a function."""
        if part is None:
            return None
        if isinstance(part, str):
            raise PartError(
                f"A new {name} must be fitted. Got the name {part!r}, of which fit "
                f"makes a {name}. Pass a fitted object, or set it as a parameter and "
                "call fit."
            )
        fresh = fresh_part(name, part, classifier=self.task_ != "regression")
        part_copy = laid_out(copy.deepcopy(part)) if _is_estimator(part) else fresh
        return asked_for_frames(part_copy) if name == "featurizer" else part_copy

    def _replace_parts(self, est: Any, new_parts: dict[str, Any]) -> None:
        """Prove parts that were set, and choose what becomes of the threshold."""
        before, after = proved(est, self, new_parts)
        self.threshold_ = renamed_threshold(self)
        if "threshold" in new_parts:
            self.threshold_ = fitted_threshold(self, new_parts["threshold"])
        elif "model" in new_parts:
            kept_threshold(self)
        self.replacement_report_ = report_of(est, self, before, after)

    def _forget_replacement(self) -> None:
        """All parts are of one training again."""
        self._swapped = False
        vars(self).pop("replacement_report_", None)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {k: v for k, v in state.items() if k != "replacement_report_"}


def _is_estimator(part: Any) -> bool:
    return hasattr(part, "get_params") and not isinstance(part, type)
