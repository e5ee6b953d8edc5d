"""Who may do what: authentication and scopes."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from scripts.contract.flows.builders import (
    RIGHT,
    UNKNOWN_ID,
    listed,
    new_registry,
    new_token,
    publish,
    same_registry,
    summary_of,
    things,
)
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import SPEC, FlowClient, described, operation_place
from tests.contract.flows.packages import same_package
from tests.contract.flows.registry_tokens import check_token


class Untouched:
    """A registry with a package and a token, which nobody is allowed to change.

    Args:
        api: the conversation.
    """

    def __init__(self, api: FlowClient) -> None:
        self._api = api
        self.registry = new_registry(api, description="first")
        self.package = publish(api, self.registry)
        self.token = new_token(api, self.registry)
        self.other = new_registry(api)

    def path(self, operation_id: str) -> tuple[str, ...]:
        """Name these things to an operation."""
        ids = {"registries": self.registry["slug"], "packages": self.package["id"], "tokens": self.token["id"]}
        collections = [collection for collection, _ in SPEC.operations[operation_id].collections][1:]
        if not ids.keys() >= set(collections):
            return RIGHT[operation_id](self._api)[0]  # of another kind than these things
        return tuple(ids[each] for each in collections)

    def check(self, what: str, names: Sequence[str | None]) -> None:
        """See that all of it is as it was, and that no registry was made under one of the names."""
        api, slug = self._api, self.registry["slug"]
        same_registry(api, api.call("get_registry", slug), self.registry, f"a registry after {what}")
        same_package(api, api.call("get_package", slug, self.package["id"]), self.package, f"a package after {what}")
        check_token(api, api.call("get_registry_token", slug, self.token["id"]), self.token, f"a token after {what}")
        place = operation_place("publish_package")
        api.same(listed(api, self.registry), [summary_of(self.package)], f"the packages after {what}", place)
        api.same(listed(api, self.other), [], f"the packages elsewhere after {what}", operation_place("copy_package"))
        ids = [each.get("id") for each in things(api.call("list_registry_tokens", slug))]
        api.same(ids, [self.token["id"]], f"the tokens after {what}", operation_place("create_registry_token"))
        made = [each.get("name") for each in things(api.call("list_registries")) if each.get("name") in names]
        api.same(made, [], f"the registries made by {what}", operation_place("create_registry"))


@flow(settles=["#/components/responses/Unauthorized"])
def every_operation_wants_a_token(api: FlowClient) -> None:
    """Without a valid access token each operation answers 401, and nothing happens."""
    untouched = Untouched(api)
    known = api.target.token
    password = b64encode(f"buildkite:{known}".encode()).decode()
    api.recorder.secrets.add(password)
    api.recorder.secrets.add(known[:-1])  # what is cut short tells as much as the whole
    wrong = {
        "no token was sent": None,
        "nobody knows the token": "Bearer no-such-token",
        "the token is cut short": f"Bearer {known[:-1]}",
        "something follows the token": f"Bearer {known}x",
        "the scheme is another": f"Basic {known}",
        "there is no scheme": known,
        "the token is a password": f"Basic {password}",
        "there is no token behind the scheme": "Bearer",
    }
    names = []
    for operation_id, make in RIGHT.items():
        _, arguments = make(api)
        names.append(arguments.get("json", {}).get("name"))
        for why, authorization in wrong.items():
            path = untouched.path(operation_id)
            given = {"token": None} if authorization is None else {"authorization": authorization}
            api.refused("Unauthorized", operation_id, *path, why=why, **given, **arguments)
    untouched.check("calls without a valid token", names)


@flow(
    settles=[
        "What is wrong in several ways is refused for its token, its scopes, its path or its content, in this order."
    ]
)
def refusals_have_an_order(api: FlowClient) -> None:
    """What is wrong with a token is said before what is not there, and that before what is wrong with the content."""
    nowhere = f"{api.target.prefix}-no-such-registry"
    scopeless = api.target.scoped.get(frozenset())
    for operation_id, operation in SPEC.operations.items():
        path = (nowhere, UNKNOWN_ID)[: len(operation.collections) - 1]
        wrong: dict[str, Any] = {}
        if operation.file_field:
            wrong = {"files": {"other": ("banana", b"text")}}
        elif operation.media_type:
            wrong = {"json": {"name": api.name(), "description": 7}}
        elif operation_id == "list_packages":
            wrong = {"params": {"page": "0"}}
        api.refused("Unauthorized", operation_id, *path, token=None, why="no token was sent", **wrong)
        if scopeless:
            api.refused("Forbidden", operation_id, *path, token=scopeless, why="the token has no scopes", **wrong)
        if path:
            api.refused("NotFound", operation_id, *path, why="there is no such registry", **wrong)


@flow(settles=["#/components/responses/Forbidden"])
def every_operation_wants_its_scopes(api: FlowClient) -> None:
    """A token that has the scopes of an operation may call it, and one that lacks them gets 403 and changes nothing."""
    untouched = Untouched(api)
    given = {operation_id: make(api)[1] for operation_id, make in RIGHT.items()}
    for scopes, token in sorted(api.target.scoped.items(), key=lambda item: (len(item[0]), sorted(item[0]))):
        has = " and ".join(sorted(scopes)) or "nothing"
        for operation_id, operation in SPEC.operations.items():
            if any(alternative <= scopes for alternative in operation.scopes):
                path, arguments = RIGHT[operation_id](api)
                answer = api.send(operation_id, *path, token=token, **arguments)
                if answer.status != operation.success:
                    expected = f"{operation.success}, as the token has the scopes {has}"
                    api.found("scope", expected, described(answer), operation_place(operation_id, "security"))
            else:
                api.refused(
                    "Forbidden",
                    operation_id,
                    *untouched.path(operation_id),
                    token=token,
                    why=f"the token has no scopes but {has}",
                    **given[operation_id],
                )
    untouched.check("calls without the scope", [given["create_registry"]["json"]["name"]])
