"""The files that a browser loads, each read when it is first asked for, and the headers that fence the page in.

What is shown comes from whoever calls the emulator, so nothing in it may become a script, a style or a request to
elsewhere: the page writes it as text, and the policy below stops what would slip through.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from importlib.util import find_spec, module_from_spec

from starlette.requests import Request
from starlette.responses import Response

from buildkite_emulator.http.responses import json_bytes
from buildkite_emulator.spec import Spec

Answer = Callable[[Request], Awaitable[Response]]

HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"
SVG = "image/svg+xml"

STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def policy(**changes: str) -> str:
    """Write a Content-Security-Policy: the strict one, with some directives changed or added."""
    directives = STRICT | {name.replace("_", "-"): sources for name, sources in changes.items()}
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


PAGE_POLICY = policy(require_trusted_types_for="'script'", trusted_types="'none'")
"""No text becomes HTML or a script, whatever the page's own code does."""

REFERENCE_POLICY = policy(style_src="'self' 'unsafe-inline'", img_src="'self' data:")
"""Swagger UI sets styles of its own and has pictures in its style sheet; it shows the spec, and answers as text."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept, but asked for again, so that another version of the emulator shows
}


@dataclass(frozen=True)
class Asset:
    """A file that a browser loads.

    Attributes:
        file: its path within the package.
        media_type: what it is.
        policy: what it may do where it is opened as a document.
        package: the package that carries it.
    """

    file: str
    media_type: str
    policy: str = policy()
    package: str = __package__


PAGE = Asset("static/page.html", HTML, PAGE_POLICY)

BY_NAME: Mapping[str, Asset] = {
    "reference": Asset("static/reference.html", HTML, REFERENCE_POLICY),
    "icon.svg": Asset("static/icon.svg", SVG),
    "style.css": Asset("static/style.css", CSS),
    "reference.css": Asset("static/reference.css", CSS),
    "reference.js": Asset("static/reference.js", JAVASCRIPT),
    "main.js": Asset("static/main.js", JAVASCRIPT),
    "elements.js": Asset("static/elements.js", JAVASCRIPT),
    "live.js": Asset("static/live.js", JAVASCRIPT),
    "overview.js": Asset("static/overview.js", JAVASCRIPT),
    "registry.js": Asset("static/registry.js", JAVASCRIPT),
    "requests.js": Asset("static/requests.js", JAVASCRIPT),
    "request.js": Asset("static/request.js", JAVASCRIPT),
    "swagger-ui.css": Asset("swagger_style.css", CSS, package="offapi"),
    "swagger-ui.js": Asset("swagger_bundle.js", JAVASCRIPT, package="offapi"),
}
"""By the last part of its address, each file."""


@cache
def content(asset: Asset) -> tuple[bytes, str]:
    """Read a file; returns what is in it, and its entity tag.

    Raises:
        ModuleNotFoundError: the package that carries it is not installed.
    """
    found = find_spec(asset.package)
    if found is None:
        raise ModuleNotFoundError(f"the package {asset.package} is missing", name=asset.package)
    package = module_from_spec(found)  # not imported: offapi would load all that it carries
    read = (files(package) / asset.file).read_bytes()
    return read, entity_tag(read)


def entity_tag(read: bytes) -> str:
    """Make an entity tag."""
    return f'"{sha256(read).hexdigest()[:32]}"'


def serve(asset: Asset) -> Answer:
    """Make what answers with a file."""

    async def answer(request: Request) -> Response:
        return conditional(request, *content(asset), asset.media_type, {"Content-Security-Policy": asset.policy})

    return answer


def reference_document(spec: Spec) -> Answer:
    """Make what answers with the spec, whose server is the one that it was loaded from."""

    @cache
    def document() -> tuple[bytes, str]:
        servers = [{"url": "/", "description": "This emulator."}]
        read = json_bytes({**spec.document, "servers": servers})
        return read, entity_tag(read)

    async def answer(request: Request) -> Response:
        return conditional(request, *document(), "application/json", {})

    return answer


def conditional(request: Request, read: bytes, tag: str, media_type: str, headers: Mapping[str, str]) -> Response:
    """Answer with what was read, or say that the browser has it already."""
    headers = {**HEADERS, **headers, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(read, headers={**headers, "Content-Type": media_type})
