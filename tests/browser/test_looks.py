"""Accessibility of the page: sizes, colours, the keyboard, and assistive technology."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from buildkite_emulator.testing import RunningEmulator
from scripts.samples import packages
from scripts.servers.api import Api
from scripts.servers.raw_requests import until
from tests.browser.test_reference import authorize, open_reference, operation

SIZES = {"narrow": (400, 800), "wide": (1600, 1000)}
SCHEMES = ("light", "dark")


def settings_of(size: str, scheme: str) -> dict[str, Any]:
    """Make the settings of a window."""
    width, height = SIZES[size]
    return {"viewport": {"width": width, "height": height}, "color_scheme": scheme}


EVERY_WINDOW = pytest.mark.parametrize(
    "settings",
    [pytest.param(settings_of(size, scheme), id=f"{size}, {scheme}") for size in SIZES for scheme in SCHEMES],
)
LONG = "a-name-of-many-letters" * 8


@pytest.fixture
def filled(api: Api) -> str:
    """Fill the emulator with all that the page has to show; returns a registry."""
    registry = api.registry("files", "my files")
    api.registry("ruby", "W" * 90)
    assert api.publish(registry, packages.generic("banana", "1.0.0", b"banana")).is_success
    assert api.publish(registry, packages.generic(LONG, "1.0.0")).is_success
    api.ok("create_registry_token", registry, json={"description": LONG})
    api.call("create_registry", json={"name": 5, "ecosystem": LONG}, headers={"X-Long": LONG * 4})
    api.client.get(f"/v2/{LONG}?{LONG}")
    return registry


def each_view(page: Page, registry: str, look: Callable[[str], None]) -> None:
    """Open each view, and look at it."""
    page.goto("/#/registries")
    expect(page.get_by_role("link", name="my files")).to_be_visible()
    look("registries")
    page.goto(f"/#/registries/my-org/{registry}")
    page.get_by_role("button", name="banana").click()
    look("registry")
    page.goto("/#/requests")
    expect(page.get_by_role("link", name="create_registry_token")).to_be_visible()
    look("requests")
    page.get_by_role("link", name="422").click()
    expect(page.get_by_role("article")).to_be_visible()
    look("request")
    page.goto("/_emulator/ui/reference")
    expect(page.get_by_role("button", name="Authorize")).to_be_visible()
    look("reference")


@EVERY_WINDOW
def test_nothing_sticks_out_sideways(page: Page, filled: str) -> None:
    """No view has to be scrolled sideways, in a narrow window or a wide one, whatever names are in it."""

    def look(view: str) -> None:
        excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert excess <= 0, f"{view} is {excess} pixels too wide"
        cut = page.evaluate(
            """[...document.querySelectorAll("main *")].filter((each) =>
                each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1).length"""
        )
        assert cut == 0, f"{view} has {cut} elements beyond the edge"

    each_view(page, filled, look)


@pytest.mark.parametrize("settings", [settings_of("narrow", "light")])
def test_operations_fit_a_narrow_window(page: Page, emulator: RunningEmulator) -> None:
    """An operation that is open in the reference, and tried, does not have to be scrolled sideways either."""
    open_reference(page)
    authorize(page, emulator.token)
    for operation_id in ("create_registry", "publish_package", "list_packages"):
        opened = operation(page, operation_id)
        expect(opened.get_by_role("button", name="Execute")).to_be_visible()
    listing = operation(page, "list_registries")
    listing.get_by_placeholder("org_slug").fill("my-org")
    listing.get_by_role("button", name="Execute").click()
    expect(listing.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES["narrow"][0]


@EVERY_WINDOW
def test_assistive_technology_finds_its_way(page: Page, filled: str) -> None:
    """By axe there is nothing to object to, contrast of colours included; what Swagger UI draws is its own matter."""
    axe = Axe()

    def look(view: str) -> None:
        context = {"exclude": ["#reference"]} if view == "reference" else None
        found = axe.run(page, context=context).response["violations"]
        seen = [(each["id"], node["target"], node["failureSummary"]) for each in found for node in each["nodes"]]
        assert seen == [], view

    page.emulate_media(reduced_motion="reduce")
    each_view(page, filled, look)


@pytest.mark.parametrize("settings", [settings_of("wide", "light")])
def test_a_wide_window_shows_list_and_request(page: Page, filled: str) -> None:
    """In a wide window the list stays beside the request that was chosen; in a narrow one there is a way back."""
    page.goto("/#/requests")
    row = page.get_by_role("link", name="422")
    row.click()
    request = page.get_by_role("article")
    expect(request).to_be_visible()
    expect(row).to_be_visible()
    left, right = row.bounding_box(), request.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    assert filled
    page.set_viewport_size({"width": 400, "height": 800})
    expect(row).to_be_hidden()
    page.get_by_role("link", name="All requests").click()
    expect(request).to_have_count(0)
    expect(row).to_be_focused()


def test_the_colours_follow_the_system(page: Page) -> None:
    """The page and the reference are dark on a dark system and light on a light one, and follow a change."""
    brightness = "parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    for path in ("/", "/_emulator/ui/reference"):
        page.emulate_media(color_scheme="dark")
        page.goto(path)
        assert page.evaluate(brightness) < 64
        page.emulate_media(color_scheme="light")
        assert page.evaluate(brightness) > 192
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark-mode")).to_have_count(1)


def test_nothing_moves_for_who_wants_no_motion(page: Page) -> None:
    """Whoever asked the system for less motion sees none."""
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    moving = "document.getAnimations().length"
    until(lambda: page.evaluate(moving) > 0, "something moves")
    page.emulate_media(reduced_motion="reduce")
    until(lambda: page.evaluate(moving) == 0, "nothing moves")


def test_the_keyboard_alone_is_enough(page: Page, filled: str) -> None:
    """With Tab, Enter and Escape one gets to a package, and to a request and back, and always sees where one is."""
    assert filled

    def tab_to(wanted: Locator) -> None:
        expect(wanted).to_be_visible()
        for _ in range(60):
            page.keyboard.press("Tab")
            if wanted.evaluate("(element) => element === document.activeElement"):
                break
        else:
            pytest.fail(f"Tab does not lead to {wanted}")
        style = wanted.evaluate("(element) => getComputedStyle(element).outlineStyle")
        assert style != "none", f"one does not see that {wanted} has the focus"

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page.get_by_role("link", name="my files"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="my files")).to_be_focused()
    package = page.get_by_role("button", name="banana")
    tab_to(package)
    page.keyboard.press("Enter")
    expect(package).to_have_attribute("aria-expanded", "true")
    page.goto("/#/requests")
    row = page.get_by_role("link", name="create_registry_token")
    tab_to(row)
    page.keyboard.press("Enter")
    expect(page.get_by_role("article").get_by_role("heading", level=2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_skipping_stays_in_the_view(page: Page) -> None:
    """The link that skips to the content leads to the content of the view that is open."""
    page.goto("/#/requests?status=4xx")
    page.get_by_role("link", name="Skip to the content").press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    expect(page.get_by_label("Outcome")).to_have_value("4xx")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Text")).to_be_focused()


@pytest.mark.parametrize("settings", [{"java_script_enabled": False}])
def test_without_javascript_the_page_says_so(page: Page) -> None:
    """A browser without JavaScript shows that it is needed, and a link to the spec."""
    expect(page.get_by_role("heading", name="This page needs JavaScript")).to_be_visible()
    page.get_by_role("link", name="API reference").click()
    expect(page.locator("#main").get_by_role("link")).to_have_attribute("href", "/_emulator/ui/openapi.json")
