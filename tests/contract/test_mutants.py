"""The mutants: each changes what a user sees, and the layer by itself changes nothing."""

import base64
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from buildkite_emulator.identity import Identity
from buildkite_emulator.server import build
from buildkite_emulator.testing import EmulatorTransport
from scripts.contract.emulator import START, repeatable
from scripts.contract.mutants import Layer, Mutant, MutantsError, load, mutated
from scripts.contract.mutants.environment import FAILURE
from scripts.contract.target import scoped_tokens, telling_scopes
from scripts.samples import packages
from scripts.samples.ecosystems import BUILDERS
from scripts.servers.api import ORGANIZATION, SPEC, Api
from tests.contract.flows.files import CONTENTS, MIB
from tests.contract.flows.packages import OF_VARIANT, VARIANTS
from tests.contract.flows.pages import LONG_NAME, ODD_NAMES, near

MUTANTS = load()

FULL = "every-scope"
TOKENS = {FULL: SPEC.scopes} | {name: set_ for set_, name in scoped_tokens("token", telling_scopes(SPEC)).items()}

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MISSING = "00000000-0000-7000-8000-000000000000"
STEP = 10_000
"""Milliseconds between two calls of the script."""

SECTIONS = ("values", "times", "wire", "files", "again", "metadata", "oidc")
"""Modules of mutants for which a part of the script is enough, which bears their name."""

FILE = 'name="file"; filename="banana{}-1.0.0.bin"'
FORMS = (
    ("a", f"Content-Disposition: form-data; {FILE}"),
    ("b_c", f"Content-Disposition: form-data; {FILE}\r\nContent-Type: text/plain"),
    ("x" * 70, f"content-disposition: form-data; {FILE}"),
    ("d", 'Content-Disposition: form-data; filename="banana{}-1.0.0.bin"; name="file"'),
)
"""Boundaries, and heads of a part with a file."""

Line = tuple[str, int, tuple[tuple[str, str], ...], bytes]
"""An answer: operationId, status, headers, body."""


