"""The report of a contract run in Chromium: narrow and wide, light and dark, as a file on disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from scripts.contract.report import write_reports
from scripts.servers.raw_requests import until
from tests.browser.conftest import PATIENCE, REPORT_VIOLATIONS, Troubles
from tests.browser.test_looks import EVERY_WINDOW, settings_of
from tests.support.sample_results import UNITS, finding, varied_findings, write_shard

REPORTS = ("red", "green", "amber", "empty")
NARROW = pytest.mark.parametrize("settings", [settings_of("narrow", "light")])


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report on a run with findings, on one without, on one that was killed, and on none."""
    tmp_path = tmp_path_factory.mktemp("reports")
    for name in REPORTS:
        (tmp_path / name / "results").mkdir(parents=True)
    skipped = {"flow registry_keeps_what_is_not_sent": ("skipped", "It writes, and WRITE=1 was not given.")}
    long = finding(check="W" * 200, received="W" * 5000, curl="curl " + "W" * 3000)
    write_shard(tmp_path / "red/results", findings=[*varied_findings(), long], statuses=skipped)
    write_shard(tmp_path / "green/results")
    write_shard(tmp_path / "amber/results", "1/2", UNITS[:3], killed=True)
    for name in REPORTS:
        write_reports(tmp_path / name / "results", tmp_path / name)
    return tmp_path


@pytest.fixture
def page(browser: Browser, troubles: Troubles, settings: dict[str, Any]) -> Iterator[Page]:
    """Open a tab that may ask for nothing but the report's own file."""
    with browser.new_context(**settings) as context:
        context.set_default_timeout(PATIENCE)
        context.add_init_script(REPORT_VIOLATIONS)
        tab = context.new_page()

        def asked(request: Request) -> None:
            if not (request.url.startswith("file://") and request.is_navigation_request()):
                troubles.found.append(f"asked for {request.url}")

        def hear(message: ConsoleMessage) -> None:
            troubles.found.append(f"console: {message.text}")

        context.on("request", asked)
        tab.on("console", hear)
        tab.on("pageerror", lambda error: troubles.found.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: troubles.found.append(f"dialog: {dialog.message}"))
        yield tab


def open_report(page: Page, reports: Path, name: str) -> None:
    """Open a report, with all that can be unfolded unfolded."""
    page.goto((reports / name / "index.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


@EVERY_WINDOW
def test_the_verdict_is_seen_first(page: Page, reports: Path) -> None:
    """Without scrolling one sees the whole verdict, above all else."""
    for name in REPORTS:
        page.goto((reports / name / "index.html").as_uri())
        verdict = page.get_by_role("heading", level=1)
        expect(verdict).to_be_in_viewport(ratio=1)
        box = verdict.bounding_box()
        assert box is not None
        assert box["y"] < 200, name
        assert page.evaluate("document.querySelector('main').firstElementChild.contains(document.querySelector('h1'))")


@EVERY_WINDOW
def test_nothing_sticks_out_sideways(page: Page, reports: Path) -> None:
    """The page does not have to be scrolled sideways, whatever is in it; the tables scroll in boxes of their own."""
    for name in REPORTS:
        open_report(page, reports, name)
        excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert excess <= 0, name
        cut = page.evaluate(
            """[...document.querySelectorAll("main *")].filter((each) =>
                !each.closest("table") && each.checkVisibility() &&
                each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.outerHTML.slice(0, 200))"""
        )
        assert cut == [], name


@EVERY_WINDOW
def test_assistive_technology_finds_its_way(page: Page, reports: Path) -> None:
    """By axe there is nothing to object to, contrast of colours included."""
    for name in REPORTS:
        open_report(page, reports, name)
        found = Axe().run(page).response["violations"]
        seen = [(each["id"], node["target"], node["failureSummary"]) for each in found for node in each["nodes"]]
        assert seen == [], name


@NARROW
def test_the_table_scrolls_beside_its_operations(page: Page, reports: Path) -> None:
    """In a narrow window the table of checks can be scrolled with the keyboard, and the operations stay in sight."""
    open_report(page, reports, "green")
    box = page.get_by_role("group", name="Table of operations by check")
    box.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    # `wait_for_function` would evaluate text in the page again and again, which the page's policy forbids.
    until(lambda: page.evaluate("document.querySelector('.scrolling').scrollLeft") > 0, "the table has scrolled")
    operation = box.get_by_role("rowheader", name="list_registries")
    operation.scroll_into_view_if_needed()
    expect(operation).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("size", "beside"), [("narrow", False), ("wide", True)])
def test_expected_against_received(browser: Browser, reports: Path, size: str, beside: bool) -> None:  # noqa: FBT001
    """What was expected stands beside what was received in a wide window, and above it in a narrow one."""
    with browser.new_context(**settings_of(size, "light")) as context:
        page = context.new_page()
        open_report(page, reports, "red")
        article = page.get_by_role("article").first
        left, right = (article.locator(side).bounding_box() for side in (".expected", ".received"))
    assert left is not None
    assert right is not None
    assert (left["y"] == right["y"]) == beside
    assert (left["x"] < right["x"]) == beside


def test_a_command_can_be_copied(browser: Browser, reports: Path) -> None:
    """The button beside a command copies the whole of it, and says so."""
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        open_report(page, reports, "red")
        box = page.get_by_role("article").first.locator(".copyable").first
        box.get_by_role("button").click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == box.locator("pre").inner_text()


def test_a_failure_leads_to_its_finding(page: Page, reports: Path) -> None:
    """The number in the table that says how often a check failed leads to what was found."""
    open_report(page, reports, "red")
    page.get_by_role("row", name="delete_registry ").get_by_role("link").click()
    expect(page.get_by_role("article", name="delete_registry")).to_be_in_viewport()


def test_nothing_comes_of_an_answer(page: Page, reports: Path) -> None:
    """Markup in an answer is text, and no element is made of it."""
    open_report(page, reports, "red")
    received = page.locator(".received pre").filter(has_text="<script>alert")
    expect(received).to_contain_text('<script>alert("x")</script>\\u202egnp.exe')
    expect(page.locator("script")).to_have_count(1)
    expect(page.locator("main :is(img, svg, script, iframe, style, object, b), [onerror], [onload]")).to_have_count(0)


@pytest.mark.parametrize("settings", [settings_of("wide", "dark")])
def test_paper_is_light_and_holds_everything(page: Page, reports: Path) -> None:
    """The printed page is light even on a dark system, and shows folded and scrolling parts completely."""
    page.goto((reports / "red" / "index.html").as_uri())
    page.emulate_media(media="print")
    brightness = "parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    assert page.evaluate(brightness) == 255
    expect(page.get_by_role("button")).to_have_count(0)
    scrolling = (
        "[...document.querySelectorAll('pre')].filter((each) => each.scrollHeight > each.clientHeight + 1).length"
    )
    assert page.evaluate(scrolling) == 0
    step = page.locator("details pre").first
    assert step.evaluate("(element) => element.getBoundingClientRect().height") > 10
