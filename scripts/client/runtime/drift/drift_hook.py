"""Checks each answer for drift and notifies those who asked for it."""

import inspect
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import httpx

from ..errors import ConfigurationError
from ..http.base_errors import shortened
from ..http.operation import Operation

if TYPE_CHECKING:
    from .checker import Drift

log = logging.getLogger(__name__.rsplit(".", 2)[0])

OnDrift = Callable[["Drift"], object]
"""Called with each drift, where the answer is read; it is a plain function for awaited clients too."""

listeners: "list[Callable[[list[Drift]], object]]" = []
"""Called with the drifts of each answer to any client, with none for an answer that fits; `pytest_plugin` adds one."""


class ObservedClient(Protocol):
    """A client, as the hook sees it; `Client` is one."""

    @property
    def on_drift(self) -> "OnDrift | None":
        """What is called with each drift."""
        ...

    def masked(self, text: str) -> str:
        """Mask the token in a text."""
        ...


def check_on_drift(on_drift: object) -> None:
    """Check that a setting can be called with drifts, and that the checker is installed; None loads nothing.

    Raises:
        ConfigurationError: it is no plain function, or jsonschema-rs is not installed.
    """
    if on_drift is None:
        return
    if not callable(on_drift) or any(map(inspect.iscoroutinefunction, (on_drift, type(on_drift).__call__))):
        raise ConfigurationError(f"on_drift is {on_drift!r}; it should be a plain function that takes a Drift")
    from .checker import shared  # noqa: PLC0415 - loads for those who ask for it

    shared()


def notify(client: ObservedClient, operation: Operation, response: httpx.Response) -> None:
    """Notify those who asked for it of each drift of an answer. A fault of the checker or of a callback is logged.

    Args:
        client: the client that called; its `on_drift` is called, with the token masked in each drift.
        operation: what was asked for.
        response: the answer, read to its end; the redirects that led to it are checked as well.
    """
    try:
        found = [drift for each in (*response.history, response) for drift in drifts(client, operation, each)]
    except Exception as error:  # a call must not fail because of it
        log.warning("an answer to %s could not be checked for drift: %s", operation.id, type(error).__name__)
        return
    for listener in listeners:
        listener(found)
    on_drift = client.on_drift
    for drift in found:
        try:
            if on_drift is not None:
                on_drift(drift)
        except Exception as error:
            fault = client.masked(f"{type(error).__name__}: {error}")
            log.warning("on_drift failed at a drift of %s with %s", operation.id, shortened(fault))


def drifts(client: ObservedClient, operation: Operation, response: httpx.Response) -> "list[Drift]":
    """Check one answer."""
    from .checker import shared  # noqa: PLC0415 - loads for those who ask for it

    request = response.request
    return shared().check(
        request.method,
        str(request.url),
        response.status_code,
        response.headers,
        response.content,
        operation=operation.id,
        mask=client.masked,
    )
