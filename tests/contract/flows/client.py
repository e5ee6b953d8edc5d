"""The client, beside what the API says to a plain request."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from buildkite_packages import NotFound, PackageRegistries, ValidationFailed
from buildkite_packages.http.parsing import strict
from scripts.contract.flows.builders import digests, new_registry, new_token, owned, publish, things
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import FlowClient, operation_place, schema_place
from scripts.samples import packages

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)")


def read(model: Any) -> Any:
    """Turn a model back into JSON."""
    return plain(model.to_dict())


def plain(value: Any) -> Any:
    """Write each time in JSON in one way; the client's models hold times, whose spelling is lost."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, str) and TIME.fullmatch(value):
        return datetime.fromisoformat(value).isoformat()
    return value


@flow()
@strict()
def client_says_what_the_api_says(api: FlowClient) -> None:
    """The client gives back what the API says, and sends what it is told."""
    with PackageRegistries(
        api.target.token,
        api.target.organization,
        base_url=api.target.base_url,
        httpx_args=api.client_settings(),
    ) as buildkite:
        check = ClientCheck(api)
        made = buildkite.registries.create(name=api.name(), ecosystem="files", description="first", color="#abc")
        slug = made.slug
        check.same(made, api.call("get_registry", slug), "create_registry")
        check.same(buildkite.registries.get(slug), api.call("get_registry", slug), "get_registry")
        updated = buildkite.registries.update(slug, description="second")
        check.same(updated, api.call("get_registry", slug), "update_registry")
        api.same(
            updated.description, "second", "the description sent by the client", operation_place("update_registry")
        )
        rows = owned(api, [read(each) for each in buildkite.registries.list()])
        api.same(
            rows,
            plain(owned(api, api.call("list_registries"))),
            "the client's list",
            operation_place("list_registries"),
        )
        registry = read(buildkite.registries.get(slug))
        name, content = packages.generic("banana", "1.0.0", b"text")
        package = buildkite.packages.publish(slug, content, filename=name)
        check.same(package, api.call("get_package", slug, str(package.id)), "publish_package")
        shown = read(package).get("digests")
        api.same(shown, digests(content), "the digests of what the client sent", schema_place("Package", "digests"))
        check.same(
            buildkite.packages.get(slug, package.id), api.call("get_package", slug, str(package.id)), "get_package"
        )
        for number in range(3):
            publish(api, registry, packages.generic(f"grapes{number}", "1.0.0"))
        rows = [read(each) for each in buildkite.packages.list(slug, per_page=2)]
        page = api.call("list_packages", slug, params={"per_page": "100"})
        api.same(rows, plain(page["items"]), "the packages that the client walks", operation_place("list_packages"))
        rows = [read(each) for each in buildkite.packages.list(slug, name="banana")]
        place = operation_place("list_packages")
        api.same(rows, plain(page["items"][-1:]), "the packages that the client picks", place)
        other = new_registry(api)
        copy = buildkite.packages.copy(slug, package.id, to=other["slug"])
        check.same(copy, api.call("get_package", other["slug"], str(copy.id)), "copy_package")
        token = buildkite.registry_tokens.create(slug, description="Usher")
        known = new_token(api, registry)
        found = {**read(token)}
        found.pop("token", None)
        api.same(
            found,
            plain(api.call("get_registry_token", slug, str(token.id))),
            "the client's token",
            operation_place("create_registry_token"),
        )
        again = buildkite.registry_tokens.get(slug, known["id"])
        check.same(again, api.call("get_registry_token", slug, known["id"]), "get_registry_token")
        renamed = buildkite.registry_tokens.update(slug, known["id"], description="other")
        check.same(renamed, api.call("get_registry_token", slug, known["id"]), "update_registry_token")
        ids = sorted(str(each.id) for each in buildkite.registry_tokens.list(slug))
        wanted = sorted(str(each.get("id")) for each in things(api.call("list_registry_tokens", slug)))
        api.same(ids, wanted, "the client's tokens", operation_place("list_registry_tokens"))
        buildkite.registry_tokens.delete(slug, known["id"])
        api.refused("NotFound", "get_registry_token", slug, known["id"], why="the client deleted it")
        check.raises(
            ValidationFailed, lambda: buildkite.registries.create(name=made.name, ecosystem="files"), "create_registry"
        )
        buildkite.packages.delete(slug, package.id)
        check.raises(NotFound, lambda: buildkite.packages.get(slug, package.id), "get_package")
        buildkite.registries.delete(slug)
        check.raises(NotFound, lambda: buildkite.registries.get(slug), "get_registry")


class ClientCheck:
    """Holds what the client gives against what the API says.

    Args:
        api: the conversation.
    """

    def __init__(self, api: FlowClient) -> None:
        self._api = api

    def same(self, model: Any, answer: Any, operation_id: str) -> None:
        """See that a model holds what an answer does."""
        self._api.same(
            read(model), plain(answer), f"what the client gives for {operation_id}", operation_place(operation_id)
        )

    def raises(self, kind: type[Exception], call: Callable[[], object], operation_id: str) -> None:
        """See that a call of the client raises an error."""
        try:
            call()
        except kind:
            return
        except Exception as error:
            received = type(error).__name__
        else:
            received = "a success"
        self._api.found("client", f"{kind.__name__} from the client", received, operation_place(operation_id))
