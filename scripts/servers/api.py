"""Calls operations by their ID, for tests: paths and methods come from the spec."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from typing import IO, Any

import httpx

from buildkite_emulator.spec import Spec
from buildkite_packages.client import LIMITS

SPEC = Spec.load()
TOKEN = "emulator"  # noqa: S105 - the emulator's default, of every scope
ORGANIZATION = "my-org"


class Api:
    """An API that is reached through an `httpx.Client`.

    Args:
        client: has the base URL; requests carry no token of its own.
        token: the access token that calls carry unless they name another.
    """

    def __init__(self, client: httpx.Client, token: str = TOKEN) -> None:
        self.client = client
        self.token = token

    def call(
        self,
        operation_id: str,
        *path: str,
        organization: str = ORGANIZATION,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> httpx.Response:
        """Call an operation.

        Args:
            operation_id: as in the spec.
            path: the path parameters after the organization, in order.
            organization: slug of the organization.
            token: another access token; None for none at all.
            headers: further headers.
            arguments: what `httpx.Client.request` takes: `json`, `files`, `params`, `content`.
        """
        operation = SPEC.operations[operation_id]
        names = [name for _, name in operation.collections]
        url = operation.path.format_map(dict(zip(names, (organization, *path), strict=True)))
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token}"
        return self.client.request(operation.method, url, headers=sent, **arguments)

    def ok(self, operation_id: str, *path: str, **arguments: Any) -> Any:
        """Call an operation that must succeed; returns its JSON, or None where the answer has no body."""
        response = self.call(operation_id, *path, **arguments)
        assert response.status_code == SPEC.operations[operation_id].success, response.text
        return response.json() if response.content else None

    def registry(self, ecosystem: str = "files", name: str = "my registry") -> str:
        """Create a registry; returns its slug."""
        slug = self.ok("create_registry", json={"name": name, "ecosystem": ecosystem})["slug"]
        assert isinstance(slug, str)
        return slug

    def publish(self, registry: str, package: "tuple[str, bytes | IO[bytes]]", **arguments: Any) -> httpx.Response:
        """Publish a package, given as file name and bytes (or open file)."""
        return self.call("publish_package", registry, files={"file": package}, **arguments)


@contextmanager
def running_emulator(*arguments: str, log: Path | None = None) -> Iterator[tuple[Api, "Popen[str]"]]:
    """Run ``buildkite-emulator`` on a free port, in a process of its own, until the block ends.

    Args:
        arguments: of the command, besides ``--port=0``.
        log: file for its standard error; none to let it through.
    """
    command = [executable, "-m", "buildkite_emulator", "--port=0", *arguments]
    errors = log.open("a", encoding="utf-8") if log else None
    process = Popen(command, stdout=PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, "the emulator did not start"
        with httpx.Client(base_url=url, timeout=300, limits=LIMITS) as client:
            yield Api(client), process
    finally:
        process.terminate()
        process.wait(timeout=300)
        if process.stdout:
            process.stdout.close()
        if errors:
            errors.close()
