"""Tells of drift: hands each answer to the checker, and what that finds to whoever asked for it."""

import inspect
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx

from ..errors import ConfigurationError
from ..http.base_errors import shortened
from ..http.operation import Operation

if TYPE_CHECKING:
    from ..client import Client
    from .checker import Drift

log = logging.getLogger(__name__.rsplit(".", 2)[0])

OnDrift = Callable[["Drift"], object]
"""Told of each drift. It is called where the answer is read, so it is a plain function for awaited clients too."""

watchers: "list[Callable[[list[Drift]], object]]" = []
"""Those who get the drifts of each answer to any client, none for an answer that fits; `pytest_plugin` is one."""


def check_on_drift(on_drift: object) -> None:
    """See that a setting can be told of drift, and that the checker is there; nothing is loaded for None.

    Raises:
        ConfigurationError: it is no plain function, or jsonschema-rs is not installed.
    """
    if on_drift is None:
        return
    if not callable(on_drift) or any(map(inspect.iscoroutinefunction, (on_drift, type(on_drift).__call__))):
        raise ConfigurationError(f"on_drift is {on_drift!r}; it should be a plain function that takes a Drift")
    from .checker import shared  # noqa: PLC0415 - loads for those who ask for it

    shared()


def tell(client: "Client", operation: Operation, response: httpx.Response) -> None:
    """Tell whoever asked for it of each drift of an answer. No fault of the checker or of a callback gets out.

    Args:
        client: the client that called; its `on_drift` is told, and the token is masked in what it is told.
        operation: what was asked for.
        response: the answer, read to its end; the redirects that led to it are checked as well.
    """
    try:
        found = [drift for each in (*response.history, response) for drift in drifts(client, operation, each)]
    except Exception as error:  # a call must not fail because of it
        log.warning("an answer to %s could not be checked for drift: %s", operation.id, type(error).__name__)
        return
    for watcher in watchers:
        watcher(found)
    on_drift = client.on_drift
    for drift in found:
        try:
            if on_drift is not None:
                on_drift(drift)
        except Exception as error:
            fault = client.masked(f"{type(error).__name__}: {error}")
            log.warning("on_drift failed at a drift of %s with %s", operation.id, shortened(fault))


def drifts(client: "Client", operation: Operation, response: httpx.Response) -> "list[Drift]":
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