class Script:
    """Calls everything, in many ways.

    Args:
        api: the API.
        see: called with each answer: operationId, status, headers, body.
    """

    def __init__(self, api: Api, see: Callable[[Line], None]) -> None:
        self.api = api
        self.see = see

    def call(self, operation: str, *path: str, **arguments: Any) -> Any:
        """Call an operation and show the answer; returns its JSON, or an empty object."""
        response = self.api.call(operation, *path, **arguments)
        self.see((operation, response.status_code, tuple(response.headers.multi_items()), response.content))
        try:
            return response.json()
        except ValueError:
            return {}

    def made(self, operation: str, *path: str, known_as: str = "id", **arguments: Any) -> str:
        """Make something; returns its ID, or one that leads nowhere."""
        body = self.call(operation, *path, **arguments)
        return str(body.get(known_as) or MISSING) if isinstance(body, dict) else MISSING

    def run(self, about: str = "registry") -> None:
        """Call everything, and first what is about registries, registry tokens or packages; or a section alone."""
        if about in SECTIONS:
            getattr(self, about)()
            return
        packages = (self.published, self.copied, self.deleted)
        by_subject = {"registry": (self.registries,), "registry_token": (self.registry_tokens,), "package": packages}
        for section in by_subject.pop(about):
            section()
        for sections in by_subject.values():
            for section in sections:
                section()
        self.texts()
        self.late()
        self.refused()

    def registry(self, name: str, ecosystem: str = "files", **properties: Any) -> str:
        """Create a registry; returns the slug that the spec gives it."""
        self.call("create_registry", json={"name": name, "ecosystem": ecosystem, **properties})
        return re.sub("[^a-z0-9_-]+", "-", name.lower()).strip("-")

    def registries(self) -> None:
        """Create, list, show and change registries."""
        policy = [{"iss": "https://agent.buildkite.com", "claims": {"organization_slug": "my-org"}}]
        more = {"emoji": ":rocket:", "color": "#f0ccff", "team_ids": [MISSING]}
        full = self.registry("Full One", "ruby", description="Gems", oidc_policy=policy, **more)
        for number in range(10):
            self.registry(f"registry {number}", "debian" if number == 5 else "files")
        self.registry(" spaced out ", "files")
        bodies: list[dict[str, Any]] = [
            {"name": "Full One", "ecosystem": "ruby"},
            {"name": "no ecosystem"},
            {"ecosystem": "files"},
            {"name": "odd colour", "ecosystem": "files", "color": "mauve"},
            {"name": "odd policy", "ecosystem": "files", "oidc_policy": "- iss: &a b"},
            {"name": "more", "ecosystem": "files", "visibility": "private"},
            {"name": "x" * 101, "ecosystem": "files"},
            {},
        ]
        for body in bodies:
            self.call("create_registry", json=body)
        self.call("list_registries")
        self.call("list_registries", organization="nobody")
        for _ in range(12):
            self.call("get_registry", full)
        self.call("get_registry", "missing")
        other = [{"iss": "https://agent.buildkite.com", "claims": {"pipeline_slug": {"in": ["one"]}}}]
        changes: list[dict[str, Any]] = [
            {},
            {"description": "Ruby gems"},
            {"oidc_policy": other},
            {"oidc_policy": None},
            {"description": None},
            {"ecosystem": "python"},
            {"name": "registry 1"},
            {"name": ""},
            {"name": "Renamed"},
        ]
        for body in changes:
            self.call("update_registry", full, json=body)
            self.call("get_registry", full)
        self.call("get_registry", "renamed")
        self.call("update_registry", "missing", json={"description": "x"})
        self.call("list_registries")

    def texts(self) -> None:
        """Send descriptions of many kinds."""
        text = "e\u0301 <b>&\r\n\U0001f33b"
        slug = self.registry("texts", "files", description=text)
        token = self.made("create_registry_token", slug, json={"description": text})
        self.call("update_registry", slug, json={"description": text})
        self.call("update_registry_token", slug, token, json={"description": text})
        for number in range(31):
            self.call("create_registry_token", slug, json={"description": f"{number}"})
        self.call("list_registry_tokens", slug)

    def registry_tokens(self) -> None:
        """Create, list, show, change and delete registry tokens."""
        ours, theirs = self.registry("tokens", "files"), self.registry("other tokens", "files")
        tokens = [self.made("create_registry_token", ours, json={"description": f"Token {n}"}) for n in range(6)]
        self.made("create_registry_token", theirs, json={"description": ""})
        empty = self.made("create_registry_token", ours, json={"description": ""})
        for body in ({}, {"description": None}, {"description": 1}):
            self.call("create_registry_token", ours, json=body)
            self.call("update_registry_token", ours, tokens[0], json=body)
        self.call("create_registry_token", "missing", json={"description": "x"})
        for registry in (ours, "missing"):
            self.call("list_registry_tokens", registry)
        for _ in range(8):
            self.call("list_registry_tokens", theirs)
        for token in (*tokens, *tokens, empty, MISSING):
            self.call("get_registry_token", ours, token)
        self.call("get_registry_token", theirs, tokens[0])
        for number in range(8):
            self.call(
                "update_registry_token", ours, tokens[1], json={"description": f"Changed for the time number {number}"}
            )
        self.call("get_registry_token", ours, tokens[1])
        self.call("update_registry_token", ours, MISSING, json={"description": "x"})
        self.call("list_registry_tokens", ours)
        self.call("delete_registry_token", theirs, tokens[0])
        self.call("delete_registry_token", ours, MISSING)
        for token in tokens[:1] * 2 + tokens[2:]:
            self.call("delete_registry_token", ours, token)
            self.call("get_registry_token", ours, token)
            self.call("list_registry_tokens", ours)
        for _ in range(3):
            again = self.made("create_registry_token", ours, json={"description": "again"})
            self.call("delete_registry_token", ours, again)

    def published(self) -> None:
        """Publish, list and show packages."""
        files, python = self.registry("boxes", "files"), self.registry("snakes", "python")
        self.registry("other boxes", "files")
        ids = [self.publish(files, packages.generic(f"item{n % 3}", f"1.{n}.0")) for n in range(12)]
        ids.append(self.publish(files, packages.generic("Item1", "3.0.0")))
        self.publish(files, packages.generic("item10", "3.0.0"))
        self.publish(files, packages.generic("item1", "1.1.0"))
        self.publish(files, ("README", b"nothing"))
        name, content = packages.wheel("banana", "1.0.0")
        wheel = self.publish(python, (name, content))
        self.publish(python, (name, content[:60]))
        debian = self.registry("debs", "debian")
        deb = self.publish(debian, packages.deb("banana", "1.1-2"))
        self.publish("missing", packages.generic("a", "1.0.0"))
        self.call("publish_package", files, files={"other": ("a-1.0.0.txt", b"a")})
        box = packages.generic("further", "1.0.0")
        self.call("publish_package", files, files={"file": box}, data={"note": "hello"})
        for query in (
            {},
            {"name": "item1"},
            {"name": "item1", "per_page": 2},
            {"name": "ITEM1"},
            {"name": "item"},
            {"per_page": 5},
            {"per_page": 5, "page": 1},
            {"per_page": 5, "page": 2},
            {"per_page": 5, "page": 3},
            {"per_page": 5, "page": 9},
            {"page": 2},
            {"page": 0},
            {"page": -1},
            {"page": "two"},
            {"per_page": 101},
            {"per_page": 0},
        ):
            self.call("list_packages", files, params=query)
        self.call("list_packages", python)
        self.call("list_packages", "missing")
        for package in (*ids[:6], MISSING):
            self.call("get_package", files, package)
        self.call("get_package", python, wheel)
        self.call("get_package", python, wheel)
        self.call("get_package", python, ids[0])
        self.call("get_package", debian, deb)

    def publish(self, registry: str, package: tuple[str, bytes]) -> str:
        """Publish a package; returns its ID."""
        return self.made("publish_package", registry, files={"file": package})

    def copied(self) -> None:
        """Copy packages."""
        source, target = self.registry("source", "files"), self.registry("target", "files")
        other = self.registry("gems", "ruby")
        charts, more = self.registry("charts", "helm"), self.registry("more charts", "helm")
        first = self.publish(source, packages.generic("one", "1.0.0"))
        second = self.publish(source, packages.generic("one", "2.0.0"))
        chart = self.publish(charts, packages.chart("one", "1.0.0"))
        copy = self.made("copy_package", source, first, params={"to": target})
        self.call("get_package", target, copy)
        self.call("copy_package", source, first, params={"to": target})
        self.call("copy_package", source, second, params={"to": target})
        self.call("copy_package", source, second, params={"to": other})
        self.call("copy_package", charts, chart, params={"to": more})
        self.call("copy_package", source, second, params={"to": "missing"})
        self.call("copy_package", source, MISSING, params={"to": target})
        self.call("copy_package", source, second)
        for registry in (source, target, other, more):
            self.call("list_packages", registry)
        self.call("delete_package", source, first)
        self.call("get_package", target, copy)

    def deleted(self) -> None:
        """Delete packages and registries."""
        box, rest = self.registry("box", "files"), self.registry("rest", "files")
        ids = [self.publish(box, packages.generic("thing", f"{n}.0.0")) for n in range(4)]
        self.call("copy_package", box, ids[1], params={"to": rest})
        self.call("delete_package", rest, ids[0])
        self.call("delete_package", box, MISSING)
        for package in (ids[0], ids[0], ids[1]):
            self.call("delete_package", box, package)
            self.call("get_package", box, package)
            self.call("list_packages", box)
        self.call("list_packages", rest)
        self.call("copy_package", box, ids[2], params={"to": rest})
        self.call("create_registry_token", box, json={"description": "left"})
        self.call("delete_registry", box)
        self.call("delete_registry", box)
        self.call("get_registry", box)
        self.call("list_registries")
        self.call("list_packages", rest)
        again = self.registry("box", "files")
        self.call("list_packages", again)
        self.call("list_registry_tokens", again)
        only = self.publish(again, packages.generic("only", "1.0.0"))
        self.call("delete_package", again, only)
        self.call("list_packages", again)
        self.call("delete_registry", again)
        self.call("list_registries")

    def late(self) -> None:
        """Call what depends on what was done before."""
        here, there, images = self.registry("here"), self.registry("there"), self.registry("images", "container")
        package = packages.generic("late", "1.0.0")
        first = self.publish(here, package)
        self.publish(images, package)
        self.call("delete_package", here, first)
        again = self.publish(here, package)
        copy = self.made("copy_package", here, again, params={"to": there})
        self.call("copy_package", there, copy, params={"to": self.registry("far")})
        self.call("update_registry", here, json={"name": "renamed here"})
        self.call("get_package", "renamed-here", again)

    def values(self) -> None:
        """Send values that are easily altered, and change properties one by one and together."""
        teams = [MISSING, "0191DF84-0000-7000-8000-00000000000A", "b"]
        policy = [{"iss": "https://agent.buildkite.com", "claims": {"organization_slug": "my-org"}}]
        more = {"emoji": "", "color": "#F0c", "team_ids": teams, "oidc_policy": policy, "description": "x" * 2000}
        slug = self.registry("values e\u0301", "files", **more)
        self.registry("more values", "files", emoji=":a-very-long-name-of-an-emoji:", description=" ")
        self.call("list_registries")
        texts = ("x" * 5000, "y" * 70_000, "a\u00a0b", "a\u200db", "\ufb01", "a\\nb", "007", "\u201cso\u201d", "")
        bodies: list[dict[str, Any]] = [{"description": text} for text in texts]
        bodies += [{"description": "a", "oidc_policy": None}, {"description": None, "oidc_policy": policy}]
        bodies += [{"description": "b", "oidc_policy": policy}, {"oidc_policy": None}]
        for body in bodies:
            self.call("update_registry", slug, json=body)
            self.call("create_registry_token", slug, json={"description": body.get("description") or ""})
        self.call("list_registries")
        self.call("get_registry", slug)
        bodies = [{"description": "c"}, {"oidc_policy": policy}, {}]
        for number, body in enumerate(bodies):
            self.call("update_registry", slug, json={"name": f"values {number} e\u0301 ", **body})
            slug = f"values-{number}-e"
            self.call("get_registry", slug)

    def oidc(self) -> None:
        """Send OIDC tokens, good ones and others."""
        agent, actions, *_ = SPEC.oidc.issuers
        claims = {"a": "b", "n": 7}
        policy = [
            {"iss": agent, "scopes": ["read_packages"], "claims": {**claims, "first": "yes"}},
            {"iss": agent, "scopes": [], "claims": {"first": "none"}},
            {"iss": agent, "claims": claims},
            {"iss": agent, "scopes": ["read_packages"], "claims": {"m": {"not_in": ["x"]}}},
            {"iss": agent, "claims": {"first": {"in": ["yes", "none"]}}},
        ]
        slug, other = self.registry("oidc", "files", oidc_policy=policy), self.registry("more oidc", "files")
        clock = self.api.client.get("/_emulator/clock").json()["time"]
        now = int(datetime.fromisoformat(clock).timestamp())
        good: dict[str, Any] = {"registry": slug, "claims": claims}
        wrong = [
            {**good, "claims": {"a": "c", "n": 7}},
            {**good, "claims": {"a": "b", "n": "7"}},
            {**good, "claims": {}},
            {**good, "issuer": actions},
            {**good, "registry": other},
            {**good, "claims": {**claims, "aud": SPEC.oidc.audience_of("other-org", slug)}},
            {**good, "claims": {**claims, "iat": now - 400, "nbf": now - 400, "exp": now - 200}},
            {**good, "claims": {**claims, "exp": now + 400}},
            {**good, "claims": {**claims, "nbf": now + 100}},
            {**good, "claims": {**claims, "first": "yes"}},
            {**good, "claims": {"first": "none"}},
        ]
        for number, body in enumerate([good, *wrong, good]):
            asked = self.api.client.post("/_emulator/oidc-tokens", json=body)
            token = asked.json()["token"]
            if number == len(wrong) + 1:
                token = f"{token.rpartition('.')[0]}.{'A' * 86}"
            package = self.publish(slug, packages.generic("oidc", f"1.{number}.0"))
            box = packages.generic("oidc", f"2.{number}.0")
            self.call("publish_package", slug, files={"file": box}, token=token)
            self.call("list_packages", slug, token=token)
            self.call("get_package", slug, package, token=token)
            self.call("copy_package", slug, package, params={"to": slug}, token=token)
            self.call("delete_package", slug, package, token=token)

    def times(self) -> None:
        """Look at times."""
        slug = self.registry("times")
        self.call("create_registry_token", slug, json={"description": "a"})
        self.publish(slug, packages.generic("banana", "1.0.0"))

    def wire(self) -> None:
        """Write requests in other ways."""
        slug = self.registry("wire e")
        token = self.made("create_registry_token", slug, json={"description": "a"})
        package = self.publish(slug, packages.generic("banana", "1.0.0"))
        body = b'{"description":"\xc3\xbc","name":"%s","ecosystem":"files"}'
        kinds = ("application/json; charset=utf-8", "Application/json", "application/json ; version=1")
        for number, (kind, content) in enumerate(
            [(kind, body) for kind in kinds]
            + [
                ("application/json", body.replace(b"\xc3\xbc", b"\\ud83c\\udf3b")),
                ("application/json", body + b"\n\n "),
            ]
            + [("application/json", body.replace(b",", b",\n"))]
        ):
            sent = content.replace(b"%s", b"wire %d" % number)
            headers = {"Content-Type": kind}
            self.call("create_registry", content=sent, headers=headers)
            self.call("update_registry_token", slug, token, content=sent, headers=headers)
            self.call("update_registry_token", slug, token, content=iter([sent]), headers=headers)
            sent = content.replace(b"%s", b"wires %d" % number)
            self.call("create_registry", content=iter([sent]), headers=headers)
        for number, (boundary, head) in enumerate(FORMS):
            part = f"--{boundary}\r\n{head.format(number)}\r\n\r\ntext\r\n".encode()
            other = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\n1\r\n'.encode()
            parts = [(part, other), (other, part)][number % 2] if number < 2 else (part,)
            content = b"".join(parts) + f"--{boundary}--\r\n".encode()
            headers = {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}
            self.call("publish_package", slug, content=content if number else iter([content]), headers=headers)
        for headers in ({"Accept": "text/html, */*"}, {"Accept": "application/json"}):
            self.call("list_registries", headers=headers)
            self.call("get_package", slug, package, headers=headers)
        self.call("get_package", "%77ire-e", package)
        self.call("list_packages", slug, params={"page": 1, "per_page": 1})
        for operation in ("publish_package", "create_registry"):
            path = (slug,) if operation == "publish_package" else ()
            sent_: dict[str, Any] = {"files": {"file": packages.generic("b", "1.0.0")}} if path else {}
            sent_ = sent_ or {"json": {"name": "bearer", "ecosystem": "files"}}
            self.call(operation, *path, token=None, headers={"Authorization": f"bearer {FULL}"}, **sent_)
        template = SPEC.operations["list_registries"].path
        self.see(self._line("list_registries", template.format(org_slug="%6Dy-org")))

    def _line(self, operation: str, url: str) -> Line:
        response = self.api.client.get(url, headers={"Authorization": f"Bearer {FULL}"})
        return operation, response.status_code, tuple(response.headers.multi_items()), response.content

    def files(self) -> None:
        """Publish files of many variants, versions, names, contents and sizes, and look for names that are near."""
        for ecosystem, variants in VARIANTS.items():
            slug, other = self.registry(f"all {ecosystem}", ecosystem), self.registry(f"copied {ecosystem}", ecosystem)
            ids = [self.publish(slug, OF_VARIANT[ecosystem]("banana", variant)) for variant in variants]
            for package in ids:
                self.call("copy_package", slug, package, params={"to": other})
        for ecosystem, (name, versions) in ODD_NAMES.items():
            slug = self.registry(f"odd {ecosystem}", ecosystem)
            for version in versions:
                self.publish(slug, BUILDERS[ecosystem](name, version))
            for near_name in near(f"org.example:{name}" if ecosystem == "java" else name):
                self.call("list_packages", slug, params={"name": near_name})
            self.call("list_packages", slug, params={"name": name})
        slug = self.registry("contents")
        for number, content in enumerate(CONTENTS.values()):
            self.publish(slug, packages.generic(f"content{number}", "1.0.0", content))
        for end in "ab":
            self.publish(slug, packages.generic(f"{LONG_NAME}{end}", "1.0.0"))
        self.call("list_packages", slug, params={"name": f"{LONG_NAME}a"})
        package = self.publish(slug, packages.generic("again", "1.0.0", b"one"))
        self.call("delete_package", slug, package)
        self.publish(slug, packages.generic("again", "1.0.0", b"two"))
        other = self.registry("copied contents")
        for number, size in enumerate((5 * MIB - 1, 8 * MIB, 16 * MIB + 1)):
            package = self.publish(slug, packages.generic(f"size{number}", "1.0.0", bytes(size)))
            self.call("get_package", slug, package)
            self.call("copy_package", slug, package, params={"to": other})

    def again(self) -> None:
        """Do things again, under names that were in use, and ask for what is near a slug."""
        first, other = self.registry("again a-b"), self.registry("again a_b")
        self.registry("again first")
        for slug in ("again-a.b", "again a b", "again_first", " again-first", "AGAIN FIRST", "again-firs"):
            self.call("get_registry", quote(slug, safe=""))
        listed = self.call("list_registries")
        self.call("get_registry", listed[0]["id"])
        package = self.publish(first, packages.generic("banana", "1.0.0"))
        self.publish(first, packages.generic("banana", "1.0.1"))
        self.call("get_package", first, "banana")
        self.call("list_packages", first)
        for _ in range(2):
            self.call("create_registry_token", first, json={"description": "same"})
        self.call("delete_registry", other)
        self.call("update_registry", first, json={"name": "again a_b"})
        self.call("update_registry", other, json={"name": "again a-b"})
        self.call("update_registry", first, json={"name": "again other"})
        self.registry("again a-b")
        self.call("get_package", first, package)
        source = self.registry("again source")
        copied = self.publish(source, packages.generic("copied", "1.0.0"))
        self.call("copy_package", source, copied, params={"to": "again-other"})

    def metadata(self) -> None:
        """Publish, show and copy packages that say something of themselves."""
        slug, other = self.registry("metadata", "alpine"), self.registry("copied metadata", "alpine")
        package = self.publish(slug, packages.apk("banana", "1.0.0"))
        self.call("get_package", slug, package)
        self.call("copy_package", slug, package, params={"to": other})
        charts = self.registry("metadata of charts", "helm")
        self.publish(charts, packages.chart("banana", "1.0.0"))

    def refused(self) -> None:
        """Call every operation without a token, and with tokens of many scopes, where it would change nothing."""
        for operation in SPEC.operations.values():
            path = ["missing", MISSING][: len(operation.collections) - 1]
            sent: dict[str, Any] = {"json": {"name": "!"}} if operation.media_type == "application/json" else {}
            for token in (None, "unknown", *TOKENS):
                self.call(operation.id, *path, token=token, **sent)
            self.call(operation.id, *path, token=None, headers={"Authorization": FULL}, **sent)


