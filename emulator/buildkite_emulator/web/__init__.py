"""The page to look at: `GET /` in a browser, and what it loads from below `/_emulator/ui/`.

`static/` holds the page as the browser runs it: HTML, one style sheet and JavaScript modules, none of them built.
`assets` serves those files, `catalogue` answers what there is in the registries; the log of requests is the control
plane's.
"""

from starlette.routing import Route

from buildkite_emulator.api.context import Emulator
from buildkite_emulator.web import assets
from buildkite_emulator.web.catalogue import Catalogue

__all__ = ["PREFIX", "routes"]

PREFIX = "/_emulator/ui"


def routes(emulator: Emulator) -> list[Route]:
    """Make the page's routes.

    Args:
        emulator: whose registries are shown.
    """
    catalogue = Catalogue(emulator)
    return [
        Route("/", assets.serve(assets.PAGE), methods=["GET"]),
        Route(f"{PREFIX}/registries", catalogue.registries, methods=["GET"]),
        Route(f"{PREFIX}/registries/{{organization}}/{{registry}}", catalogue.registry, methods=["GET"]),
        Route(f"{PREFIX}/openapi.json", assets.reference_document(emulator.spec), methods=["GET"]),
        *(Route(f"{PREFIX}/{name}", assets.serve(asset), methods=["GET"]) for name, asset in assets.BY_NAME.items()),
    ]
