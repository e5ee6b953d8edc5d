"""Compares two bundles: operations, what they take and answer, and what the document says besides."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scripts.spec.bundle import Bundle, Pointer
from scripts.spec.diff.changes import NOWHERE, Change, Changes, Direction, Effect, Level, Site
from scripts.spec.diff.keywords import said
from scripts.spec.diff.nodes import Node, pairs, resolved, subject
from scripts.spec.diff.schemas import Schemas, examples
from scripts.spec.lint import METHODS

DOCUMENTATION = frozenset({"description", "summary", "externalDocs", "example", "x-source"})
BOTH, CALLERS, SERVERS, NOBODY = (True, True), (True, False), (False, True), (False, False)


def compare(old: Bundle, new: Bundle) -> list[Change]:
    """Compare two states of the spec.

    Args:
        old: the state before.
        new: the state now.

    Returns:
        every change but that of the version, once.
    """
    comparison = Comparison(old, new)
    comparison.document()
    order = {name: index for index, name in enumerate([*operations(comparison.old), *operations(comparison.new)])}
    return [
        replace(change, operations=tuple(sorted(change.operations, key=lambda name: order[name])))
        for change in comparison.changes
    ]


@dataclass(frozen=True)
class Operation:
    """An operation of one of the two documents."""

    id: str
    path: str
    method: str
    node: Node
    item: Node

    @property
    def address(self) -> tuple[str, str]:
        """What requests are routed by: the method, and the path whatever its parameters are called."""
        return self.method, re.sub(r"\{[^}]*\}", "{}", self.path)

    @property
    def label(self) -> str:
        """Method and path, as people write them."""
        return f"{self.method.upper()} {self.path}"

    def parameters(self) -> "dict[tuple[str, str | int], Parameter]":
        """Give the parameters by location and name, and those of the path by location and position in it."""
        placeholders = re.findall(r"\{([^}]*)\}", self.path)
        found: dict[tuple[str, str | int], Parameter] = {}
        for holder in (self.item, self.node):
            for site in holder.get("parameters", []).children().values():
                parameter = Parameter(site, site.followed())
                where, name = parameter.node.value["in"], parameter.node.value["name"]
                is_placed = where == "path" and name in placeholders
                found[where, placeholders.index(name) if is_placed else name] = parameter
        return found


@dataclass(frozen=True)
class Parameter:
    """A parameter or a header: where an operation names it, and what it is."""

    site: Node
    node: Node

    @property
    def required(self) -> bool:
        """Whether it has to be sent."""
        return bool(self.node.value.get("required", False))


def operations(root: Node) -> dict[str, Operation]:
    """Give the operations of a document by their operationId, or by method and path where one has none."""
    found = {}
    for path, item in root.get("paths", {}).children().items():
        for method in METHODS:
            if method in item:
                node = item.get(method)
                name = str(node.value.get("operationId", f"{method.upper()} {path}"))
                found[name] = Operation(name, str(path), method, node, item)
    return found


class Comparison:
    """Compares two bundles, part by part."""

    def __init__(self, old: Bundle, new: Bundle) -> None:
        self.changes = Changes(old, new)
        self.schemas = Schemas(self.changes)
        self.old = Node(old.document, (), old.document)
        self.new = Node(new.document, (), new.document)

    def document(self) -> None:
        """Compare everything."""
        olds, news = operations(self.old), operations(self.new)
        matched = {name: olds[name] for name in news if name in olds}
        left = {each.address: each for each in olds.values() if each.id not in matched}
        for name, became in news.items():
            was = matched.get(name) or left.pop(became.address, None)
            if was:
                self.operation(was, became)
            else:
                text = f"the operation is new: {became.label}"
                self.changes.judge(Site(name), text, SERVERS, new=became.node.pointer)
        for was in left.values():
            self.changes.judge(Site(was.id), f"the operation is gone: {was.label}", CALLERS, gone=was.node.pointer)
        self.beside_paths()

    def operation(self, old: Operation, new: Operation) -> None:
        """Compare two operations."""
        site = Site(new.id)
        if old.id != new.id:
            text = f"the operationId is {new.id} now, was {old.id}"
            self.changes.note(site, text, Effect.CLIENT_NAME, new=new.node.get("operationId").pointer)
        if old.address != new.address:
            text = f"it is at {new.label} now, was at {old.label}"
            self.changes.judge(site, text, BOTH, new=new.node.pointer)
        if old.node.value.get("tags") != new.node.value.get("tags"):
            text = said("tags", old.node.value.get("tags"), new.node.value.get("tags"))
            self.changes.note(site, text, Effect.CLIENT_NAME, new=new.node.get("tags").pointer)  # the client's resource
        self.parameters(site, old, new)
        self.request_body(site, old.node, new.node)
        self.responses(site, old.node.get("responses", {}), new.node.get("responses", {}))
        self.security(site, old.node, new.node)
        handled = {"operationId", "tags", "parameters", "requestBody", "responses", "security"}
        self.rest(site, old.node, new.node, handled)
        self.rest(site, old.item, new.item, {"parameters", *METHODS})

    def rest(self, site: Site, old: Node, new: Node, handled: set[str], breaks: tuple[bool, bool] = BOTH) -> None:
        """Compare what no other function does.

        Args:
            site: whom it concerns.
            old: a mapping before.
            new: the same now.
            handled: the keys that something else compares.
            breaks: whom another key breaks that is no documentation.
        """
        for key, was, became in pairs(old, new):
            if key in handled:
                continue
            before, after = (resolved(each) if each else None for each in (was, became))
            if before == after:
                continue
            level = Level.DOCUMENTATION if key in DOCUMENTATION else Level.ADDITION
            if key in DOCUMENTATION:
                text = f"{key} reads otherwise" if was and became else f"{key} is {'new' if became else 'gone'}"
            else:
                text = said(str(key), before, after)
            named = subject((became or was or new).pointer[:-1])
            whom = NOBODY if key in DOCUMENTATION or key == "deprecated" else breaks
            at: dict[str, Pointer] = {"new": became.pointer} if became else {"gone": was.pointer} if was else {}
            self.changes.judge(site, f"{named}: {text}" if named else text, whom, level, **at)

    def parameters(self, site: Site, old: Operation, new: Operation) -> None:
        """Compare the parameters of two operations."""
        site = replace(site, direction=Direction.REQUEST)
        olds, news = old.parameters(), new.parameters()
        moved = {
            key: next((other for other in olds if other not in news and other[1] == key[1]), None)
            for key in news
            if key not in olds
        }
        for key, became in news.items():
            name, where = became.node.value["name"], became.node.value["in"]
            was = olds.get(key) or olds.get(moved.get(key) or key)
            if was is None:
                effect = Effect.GAINED_REQUIRED if became.required else Effect.GAINED_OPTIONAL
                text = f"the {required(became)} {where} parameter {name} is new"
                self.changes.note(site, text, effect, new=became.site.pointer)
                continue
            if was.node.value["in"] != where:
                text = f"the parameter {name} is in the {where} now, was in the {was.node.value['in']}"
                self.changes.judge(site, text, BOTH, new=became.node.get("in").pointer)
            if was.node.value["name"] != name:
                text = f"the {where} parameter is called {name} now, was {was.node.value['name']}"
                self.changes.note(site, text, Effect.CLIENT_NAME, new=became.node.get("name").pointer)
            self.parameter(site, was, became)
        for key, was in olds.items():
            if key not in news and key not in moved.values():
                effect = Effect.LOST_REQUIRED if was.required else Effect.LOST_OPTIONAL
                text = f"the {required(was)} {was.node.value['in']} parameter {was.node.value['name']} is gone"
                self.changes.note(site, text, effect, gone=was.site.pointer)

    def parameter(self, site: Site, old: Parameter, new: Parameter) -> None:
        """Compare two parameters, or two headers, that are the same one."""
        name = subject(new.node.pointer)
        if old.required != new.required:
            text = f"{name}: it is {'required now' if new.required else 'not required any more'}"
            place = new.node.get("required").pointer
            self.changes.note(site, text, Effect.NARROWER if new.required else Effect.WIDER, new=place)
        if old.node.value.get("x-client-setting") != new.node.value.get("x-client-setting"):
            values = (each.node.value.get("x-client-setting") for each in (old, new))
            text = f"{name}: {said('x-client-setting', *values)}"
            place = new.node.get("x-client-setting").pointer
            self.changes.note(site, text, Effect.CLIENT_NAME, new=place)
        handled = {"name", "in", "required", "schema", "content", "examples", "x-client-setting"}
        self.content(site, old.node, new.node)
        self.described(site, old.node, new.node)
        self.rest(site, old.node, new.node, handled)

    def described(self, site: Site, old: Node, new: Node) -> None:
        """Compare schema and examples of a parameter, a header or a body."""
        if "schema" in old and "schema" in new:
            self.schemas.compare(site, old.get("schema"), new.get("schema"))
        elif "schema" in old or "schema" in new:
            text = f"{subject(new.pointer)}: there is {'a' if 'schema' in new else 'no'} schema now"
            effect = Effect.NARROWER if "schema" in new else Effect.WIDER
            self.changes.note(site, text, effect, new=new.get("schema").pointer)
        shown_before, shown_now = (each.get("examples") if "examples" in each else None for each in (old, new))
        examples(self.changes, site, new, shown_before, shown_now)

    def request_body(self, site: Site, old: Node, new: Node) -> None:
        """Compare the request bodies of two operations."""
        site = replace(site, direction=Direction.REQUEST)
        was, became = (each.get("requestBody").followed() if "requestBody" in each else None for each in (old, new))
        if was is None and became is None:
            return
        if was is None or became is None:
            is_required = bool((became or was or new).value.get("required"))
            word = "required" if is_required else "optional"
            if became:
                effect = Effect.GAINED_REQUIRED if is_required else Effect.GAINED_OPTIONAL
                self.changes.note(site, f"the {word} body is new", effect, new=new.get("requestBody").pointer)
            else:
                effect = Effect.LOST_REQUIRED if is_required else Effect.LOST_OPTIONAL
                self.changes.note(site, f"the {word} body is gone", effect, gone=old.get("requestBody").pointer)
            return
        if bool(was.value.get("required")) != bool(became.value.get("required")):
            effect = Effect.NARROWER if became.value.get("required") else Effect.WIDER
            text = f"the body is {'required now' if became.value.get('required') else 'not required any more'}"
            self.changes.note(site, text, effect, new=became.get("required").pointer)
        self.content(site, was, became)
        self.rest(site, was, became, {"required", "content"})

    def content(self, site: Site, old: Node, new: Node) -> None:
        """Compare the media types of a body."""
        for media_type, was, became in pairs(old.get("content", {}), new.get("content", {})):
            if was is None and became is not None:
                text = f"the media type {media_type} is new"
                self.changes.note(site, text, Effect.WIDER, new=became.pointer)
            elif became is None and was is not None:
                text = f"the media type {media_type} is gone"
                self.changes.note(site, text, Effect.NARROWER, gone=was.pointer)
            elif was is not None and became is not None:
                self.described(site, was, became)
                self.rest(site, was, became, {"schema", "examples"})

    def responses(self, site: Site, old: Node, new: Node) -> None:
        """Compare the answers of two operations, by status."""
        site = replace(site, direction=Direction.RESPONSE)
        for status, was, became in pairs(old, new):
            is_success = str(status).startswith("2")
            if str(status).startswith("x-"):
                continue
            if was is None and became is not None:
                self.changes.judge(site, f"the status {status} is new", BOTH, new=became.pointer)
            elif became is None and was is not None:
                breaks = (
                    BOTH if is_success else SERVERS
                )  # a caller may wait for a success in vain, but not for an error
                self.changes.judge(site, f"the status {status} is gone", breaks, gone=was.pointer)
            elif was is not None and became is not None:
                if was.component != became.component and not is_success:
                    text = f"the client's exception for {status} is {became.component or 'unnamed'} now"
                    text += f", was {was.component or 'unnamed'}"
                    self.changes.note(site, text, Effect.CLIENT_NAME, new=became.pointer)
                self.response(site, was.followed(), became.followed())

    def response(self, site: Site, old: Node, new: Node) -> None:
        """Compare two answers of one status."""
        name = subject(new.pointer)
        if bool(old.value.get("content")) != bool(new.value.get("content")):
            is_new = bool(new.value.get("content"))
            text = f"{name}: there is {'a' if is_new else 'no'} body now"
            if is_new:
                self.changes.judge(site, text, SERVERS, new=new.get("content").pointer)
            else:
                self.changes.judge(site, text, CALLERS, gone=old.get("content").pointer)
        else:
            self.content(site, old, new)
        for header, was, became in pairs(old.get("headers", {}), new.get("headers", {})):
            was_header, now_header = (Parameter(each, each.followed()) if each else None for each in (was, became))
            if now_header and not was_header:
                effect = Effect.GAINED_REQUIRED if now_header.required else Effect.GAINED_OPTIONAL
                text = f"{name}: the {required(now_header)} header {header} is new"
                self.changes.note(site, text, effect, new=now_header.site.pointer)
            elif was_header and not now_header:
                effect = Effect.LOST_REQUIRED if was_header.required else Effect.LOST_OPTIONAL
                text = f"{name}: the {required(was_header)} header {header} is gone"
                self.changes.note(site, text, effect, gone=was_header.site.pointer)
            elif was_header and now_header:
                self.parameter(site, was_header, now_header)
        self.links(site, old.get("links", {}), new.get("links", {}))
        self.rest(site, old, new, {"content", "headers", "links"})

    def links(self, site: Site, old: Node, new: Node) -> None:
        """Compare links. They say how operations follow upon each other, and demand nothing."""
        for name, was, became in pairs(old, new):
            if was and became and resolved(was) == resolved(became):
                continue
            word = "is another one" if was and became else "is new" if became else "is gone"
            at = {"new": became.followed().pointer} if became else {"gone": was.pointer} if was else {}
            holder = subject((became or was or new).pointer[:-2])
            self.changes.note(site, f"{holder}: the link {name} {word}", Effect.DOCUMENTATION, **at)

    def security(self, site: Site, old: Node, new: Node) -> None:
        """Compare which tokens are let in."""
        was, became = (
            alternatives((node.value.get("security", root.value.get("security"))) or [])
            for node, root in ((old, self.old), (new, self.new))
        )
        keeps_out = any(not any(ours <= theirs for ours in became) for theirs in was)
        lets_in = any(not any(theirs <= ours for theirs in was) for ours in became)
        if keeps_out or lets_in:
            text = f"the scopes are {named(became)} now, were {named(was)}"
            place = new.get("security").pointer if "security" in new else ("security",)
            self.changes.judge(site, text, (keeps_out, lets_in), new=place)

    def beside_paths(self) -> None:
        """Compare what stands beside the operations."""
        handled = {"info", "paths", "components", "security", "servers", "tags", "x-sources", "externalDocs", "openapi"}
        self.rest(NOWHERE, self.old, self.new, handled)
        for key in ("info", "tags", "x-sources", "externalDocs", "openapi"):
            self.documentation(self.old.get(key, {}), self.new.get(key, {}), key)
        self.servers()
        components = self.old.get("components", {}), self.new.get("components", {})
        for name, was, became in pairs(*(each.get("securitySchemes", {}) for each in components)):
            if was and became:
                self.scopes(was.get("x-scopes", {}), became.get("x-scopes", {}))
                self.rest(NOWHERE, was, became, {"x-scopes"})
            elif became:
                self.changes.judge(NOWHERE, f"the security scheme {name} is new", NOBODY, new=became.pointer)
            elif was:
                self.changes.judge(NOWHERE, f"the security scheme {name} is gone", BOTH, gone=was.pointer)

    def documentation(self, old: Node, new: Node, name: str) -> None:
        """Note what reads otherwise, at the first key that does."""
        if not isinstance(old.value, dict) or not isinstance(new.value, dict):
            if old.value != new.value:
                self.changes.note(NOWHERE, f"{name} reads otherwise", Effect.DOCUMENTATION, new=new.pointer)
            return
        for key, was, became in pairs(old, new):
            if (name, key) == ("info", "version") or (was and became and was.value == became.value):
                continue
            word = "reads otherwise" if was and became else "is new" if became else "is gone"
            at = {"new": became.pointer} if became else {"gone": was.pointer} if was else {}
            self.changes.note(NOWHERE, f"{name}: {key} {word}", Effect.DOCUMENTATION, **at)

    def servers(self) -> None:
        """Compare the addresses of the service."""
        olds, news = (
            {str(each.value.get("url")): each for each in root.get("servers", []).children().values()}
            for root in (self.old, self.new)
        )
        for url, became in news.items():
            if url not in olds:
                self.changes.judge(NOWHERE, f"the server {url} is new", NOBODY, new=became.pointer)
            else:
                self.rest(NOWHERE, olds[url], became, {"url"})
        for url, was in olds.items():
            if url not in news:
                self.changes.judge(NOWHERE, f"the server {url} is gone", CALLERS, gone=was.pointer)

    def scopes(self, old: Node, new: Node) -> None:
        """Compare the scopes that there are. Which one an operation needs is said there."""
        for name, was, became in pairs(old, new):
            if was is None and became is not None:
                self.changes.judge(NOWHERE, f"the scope {name} is new", NOBODY, new=became.pointer)
            elif became is None and was is not None:
                self.changes.judge(NOWHERE, f"the scope {name} is gone", CALLERS, gone=was.pointer)
            elif was is not None and became is not None and was.value != became.value:
                text = f"the scope {name} is described otherwise"
                self.changes.note(NOWHERE, text, Effect.DOCUMENTATION, new=became.pointer)


def required(parameter: Parameter) -> str:
    """Name what a parameter is."""
    return "required" if parameter.required else "optional"


Alternative = frozenset[tuple[str, str]]


def alternatives(security: list[Mapping[str, Any]]) -> set[Alternative]:
    """Give the sets of scopes, each with its scheme, of which a token needs any one; without any, none is needed."""
    return {
        frozenset((scheme, scope) for scheme, scopes in each.items() for scope in ("", *scopes)) for each in security
    } or {frozenset()}


def named(security: set[Alternative]) -> str:
    """Name alternatives for people."""
    listed = [" and ".join(sorted(scope for _, scope in each if scope)) or "none" for each in security]
    return " or ".join(sorted(listed))