@contextmanager
def served(layer: Mutant | None, failures: list[Exception]) -> Iterator[Api]:
    """Give an emulator in this process behind a mutant; its clock goes on with each request."""
    times = itertools.count(START, STEP)
    now = [START]
    steady = repeatable(1)
    identity = Identity(now=lambda: now[0], new_id=steady.new_id, new_secret=steady.new_secret)
    emulator = build(organizations=[ORGANIZATION], tokens=TOKENS, identity=identity)
    app: Any = emulator.app
    if layer is not None:
        app = Layer(app, layer.operations, layer.behaviour, TOKENS, failures.append)

    def tick(_: httpx.Request) -> None:
        now[0] = next(times)

    hooks: dict[str, Any] = {"request": [tick]}
    with httpx.Client(transport=EmulatorTransport(app), base_url="http://emulator", event_hooks=hooks) as client:
        yield Api(client, FULL)
    emulator.close()


def transcript(layer: Mutant | None, about: str = "registry") -> list[Line]:
    """Write down what an API answers to all calls of the script."""
    lines: list[Line] = []
    failures: list[Exception] = []
    with served(layer, failures) as api:
        Script(api, lines.append).run(about)
    assert not failures
    return lines


@cache
def plain(about: str = "registry") -> list[Line]:
    """Write down what the emulator answers without a layer."""
    return transcript(None, about)


