"""Compares two schemas: which values does the one allow that the other does not?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from scripts.spec.bundle import Pointer
from scripts.spec.diff.changes import Changes, Effect, Level, Site
from scripts.spec.diff.forms import (
    DOCUMENTATION,
    UNRESTRICTING,
    Form,
    described,
    form,
    includes,
    is_modelled,
    restricting,
)
from scripts.spec.diff.keywords import CLIENT_TYPES, NESTED, ecosystem_breaks, judge_of, said, value
from scripts.spec.diff.nodes import Node, pairs, resolved, shown, subject


@dataclass
class Schemas:
    """Compares schemas, each pair once for an operation and a direction."""

    changes: Changes
    seen: set[tuple[Pointer, Pointer, Site]] = field(default_factory=set)

    def compare(self, site: Site, old: Node, new: Node) -> None:
        """Note how a schema differs.

        Args:
            site: whose requests or responses it describes.
            old: the schema, or a reference to it, before.
            new: the same now.
        """
        was, became = form(old), form(new)
        self.names(site, old, new, became)
        is_bare = old.is_bare_reference and new.is_bare_reference
        key = (was.node.pointer, became.node.pointer, site) if is_bare else (old.pointer, new.pointer, site)
        if key in self.seen:
            return
        self.seen.add(key)
        self.forms(site, was, became)

    def names(self, site: Site, old: Node, new: Node, became: Form) -> None:
        """Note where the client has another model, or none of its own."""
        was_named, named = model(old), model(new)
        if was_named == named or not is_modelled(became):
            return
        schemas = [node.document.get("components", {}).get("schemas", {}) for node in (old, new)]
        is_renamed = named and was_named and named not in schemas[0] and was_named not in schemas[1]
        unnamed = "one without a component"
        text = f"the client's model is {named or unnamed} now, was {was_named or unnamed}"
        place = ("components", "schemas", named) if is_renamed else new.pointer
        self.changes.note(site, text, Effect.CLIENT_NAME, new=place)

    def forms(self, site: Site, old: Form, new: Form) -> None:
        """Note how a form differs."""
        keywords = dict.fromkeys([*new.keywords, *old.keywords])
        if old.branches or new.branches:
            self.branches(site, old, new)
        if bool(old.branches) != bool(new.branches) and self.spread(old) and self.spread(new):
            keywords = {name: None for name in keywords if name in UNRESTRICTING}  # the alternatives have the others
        else:
            self.types(site, old, new)
            self.values(site, old, new)
            self.properties(site, old, new)
            self.required(site, old, new)
        for keyword in keywords:
            self.keyword(site, keyword, old, new)
        for was, became in zip(old.parts, new.parts, strict=False):  # one more or less is seen in what it allows
            for keyword in (*sorted(DOCUMENTATION), "examples"):
                self.keyword(site, keyword, was, became)
        if old.conflicts != new.conflicts:
            self.note(site, new, "what allOf joins is something else now", Effect.OTHER, "allOf")

    def note(self, site: Site, at: Form, text: str, effect: Effect, *keys: str | int) -> None:
        """Note a change of a form."""
        self.changes.note(site, f"{subject(at.node.pointer)}: {text}", effect, new=(*at.node.pointer, *keys))

    def types(self, site: Site, old: Form, new: Form) -> None:
        """Note how the types differ, and whether null is one of them."""
        was, became = ("any type" if each.types is None else " or ".join(sorted(each.types)) for each in (old, new))
        if old.types != new.types:
            if old.types is None or (new.types is not None and includes(old.types, new.types)):
                effect = Effect.NARROWER
            elif new.types is None or includes(new.types, old.types):
                effect = Effect.WIDER
            else:
                effect = Effect.OTHER
            self.note(site, new, f"the type is {became or 'null'} now, was {was or 'null'}", effect, "type")
        if old.nullable != new.nullable and (old.types is None) == (new.types is None):
            text = "null is allowed now" if new.nullable else "null is not allowed any more"
            self.note(site, new, text, Effect.WIDER if new.nullable else Effect.NARROWER, "type")

    def values(self, site: Site, old: Form, new: Form) -> None:
        """Note how an enumeration differs."""
        if old.values is None and new.values is None:
            return
        if old.values is None or new.values is None:
            text = "only some values are allowed now" if old.values is None else "other values are allowed too now"
            listed = ", ".join((new.values if old.values is None else old.values) or ())
            effect = Effect.NARROWER if old.values is None else Effect.WIDER
            self.note(site, new, f"{text}: enum {listed}", effect, "enum")
            return
        for each in sorted(old.values.keys() - new.values.keys()):
            self.note(site, new, f"the value {each} is not allowed any more", Effect.NARROWER, "enum")
        for each, node in new.values.items():
            if each not in old.values:
                text = f"{subject(new.node.pointer)}: the value {each} is new"
                self.changes.note(site, text, Effect.WIDER, new=node.pointer)

    def properties(self, site: Site, old: Form, new: Form) -> None:
        """Note which properties are new or gone, and compare the others."""
        for name, node in new.properties.items():
            if name in old.properties:
                self.compare(site, old.properties[name], node)
                continue
            required = name in new.required
            text = f"{subject(new.node.pointer)}: the {kind(required)} property {name} is new"
            effect = Effect.GAINED_REQUIRED if required else Effect.GAINED_OPTIONAL
            self.changes.note(site, text, effect, *([Effect.WIDER] if old.is_closed else []), new=node.pointer)
        for name, node in old.properties.items():
            if name not in new.properties:
                required = name in old.required
                text = f"{subject(old.node.pointer)}: the {kind(required)} property {name} is gone"
                effect = Effect.LOST_REQUIRED if required else Effect.LOST_OPTIONAL
                self.changes.note(site, text, effect, *([Effect.NARROWER] if new.is_closed else []), gone=node.pointer)

    def required(self, site: Site, old: Form, new: Form) -> None:
        """Note which properties are required now and were not, and the other way round; new ones say it themselves."""
        for name, node in new.required.items():
            if name not in old.required and (name in old.properties or name not in new.properties):
                text = f"{subject(new.node.pointer)}: the property {name} is required now"
                self.changes.note(site, text, Effect.NARROWER, new=node.pointer)
        for name in old.required:
            if name not in new.required and (name in new.properties or name not in old.properties):
                place = new.properties[name].pointer if name in new.properties else new.node.pointer
                text = f"{subject(new.node.pointer)}: the property {name} is not required any more"
                self.changes.note(site, text, Effect.WIDER, new=place)

    def spread(self, whole: Form) -> list[Form]:
        """Give the alternatives of a form: its branches, its types, or itself; none where it says more than them."""
        if whole.branches:
            return whole.branches if whole.says_only("branches") else []
        if whole.types is not None and len(whole.types) > 1 and whole.says_only("type"):
            return [replace(whole, types=frozenset({each}), keywords={}) for each in sorted(whole.types)]
        return [replace(whole, keywords=restricting(whole.keywords))]

    def branches(self, site: Site, old: Form, new: Form) -> None:
        """Note which alternatives are new or gone, and compare those that have something in common."""
        olds, news = self.spread(old), self.spread(new)
        if not (olds and news):  # the branches restrict what else the one says; the other says it without them
            if bool(old.branches) != bool(new.branches):
                effect = Effect.NARROWER if new.branches else Effect.WIDER
                text = (
                    "only some alternatives are allowed now" if new.branches else "there are no alternatives any more"
                )
                self.note(site, new, text, effect)
                return
            olds, news = old.branches, new.branches
        elif bool(old.branches) != bool(new.branches) and old.nullable != new.nullable:
            text = "null is allowed now" if new.nullable else "null is not allowed any more"
            self.note(site, new, text, Effect.WIDER if new.nullable else Effect.NARROWER)
        for was, became in matched(olds, news):
            if was and became:
                bare = [replace(each, nullable=True) for each in (was, became)]
                self.forms(site, *bare)
            elif became:
                text = f"{subject(new.node.pointer)}: there is another alternative, {described(became)}"
                self.changes.note(site, text, Effect.WIDER, new=became.node.pointer)
            elif was:
                text = f"{subject(new.node.pointer)}: the alternative {described(was)} is gone"
                self.changes.note(site, text, Effect.NARROWER, new=new.node.pointer)

    def keyword(self, site: Site, keyword: str, old: Form, new: Form) -> None:
        """Note how one keyword differs."""
        was, became = old.keywords.get(keyword), new.keywords.get(keyword)
        if keyword in NESTED:
            self.nested(site, keyword, old, new)
            return
        if keyword == "examples":
            examples(self.changes, site, new.node, was, became)
            return
        if keyword == "x-ecosystems":
            self.ecosystems(site, was, became)
            return
        before, after = (value(keyword, each) for each in (was, became))
        if before == after:
            return
        text = said(keyword, before, after, show=str if keyword == "default" else shown)
        if keyword in DOCUMENTATION and was and became:
            text = f"{keyword} reads otherwise"
        breaks_client = keyword == "format" and not CLIENT_TYPES.isdisjoint({before, after})
        at = {"new": became.pointer} if became else {"gone": was.pointer} if was else {}
        self.changes.note(
            site,
            f"{subject((new if became else old).node.pointer)}: {text}",
            judge_of(keyword)(before, after),
            *([Effect.CLIENT_NAME] if breaks_client else []),
            **at,
        )

    def nested(self, site: Site, keyword: str, old: Form, new: Form) -> None:
        """Compare what a keyword says of what is within a value. Its absence allows everything, and false nothing."""
        was = old.keywords.get(keyword, Node(old.node.document, (*old.node.pointer, keyword), value=True))
        became = new.keywords.get(keyword, Node(new.node.document, (*new.node.pointer, keyword), value=True))
        open_before, open_now = (each.value is True or each.value == {} for each in (was, became))
        if open_before and open_now:
            return
        if open_before or open_now or (was.value is False) != (became.value is False):
            effect = Effect.NARROWER if open_before or became.value is False else Effect.WIDER
            text = f"{subject(new.node.pointer)}: {said(keyword, was.value, became.value)}"
            self.changes.note(site, text, effect, new=became.pointer)
        elif was.value is not False:
            self.compare(site, was, became)

    def ecosystems(self, site: Site, was: Node | None, became: Node | None) -> None:
        """Compare the known ecosystems. Clients take unknown ones, so a new one is the server's to support."""
        site = replace(site, direction=None)
        old_ones, new_ones = (
            {str(entry.value.get("value")): entry for entry in (each.children() if each else {}).values()}
            for each in (was, became)
        )
        for name, entry in new_ones.items():
            if name not in old_ones:
                self.changes.judge(site, f"the ecosystem {name} is new", (False, True), new=entry.pointer)
                continue
            for key, before, after in pairs(old_ones[name], entry):
                old_value, new_value = (resolved(each) if each else None for each in (before, after))
                if old_value != new_value:
                    text = f"ecosystem {name}: {said(str(key), old_value, new_value)}"
                    breaks = ecosystem_breaks(str(key), old_value, new_value)
                    place = after.pointer if after else entry.pointer
                    self.changes.judge(site, text, breaks, Level.DOCUMENTATION, new=place)
        for name, entry in old_ones.items():
            if name not in new_ones:
                self.changes.judge(site, f"the ecosystem {name} is gone", (True, False), gone=entry.pointer)


