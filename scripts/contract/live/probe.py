"""Finds out whether a live run can begin at all, and what there is, before it does anything else."""

from collections.abc import Iterator
from typing import Any

import httpx

from buildkite_emulator.spec import Spec
from scripts.contract.http.outgoing_request import Refused, read_json, text
from scripts.contract.live.cleanup import is_documented, json_of, next_page
from scripts.contract.live.gateway import Gateway, Outage
from scripts.contract.live.guarded_transport import GuardedTransport
from scripts.contract.live.run_channel import UNLIMITED, RunChannel
from scripts.contract.live.settings import LiveSettings
from scripts.contract.target import Target, path_of

TIMEOUT = 30.0
"""Seconds that an answer may take."""


MOST_LISTS = 100
"""Pages of packages and registry tokens that are read to see what existed before a run."""

MOST_PAGES = 1000
"""Pages of registries that are read, likewise."""


class CannotBegin(Exception):
    """A run cannot begin. The message says why, and what would help."""


class BadAnswer(CannotBegin):
    """The list of registries cannot be read, which is a finding."""


def list_registries(settings: LiveSettings) -> list[dict[str, Any]]:
    """List the registries of the organization.

    Raises:
        CannotBegin: they cannot be listed.
        BadAnswer: the API answers with what is no list.
    """
    operation = Spec.load().operations["list_registries"]
    run_channel = RunChannel(str(settings.folder), "none.ledger", "", UNLIMITED, writes=False)
    target = run_channel.target(settings.endpoint, settings.organization, settings.token)
    transport = GuardedTransport(run_channel.gateway(target, backoff=(0.5, 1.0, 2.0)))
    headers = {"Authorization": f"Bearer {settings.token}"}
    where = f"{settings.organization} at {settings.endpoint}"
    with httpx.Client(transport=transport, base_url=target.base_url, headers=headers, timeout=TIMEOUT) as client:
        try:
            response = client.get(operation.path.format(org_slug=settings.organization))
        except Outage as error:
            raise CannotBegin(f"{settings.endpoint} cannot be reached: {error}") from None
        except httpx.RequestError as error:
            raise BadAnswer(f"{settings.endpoint} answers what cannot be read: {error}") from None
    if response.status_code == operation.success:
        registries = read_json(response.content)
        if isinstance(registries, list):
            return [registry for registry in registries if isinstance(registry, dict)]
        raise BadAnswer(f"{settings.endpoint} answers without a list of registries; is it the API?")
    scopes = " or ".join(" and ".join(sorted(each)) for each in operation.scopes)
    reasons = {
        "Unauthorized": f"{settings.endpoint} does not know the token in BUILDKITE_API_TOKEN; is it of this service?",
        "Forbidden": f"the token may not list the registries of {where}; it needs the scope {scopes}",
        "NotFound": f"there is no organization {where}, or the token may not see it",
    }
    for name, reason in reasons.items():
        if response.status_code == operation.errors[name]:
            raise CannotBegin(reason)
    kind = CannotBegin if is_documented(Spec.load(), operation, response) else BadAnswer
    raise kind(f"{settings.endpoint} answers {response.status_code} to a list of registries; is it the API?")


class Snapshot:
    """What exists in an organization before a run writes anything.

    All registries are listed, and as many of their packages and registry tokens as `MOST_LISTS` pages show and the
    token may see.

    Args:
        target: the API.
        gateway: the way there.
    """

    def __init__(self, target: Target, gateway: Gateway) -> None:
        self._target = target
        self._spec = Spec.load()
        self._client = httpx.Client(
            transport=GuardedTransport(gateway),
            base_url=target.base_url,
            headers={"Authorization": f"Bearer {target.token}"},
            timeout=TIMEOUT,
        )
        self._left = MOST_LISTS

    def values(self) -> set[str]:
        """List the IDs and slugs of what exists.

        Raises:
            CannotBegin: the registries cannot be listed.
            BadAnswer: the API answers with what is no list.
        """
        with self._client:
            registries = [each for page in self._pages("list_registries", MOST_PAGES) for each in items(page)]
            found = {value for each in registries for name in ("id", "slug") if (value := text(each.get(name)))}
            for slug in [slug for each in registries if (slug := text(each.get("slug")))]:
                for operation in ("list_registry_tokens", "list_packages"):
                    found.update(self._ids(operation, slug))
        return found

    def _ids(self, operation: str, slug: str) -> Iterator[str]:
        try:
            for page in self._pages(operation, self._left, slug):
                self._left -= 1
                yield from (identifier for each in items(page) if (identifier := text(each.get("id"))))
        except CannotBegin:
            return  # the token may not see them, and then the run's requests cannot reach them either

    def _pages(self, operation_id: str, most: int, *slugs: str) -> Iterator[Any]:
        operation = self._spec.operations[operation_id]
        path = path_of(operation, self._target.organization, *slugs)
        sizes = [f"{each.name}={each.schema['maximum']}" for each in operation.query if "maximum" in each.schema]
        url: str | None = path + "".join(f"?{size}" for size in sizes[:1])
        seen: set[str] = set()
        while url and len(seen) < most and url not in seen:
            seen.add(url)
            try:
                response = self._client.get(url)
            except (Outage, Refused, httpx.RequestError, httpx.InvalidURL) as error:
                kind = CannotBegin if isinstance(error, Outage) else BadAnswer
                raise kind(f"what exists cannot be listed: {str(error) or type(error).__name__}") from None
            page = json_of(response)
            if response.status_code != operation.success or not isinstance(page, dict | list):
                is_error = response.status_code != operation.success
                kind = CannotBegin if is_error and is_documented(self._spec, operation, response) else BadAnswer
                raise kind(
                    f"what exists cannot be listed, as {operation_id} answers {response.status_code}, "
                    f"{'without JSON' if page is None else 'with JSON'}"
                )
            yield page
            url = following(response, page)


def following(response: httpx.Response, page: Any) -> str | None:
    """Find the path and query of the next page, which the header `Link` or the body names; None where neither does."""
    links = page.get("links") if isinstance(page, dict) else None
    address = next_page(response) or text(links.get("next") if isinstance(links, dict) else None)
    try:
        return httpx.URL(address).raw_path.decode("ascii") if address else None
    except (httpx.InvalidURL, ValueError):
        return None


def items(page: Any) -> list[dict[str, Any]]:
    """List the objects of a page, which is an array or holds one."""
    every = page.get("items") if isinstance(page, dict) else page
    return [each for each in every if isinstance(each, dict)] if isinstance(every, list) else []