class Essence:
    """Takes out of answers what no user would mind.

    A mutant that asks the emulator for something of its own uses up IDs, secrets and the requests that are left. So the
    first two are numbered in the order in which they appear, and of the last it is told whether they are fewer.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}
        self._left: dict[str, str] = {}

    def of(self, line: Line) -> tuple[Any, ...]:
        """Take it out of an answer."""
        operation, status, headers, content = line
        text = re.sub('(?<="graphql_id":")[^"]*', self._readable, content.decode("utf-8", "replace"))
        text = re.sub('(?<="token":")[^"]*', self._number, text)
        shown = tuple(self._header(*each) for each in headers if each[0] != "content-length")
        return operation, status, shown, UUID.sub(self._number, text)

    def _number(self, match: re.Match[str]) -> str:
        return self._numbers.setdefault(match[0], f"<{len(self._numbers)}>")

    def _readable(self, match: re.Match[str]) -> str:
        try:
            return base64.b64decode(match[0], validate=True).decode()
        except ValueError:
            return match[0]

    def _header(self, name: str, value: str) -> tuple[str, str]:
        if not name.endswith("remaining"):
            return name, UUID.sub(self._number, value)
        before, self._left[name] = self._left.get(name), value
        return name, "the same" if value == before and value != "0" else "another"


class DifferentError(Exception):
    """An answer is another one than the emulator's."""


