"""Runs Prism, the mock server that others would take in the emulator's place: https://stoplight.io/open-source/prism."""

import copy
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import STDOUT, Popen
from typing import Any

import httpx

from buildkite_emulator.spec import Spec
from scripts import ROOT
from scripts.servers.raw_requests import until

TOOLS = ROOT / "node_modules" / ".bench" / "node_modules" / ".bin"
"""Where `make bench` installs commands of npm."""


@contextmanager
def running_prism(document: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Mock an API as Prism does it by default, on a free port, until the block ends.

    It logs each request, as it does by default, and as the emulator does.

    Args:
        document: the API's OpenAPI document.
        folder: an existing folder for the document and the log.

    Yields:
        its URL, without a slash at the end.
    """
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (folder / "prism.log").open("wb") as log:
        process = Popen([TOOLS / "prism", "mock", path, "--port", str(port)], stdout=log, stderr=STDOUT)
        try:
            until(lambda: process.poll() is not None or answers(url), "Prism answers", seconds=60)
            if process.poll() is not None:
                raise RuntimeError(f"Prism ended with status {process.returncode}")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def answers(url: str) -> bool:
    """Tell whether somebody answers there."""
    try:
        httpx.get(url, timeout=5)
    except httpx.TransportError:
        return False
    return True


def with_answers(spec: Spec, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Make the spec anew with other examples, so that a mock answers what the emulator does.

    Args:
        spec: the spec.
        answers: by operation, the JSON of a successful answer.
    """
    changed = Spec(copy.deepcopy(spec.document))
    for operation_id, answer in answers.items():
        operation = changed.operations[operation_id]
        responses = changed.document["paths"][operation.path][operation.method.lower()]["responses"]
        content = changed.follow(responses[str(operation.success)])["content"]["application/json"]
        content["examples"] = {"answer": {"value": answer}}
    return changed.document
