"""Estimator: scikit-learn's metadata routing, by which its tools pass weights on; built when it is asked for.

The requests are those that scikit-learn gives its own estimators: the arguments of each method beside the data.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

_METHODS: Final = ("fit", "partial_fit", "predict", "score")
_DATA: Final = ("self", "X", "y")


def routing(estimator: Any) -> Any:  # noqa: ANN401  # of scikit-learn's types, which may not be there
    """The metadata that an estimator requests of scikit-learn's tools: its `MetadataRequest`, a copy."""
    from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

    if "_metadata_request" in estimator.__dict__:
        return get_routing_for_object(estimator._metadata_request)
    requests = MetadataRequest(owner=type(estimator).__name__)
    for method in _METHODS:
        for name in _arguments(type(estimator), method):
            getattr(requests, method).add_request(param=name, alias=None)
    return requests


def _arguments(cls: type, method: str) -> list[str]:
    """The arguments of a method beside the data."""
    taken = getattr(cls, method, None)
    if taken is None:
        return []
    return sorted(name for name in inspect.signature(taken).parameters if name not in _DATA)


class RequestSetter:
    """`set_fit_request` and its like: chooses what scikit-learn's tools pass on to a method."""

    def __init__(self, method: str) -> None:
        """Of one method."""
        self._method = method

    def __get__(self, estimator: Any, cls: type) -> Callable[..., Any]:  # noqa: ANN401  # any estimator
        """The method of an estimator, with scikit-learn's signature and refusals.

        Raises:
            AttributeError: if there is no scikit-learn, whose tools alone ask for it.
        """
        try:
            from sklearn.utils._metadata_requests import RequestMethod
        except ImportError as error:
            raise AttributeError(
                f"set_{self._method}_request is for scikit-learn's tools: pip install 'streamreg[sklearn]'"
            ) from error
        found: Callable[..., Any] = RequestMethod(
            self._method, _arguments(cls, self._method)
        ).__get__(estimator, cls)
        return found
