"""A headless Chromium, one emulator per test, and a page that fails the test on any error."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)

from buildkite_emulator.testing import RunningEmulator
from scripts.servers.api import Api

COMMANDS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # for containers, where tests run as root; nothing but the emulator's page is opened
)
PATIENCE = 20_000
"""Milliseconds that something may take to show."""

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@dataclass
class Troubles:
    """What went wrong on a page.

    Attributes:
        found: what did, in a sentence each.
        expected: beginnings of those that a test brings about on purpose.
    """

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def unexpected(self) -> list[str]:
        """List those that no test brought about."""
        return [each for each in self.found if not each.startswith(tuple(self.expected))]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run the browser that `CHROMIUM` names, or that is on the `PATH`, with an empty profile."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, COMMANDS)), None)
    if found is None:
        pytest.fail("Chromium is missing; install it (apt-get install chromium) or set CHROMIUM", pytrace=False)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=found, args=FLAGS) as running:
        yield running


@pytest.fixture
def emulator() -> Iterator[RunningEmulator]:
    """Run an emulator that holds nothing."""
    with RunningEmulator() as running:
        yield running


@pytest.fixture
def api(emulator: RunningEmulator) -> Iterator[Api]:
    """Reach that emulator."""
    with httpx.Client(base_url=emulator.url, timeout=60) as client:
        yield Api(client, emulator.token)


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """Collect what goes wrong on a page; at the end nothing may have."""
    seen = Troubles()
    yield seen
    assert seen.unexpected() == []


@pytest.fixture
def settings() -> dict[str, Any]:
    """Give the settings of the browser's window; a test parametrizes this to have others."""
    return {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def context(
    browser: Browser, emulator: RunningEmulator, troubles: Troubles, settings: dict[str, Any]
) -> Iterator[BrowserContext]:
    """Open a window that reaches the emulator and nothing else."""
    origin = emulator.url

    def fence(route: Route, request: Request) -> None:
        if request.url.startswith((f"{origin}/", "data:")):
            route.continue_()
        else:
            troubles.found.append(f"asked for {request.url}")
            route.abort()

    with browser.new_context(base_url=origin, **settings) as opened:
        opened.set_default_timeout(PATIENCE)
        opened.route("**/*", fence)
        opened.grant_permissions(["clipboard-read", "clipboard-write"], origin=origin)
        opened.add_init_script(REPORT_VIOLATIONS)
        yield opened


@pytest.fixture
def page(context: BrowserContext, emulator: RunningEmulator, troubles: Troubles) -> Page:
    """Open a tab, in which paths are those of the emulator."""

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            troubles.found.append(f"console: {message.text}")

    def dismiss(dialog: Dialog) -> None:
        troubles.found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    tab = context.new_page()
    tab.on("console", hear)
    tab.on("pageerror", lambda error: troubles.found.append(f"error: {error}"))
    tab.on("dialog", dismiss)
    tab.goto(f"{emulator.url}/")
    return tab