def kind(required: bool) -> str:  # noqa: FBT001 - it is all that there is to say
    """Name what a property is."""
    return "required" if required else "optional"


def model(node: Node) -> str:
    """Name the component that the client's model is made from; empty where it is none."""
    while not node.component and isinstance(node.value, dict):
        joined = node.value.get("allOf", [])
        if len(joined) != 1 or set(node.value) - UNRESTRICTING - {"allOf"}:
            return ""
        node = node.get("allOf").get(0)
    return node.component


def matched(olds: list[Form], news: list[Form]) -> Iterator[tuple[Form | None, Form | None]]:
    """Pair the alternatives of two sets: equal ones, then those of one name, then those of one type."""
    left, right = list(olds), list(news)
    criteria: tuple[Callable[[Form], Any], ...] = (
        Form.key,
        lambda each: each.node.pointer if each.node.pointer[:2] == ("components", "schemas") else None,
        lambda each: each.types and sorted(each.types),
    )
    for criterion in criteria:
        for became in list(right):
            found = next((was for was in left if criterion(was) and criterion(was) == criterion(became)), None)
            if found is not None:
                left = [was for was in left if was is not found]
                right = [each for each in right if each is not became]
                yield found, became
    for became in right:
        yield None, became
    for was in left:
        yield was, None


def examples(changes: Changes, site: Site, new: Node, was: Node | None, became: Node | None) -> None:
    """Note which examples are new, gone or changed.

    Args:
        changes: where to note them.
        site: whom they concern.
        new: what holds them now.
        was: the examples before, if any.
        became: the examples now, if any.
    """
    empty = Node(new.document, (*new.pointer, "examples"), [])
    for key, before, after in pairs(was or empty, became or empty):
        name = f"{subject(new.pointer)}: the example {key}"
        if after is None and before is not None:
            changes.note(site, f"{name} is gone", Effect.DOCUMENTATION, gone=before.pointer)
        elif after is not None and before is None:
            changes.note(site, f"{name} is new", Effect.DOCUMENTATION, new=after.pointer)
        elif before is not None and after is not None and resolved(before) != resolved(after):
            changes.note(site, f"{name} is another one", Effect.DOCUMENTATION, new=after.followed().pointer)
