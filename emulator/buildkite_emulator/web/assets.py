"""Serves the files of the page, each read at its first request, with headers that restrict what the page can do.

The page shows data of untrusted callers, which must not become a script, a style or a request to another site. The
page inserts it as text, and the Content-Security-Policy below is the second line of defence.
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

Endpoint = Callable[[Request], Awaitable[Response]]

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
    """Make a Content-Security-Policy: the strict one with some directives changed or added."""
    directives = STRICT | {name.replace("_", "-"): sources for name, sources in changes.items()}
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


PAGE_POLICY = policy(require_trusted_types_for="'script'", trusted_types="'none'")
"""Trusted Types: text cannot become HTML or a script, whatever the page's code does."""

REFERENCE_POLICY = policy(style_src="'self' 'unsafe-inline'", img_src="'self' data:")
"""Swagger UI sets inline styles and has images in its style sheet. It shows the spec, and responses as text."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # cached but revalidated, so that a new version of the emulator shows
}


@dataclass(frozen=True)
class Asset:
    """A file that a browser loads.

    Attributes:
        file: path inside the package.
        media_type: value of Content-Type.
        policy: the Content-Security-Policy if it is opened as a document.
        package: the Python package that contains it.
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
"""Each file by the last segment of its URL."""


@cache
def content(asset: Asset) -> tuple[bytes, str]:
    """Read a file; return its bytes and its entity tag.

    Raises:
        ModuleNotFoundError: the package that contains it is not installed.
    """
    found = find_spec(asset.package)
    if found is None:
        raise ModuleNotFoundError(f"the package {asset.package} is missing", name=asset.package)
    package = module_from_spec(found)  # importing offapi would load all its files
    read = (files(package) / asset.file).read_bytes()
    return read, entity_tag(read)


def entity_tag(read: bytes) -> str:
    """Return the entity tag of some bytes."""
    return f'"{sha256(read).hexdigest()[:32]}"'


def serve(asset: Asset) -> Endpoint:
    """Make the endpoint of a file."""

    async def endpoint(request: Request) -> Response:
        return conditional(request, *content(asset), asset.media_type, {"Content-Security-Policy": asset.policy})

    return endpoint


def reference_document(spec: Spec) -> Endpoint:
    """Make the endpoint of the spec, with this emulator as its server."""

    @cache
    def document() -> tuple[bytes, str]:
        servers = [{"url": "/", "description": "This emulator."}]
        read = json_bytes({**spec.document, "servers": servers})
        return read, entity_tag(read)

    async def endpoint(request: Request) -> Response:
        return conditional(request, *document(), "application/json", {})

    return endpoint


def conditional(request: Request, read: bytes, tag: str, media_type: str, headers: Mapping[str, str]) -> Response:
    """Respond with the bytes, or with 304 if the browser has them."""
    headers = {**HEADERS, **headers, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(read, headers={**headers, "Content-Type": media_type})
