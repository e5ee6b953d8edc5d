"""Hooks of schemathesis: make valid requests meet what exists, and count the answers.

Only what schemathesis means to be valid is touched, so that a deliberately wrong part is refused for its own sake. The
target comes from the environment variables that Buildkite's own command line tool reads.
"""

import atexit
import json
import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.case import Case
from schemathesis.generation.meta import TestPhase
from schemathesis.hooks import HookContext

from buildkite_emulator.spec import Spec
from buildkite_packages import AuthenticatedClient
from tests.contract.world import BUILDERS, COPIED, World

POLICY = "- iss: https://agent.buildkite.com\n  claims:\n    organization_slug: my-org\n"

OPERATIONS = Spec.load().operations

answers: dict[str, Counter[str]] = {}
"""By operationId, how many answers had a status like ``2xx``."""

worlds: list[World] = []
"""The world of an application in this process, set by whoever runs one; else that of the environment is used."""


@cache
def environment_world() -> World:
    """Reach the API that the environment names."""
    client = AuthenticatedClient(
        base_url=os.environ["BUILDKITE_REST_API_ENDPOINT"], token=os.environ["BUILDKITE_API_TOKEN"]
    )
    return World(client, os.environ["BUILDKITE_ORGANIZATION_SLUG"])


def current_world() -> World:
    """Find the world that requests are sent to."""
    return worlds[-1] if worlds else environment_world()


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Make the valid parts of a request meet what exists."""
    world = current_world()
    parts = valid_parts(case)  # asked before anything is changed, since schemathesis looks at a changed case anew
    if ParameterLocation.PATH in parts:
        fill_path(world, case)
    if "to" in (case.query or {}) and ParameterLocation.QUERY in parts:
        fill_destination(world, case)
    if isinstance(case.body, dict):
        if field := OPERATIONS[operation_id(case)].file_field:
            # a body without a file is wrong, even where schemathesis has lost sight of that on its way through a link
            cut = ParameterLocation.BODY not in parts or not isinstance(case.body.get(field), (str, bytes))
            if file := pick_file(world, case, cut=cut):
                kwargs["files"] = {field: file}
        elif ParameterLocation.BODY in parts:
            fill_body(world, case, case.body)


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: schemathesis.Response) -> None:
    """Count the answer and remember what it shows."""
    operation = OPERATIONS[operation_id(case)]
    answers.setdefault(operation.id, Counter())[f"{response.status_code // 100}xx"] += 1
    world = current_world()
    if response.status_code == operation.success and response.request.method == operation.method:
        if operation.id in ("update_registry", "delete_registry"):
            world.forget(case.path_parameters.get("registry_slug"))
        if response.content:
            world.see(json.loads(response.content))


def write_answers(path: str) -> None:
    """Write the counts of answers to a file, for whoever started the run."""
    Path(path).write_text(json.dumps(answers), encoding="utf-8")


if "CONTRACT_ANSWERS" in os.environ:
    atexit.register(write_answers, os.environ["CONTRACT_ANSWERS"])


def operation_id(case: Case[Any]) -> str:
    """Name the operation that a case calls."""
    return str(case.operation.definition.raw["operationId"])


def valid_parts(case: Case[Any]) -> set[ParameterLocation]:
    """List the parts of a request that are meant to be valid."""
    parts = {ParameterLocation.PATH, ParameterLocation.QUERY, ParameterLocation.BODY}
    if case.meta is None:
        return parts
    wrong = {location for location, component in case.meta.components.items() if component.mode.is_negative}
    if case.meta.generation.mode.is_negative:
        phase = case.meta.phase.data
        changed = [phase.parameter_location, *(mutation.parameter_location for mutation in phase.mutations)]
        wrong.update(location for location in changed if location is not None)
    return parts - wrong


def stateful(case: Case[Any]) -> bool:
    """Tell whether a case is a step of a chain, whose path may come from an earlier answer."""
    return case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL


def fill_path(world: World, case: Case[Any]) -> None:
    """Let a path name what exists, but leave what an earlier answer of a chain gave, be it gone by now."""
    parameters, path = case.path_parameters, case.operation.path
    parameters["org_slug"] = world.organization
    if "registry_slug" not in parameters:
        return
    ecosystems = COPIED if operation_id(case) == "copy_package" else list(BUILDERS)
    slug = parameters["registry_slug"]
    if not (stateful(case) and world.knows_registry(slug) and world.ecosystem_of(slug) in ecosystems):
        ecosystem = world.pick(ecosystems)
        changes = path.endswith("{registry_slug}") and case.operation.method.upper() != "GET"
        parameters["registry_slug"] = world.new_registry(ecosystem) if changes else world.registry(ecosystem)
    elif world.knows_id(parameters.get("id")) or not world.is_there(parameters["registry_slug"]):
        return
    if "id" in parameters:
        make = world.new_registry_token if "/tokens/" in path else world.new_package
        parameters["id"] = make(parameters["registry_slug"])


def fill_destination(world: World, case: Case[Any]) -> None:
    """Let a copy go to a registry that can take it."""
    source = case.path_parameters.get("registry_slug")
    if world.knows_registry(source):
        case.query["to"] = world.new_registry(world.ecosystem_of(str(source)))


def pick_file(world: World, case: Case[Any], *, cut: bool) -> tuple[str, bytes] | None:
    """Choose the file to publish, of the registry's ecosystem.

    Args:
        world: what exists.
        case: the request.
        cut: whether the file should be refused; then every other one is a truncated package.

    Returns:
        file name and bytes; None to send what schemathesis made up.
    """
    slug = case.path_parameters.get("registry_slug")
    ecosystem = world.ecosystem_of(str(slug)) if world.knows_registry(slug) else "files"
    if not cut:
        return world.package_file(ecosystem)
    if world.number() % 2 and ecosystem != "files":
        name, content = world.package_file(ecosystem)
        return name, content[: len(content) // 4]  # half a gem may be all of it, for padding is the rest
    return None


def fill_body(world: World, case: Case[Any], body: dict[str, Any]) -> None:
    """Give a registry a name that is free, an ecosystem that is known and a policy that is one."""
    if stateful(case) and "ecosystem" not in body:
        # a new name is a new slug, and then schemathesis would miss the registry that a chain had at the old one
        body.pop("name", None)
    if isinstance(body.get("name"), str):
        body["name"] = f"{body['name'][:80]} {world.number()}"
    if "ecosystem" in body:
        body["ecosystem"] = world.pick(list(BUILDERS))
    if isinstance(body.get("oidc_policy"), str):
        body["oidc_policy"] = POLICY
