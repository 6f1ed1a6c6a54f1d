"""Parameters of parts, also of parts that are still names."""

from __future__ import annotations

from inspect import signature
from typing import Any, Self

from windu._compat.bases import BaseEstimator
from windu.estimator.delegation import type_before_fit
from windu.estimator.parts import PARTS, named_part
from windu.exceptions import PartError, did_you_mean

__all__ = ["PartParameters"]


class PartParameters(BaseEstimator):
    """`set_params` that makes a part of its name first."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of parts that are still names.

        Parameters
        ----------
        **params : dict
            ``model__learning_rate=0.1`` also works for ``model="auto"``, wherever the
            name or the task decides its class.

        Returns
        -------
        WinduEstimator
            Itself.

        Raises
        ------
        PartError
            For a name that does not exist, with the nearest one.
        """
        own = self._get_param_names()
        for name in (key.partition("__")[0] for key in params):
            if name not in own:
                raise PartError(
                    f"Invalid parameter {name!r} for estimator WinduEstimator. Valid "
                    f"parameters are: {own}." + did_you_mean(name, own)
                )
        plain = {key: value for key, value in params.items() if "__" not in key}
        nested = {key: value for key, value in params.items() if "__" in key}
        super().set_params(**plain)
        for key in nested:
            self._check_nested(*key.split("__", 1))
        super().set_params(**nested)
        return self

    def _check_nested(self, part: str, name: str) -> None:
        """Make a part of a name, and raise if it has no such parameter."""
        if part in PARTS and isinstance(getattr(self, part), str):
            kind = type_before_fit(self, exact=True)
            classifier = None if kind is None else kind == "classifier"
            fresh = named_part(part, getattr(self, part), classifier=classifier)
            setattr(self, part, fresh)
        part_value = getattr(self, part)
        if not hasattr(part_value, "get_params"):
            raise PartError(
                f"{part}__{name} needs a {part} with parameters. Got {part_value!r}. "
                "Pass an "
                f"estimator as {part} first."
            )
        # Some libraries take parameters that they do not list.
        listed, arguments = (
            part_value.get_params(deep=True),
            signature(type(part_value).__init__),
        )
        names = sorted({*listed, *arguments.parameters} - {"self", "kwargs"})
        first = name.partition("__")[0]
        if first not in names and not _takes_any(part_value):
            raise PartError(
                f"Invalid parameter {first!r} for the {part} "
                f"{type(part_value).__name__}. "
                f"Valid parameters are: {names}." + did_you_mean(first, names)
            )


def _takes_any(part: Any) -> bool:
    parameters = signature(type(part).__init__).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
