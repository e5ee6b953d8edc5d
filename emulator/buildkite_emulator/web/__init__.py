"""The emulator's web page at `/`, and what it loads from below `/_emulator/ui/`.

`static/` holds HTML, style sheets and JavaScript modules, without a build step. `assets` serves these files,
`catalogue` returns the registries as JSON; the request log comes from `control`.
"""

from starlette.routing import Route

from buildkite_emulator.api.context import Emulator
from buildkite_emulator.web import assets
from buildkite_emulator.web.catalogue import Catalogue

__all__ = ["PREFIX", "routes"]

PREFIX = "/_emulator/ui"


def routes(emulator: Emulator) -> list[Route]:
    """Make the routes of the page.

    Args:
        emulator: the emulator whose registries the page shows.
    """
    catalogue = Catalogue(emulator)
    return [
        Route("/", assets.serve(assets.PAGE), methods=["GET"]),
        Route(f"{PREFIX}/registries", catalogue.registries, methods=["GET"]),
        Route(f"{PREFIX}/registries/{{organization}}/{{registry}}", catalogue.registry, methods=["GET"]),
        Route(f"{PREFIX}/openapi.json", assets.reference_document(emulator.spec), methods=["GET"]),
        *(Route(f"{PREFIX}/{name}", assets.serve(asset), methods=["GET"]) for name, asset in assets.BY_NAME.items()),
    ]
