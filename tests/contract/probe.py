"""Finds out whether a live run can begin at all, before it does anything else."""

from typing import Any

import httpx

from buildkite_emulator.spec import Spec
from buildkite_packages.parsing import read_json
from tests.contract.adapters import GuardedTransport
from tests.contract.gateway import Outage
from tests.contract.live_settings import LiveSettings
from tests.contract.passage import UNLIMITED, Passage

TIMEOUT = 30.0
"""Seconds that an answer may take."""


class CannotBegin(Exception):
    """A run cannot begin. The message says why, and what would help."""


def list_registries(settings: LiveSettings) -> list[dict[str, Any]]:
    """List the registries of the organization.

    Raises:
        CannotBegin: they cannot be listed.
    """
    operation = Spec.load().operations["list_registries"]
    passage = Passage(str(settings.folder), "none.ledger", "", UNLIMITED, writes=False)
    target = passage.target(settings.endpoint, settings.organization, settings.token)
    transport = GuardedTransport(passage.gateway(target, backoff=(0.5, 1.0, 2.0)))
    headers = {"Authorization": f"Bearer {settings.token}"}
    where = f"{settings.organization} at {settings.endpoint}"
    with httpx.Client(transport=transport, base_url=target.base_url, headers=headers, timeout=TIMEOUT) as client:
        try:
            response = client.get(operation.path.format(org_slug=settings.organization))
        except Outage as error:
            raise CannotBegin(f"{settings.endpoint} cannot be reached: {error}") from None
    if response.status_code == operation.success:
        try:
            registries = read_json(response.content)
        except ValueError:
            registries = None
        if isinstance(registries, list):
            return [registry for registry in registries if isinstance(registry, dict)]
        raise CannotBegin(f"{settings.endpoint} answers without a list of registries; is it the API?")
    scopes = " or ".join(" and ".join(sorted(each)) for each in operation.scopes)
    reasons = {
        "Unauthorized": f"{settings.endpoint} does not know the token in BUILDKITE_API_TOKEN; is it of this service?",
        "Forbidden": f"the token may not list the registries of {where}; it needs the scope {scopes}",
        "NotFound": f"there is no organization {where}, or the token may not see it",
    }
    for name, reason in reasons.items():
        if response.status_code == operation.errors[name]:
            raise CannotBegin(reason)
    raise CannotBegin(f"{settings.endpoint} answers {response.status_code} to a list of registries; is it the API?")