@pytest.mark.slow
def test_the_layer_changes_nothing_by_itself() -> None:
    """A mutant that forwards every call gives every byte of the emulator's answers."""
    nothing = Mutant("nothing", tuple(SPEC.operations), "Nothing.", lambda call: call.forward(), __name__)
    assert transcript(nothing) == plain()


@pytest.mark.parametrize("operations", [("publish_package",), ("get_registry",)])
def test_uploads_arrive_whole_behind_a_layer(operations: tuple[str, ...]) -> None:
    """A large file that is sent in chunks of unknown number is stored as it is, whether its calls are named or not."""
    content = bytes(range(256)) * 40_000
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a-1.0.0.bin"\r\n\r\n'
    body = head + content + b"\r\n--x--\r\n"
    chunks = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    layer = Mutant("nothing", operations, "Nothing.", lambda call: call.forward(), __name__)
    with served(layer, []) as api:
        slug = api.registry()
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        published = api.ok("publish_package", slug, headers=headers, content=chunks)
    assert published["digests"]["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.long
@pytest.mark.parametrize("name", MUTANTS)
def test_each_mutant_changes_what_a_user_sees(name: str) -> None:
    """No mutant is equivalent to the emulator, and none fails before it shows."""
    operation, section = MUTANTS[name].operations[0], MUTANTS[name].module.rpartition("_")[2]
    about = (
        section
        if section in SECTIONS
        else next((each for each in ("registry_token", "package") if each in operation), "registry")
    )
    ours, theirs, expected = Essence(), Essence(), iter(plain(about))

    def see(line: Line) -> None:
        if ours.of(line) != theirs.of(next(expected)):
            raise DifferentError

    failures: list[Exception] = []
    with served(MUTANTS[name], failures) as api, pytest.raises(DifferentError):
        Script(api, see).run(about)
    assert not failures


def test_mutants_are_many_and_of_all_operations() -> None:
    """There are at least 80 mutants, and at least four of each operation, each with a sentence of its own."""
    counts = Counter(each.operations[0] for each in MUTANTS.values())
    assert len(MUTANTS) >= 80
    assert counts.keys() == SPEC.operations.keys()
    assert min(counts.values()) >= 4
    of_each = {(each.operations[0], each.sentence) for each in MUTANTS.values()}
    assert len(of_each) == len(MUTANTS)


def test_names_and_sentences_can_be_read() -> None:
    """A name is in snake case, and a sentence begins like one, or with an operation, and ends in a full stop."""
    assert not [name for name in MUTANTS if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", name)]
    sentences = [each.sentence for each in MUTANTS.values()]
    form = re.compile(rf"([A-Z0-9]\S*|{'|'.join(SPEC.operations)}) [^.]+([.][a-z0-9]+[^.]+)*\.")
    assert not [sentence for sentence in sentences if not form.fullmatch(sentence)]


OF_ONE = """
from scripts.contract.mutants import Answer, Call, mutant

@mutant("get_registry", "A registry is a teapot.")
def teapot(call: Call) -> Answer:
    return call.forward().with_status(418)
"""


def test_mutants_of_elsewhere_can_be_named(tmp_path: Path) -> None:
    """A module outside of these tests declares mutants in the same way, and the environment names one of them."""
    (tmp_path / "mine.py").write_text(OF_ONE, encoding="utf-8")
    assert list(load(tmp_path / "mine.py")) == list(load(tmp_path)) == ["teapot"]
    emulator = build(organizations=[ORGANIZATION], tokens=TOKENS)
    environment = {"MUTANT": "teapot", "MUTANTS": str(tmp_path)}
    transport = EmulatorTransport(mutated(emulator.app, TOKENS, environment))
    with httpx.Client(transport=transport, base_url="http://emulator") as client:
        api = Api(client, FULL)
        assert api.call("get_registry", api.registry()).status_code == 418
        assert api.call("list_registries").status_code == 200
    emulator.close()
    assert mutated(emulator.app, TOKENS, {}) is emulator.app


def test_a_mutant_that_fails_says_so_in_the_results(tmp_path: Path) -> None:
    """What goes wrong in a mutant is written down, so that nobody takes it for a mutant that was caught."""
    broken = OF_ONE.replace("return call.forward().with_status(418)", "return call.nothing()")
    (tmp_path / "mine.py").write_text(broken, encoding="utf-8")
    emulator = build(organizations=[ORGANIZATION], tokens=TOKENS)
    results = tmp_path / "results"
    environment = {"MUTANT": "teapot", "MUTANTS": str(tmp_path / "mine.py"), "RESULTS": str(results)}
    transport = EmulatorTransport(mutated(emulator.app, TOKENS, environment))
    with httpx.Client(transport=transport, base_url="http://emulator") as client, pytest.raises(AttributeError):
        Api(client, FULL).call("get_registry", "any")
    emulator.close()
    assert "nothing" in (results / FAILURE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "neither a Python module nor a folder"),
        ("", "declares no mutant"),
        ("import nothing_of_the_kind", "cannot be loaded: ModuleNotFoundError"),
        (OF_ONE.replace("get_registry", "get_teapot"), "a mutant names get_teapot"),
        (OF_ONE + "again = (teapot,)\n", "there are two mutants teapot"),
    ],
)
def test_a_place_without_mutants_is_refused(content: str | None, message: str, tmp_path: Path) -> None:
    """What is wrong with a place of mutants is said in a sentence that names it."""
    place = tmp_path / "mine.py"
    if content is not None:
        place.write_text(content, encoding="utf-8")
    with pytest.raises(MutantsError, match=message) as raised:
        load(place)
    assert str(place) in str(raised.value)


def test_a_mutant_that_is_not_there_is_refused() -> None:
    """A name that no mutant has is said, with the names that are there."""
    with pytest.raises(MutantsError, match="there is no mutant teapot; there are"):
        mutated(lambda *_: None, TOKENS, {"MUTANT": "teapot"})  # type: ignore[arg-type]
