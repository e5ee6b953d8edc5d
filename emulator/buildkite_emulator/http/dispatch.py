"""The layers of an emulator, from the outside in.

                                  Hosts (refuses other sites' pages)
/_emulator/..., / in a browser    Control   its routes
/_uploads/                        Recorder  UploadForms
everything else                   Recorder  App  Admission (401, 429, faults)  the rest of the App
"""

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/_emulator"

BELOW = f"{PREFIX}/".encode()


class Dispatch:
    """Takes a request to the API, or to what only an emulator has.

    Args:
        api: the API, with its recorder.
        control: what only an emulator has, and the page.
        uploads: what takes the forms of presigned uploads, with its recorder.
        uploads_path: where those are sent to.
    """

    def __init__(self, api: ASGIApp, control: ASGIApp, uploads: ASGIApp, uploads_path: str) -> None:
        self._api = api
        self._control = control
        self._uploads = uploads
        self._uploads_path = uploads_path.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise ValueError(f"cannot answer {scope['type']}")
        # As it was sent, and as a proxy sees it that may have to refuse it.
        path, _, _ = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")
        is_own = path.startswith(BELOW) or path == BELOW[:-1] or (path == b"/" and is_of_browser(scope))
        if path.startswith(self._uploads_path):
            await self._uploads(scope, receive, send)
        else:
            await (self._control if is_own else self._api)(scope, receive, send)


def is_of_browser(scope: Scope) -> bool:
    """Tell whether somebody wants to see a page, as the API's callers never do."""
    wanted = (value for name, value in scope["headers"] if name == b"accept")
    return scope["method"] in ("GET", "HEAD") and any(b"text/html" in value for value in wanted)
