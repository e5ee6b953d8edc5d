"""What callers name is text on the page, whatever it looks like.

The fixtures make a test fail on any dialog, script error, report of the policy or request to another host.
"""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from buildkite_emulator.testing import RunningEmulator
from scripts.samples import packages
from scripts.servers.api import Api
from tests.browser.conftest import Troubles
from tests.browser.test_reference import authorize, open_reference, operation

IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = "<script>alert(1)</script>"
BREAKOUT = "\"'><svg onload=alert(1)>{{7*7}}${alert(1)}javascript:alert(1)"
REVERSED = "\u202egnp.exe\u202c"
HOSTILE = (IMAGE, SCRIPT, BREAKOUT, REVERSED)


def nothing_came_of_it(page: Page) -> None:
    """Check that no text became an element."""
    made = page.locator("main :is(img, svg, script, iframe, style, object), [onerror], [onload]")
    expect(made).to_have_count(0)


def test_names_of_registries_and_tokens_are_text(page: Page, api: Api) -> None:
    """A registry's name and description and a token's description show as they are."""
    for number, text in enumerate(HOSTILE):
        name = f"{number} {text}"
        slug = api.ok("create_registry", json={"name": name, "ecosystem": "files", "description": text})["slug"]
        api.ok("create_registry_token", slug, json={"description": text})
        card = page.get_by_role("main").get_by_role("link").filter(has_text=name)
        expect(card.locator("strong")).to_have_text(name)
        nothing_came_of_it(page)
        card.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.get_by_role("listitem").filter(has_text=text)).to_be_visible()
        nothing_came_of_it(page)
        page.get_by_role("link", name="Registries").first.click()


def test_what_a_package_says_is_text(page: Page, api: Api) -> None:
    """File names and search texts are shown verbatim."""
    registry = api.registry("ruby")
    kept = [text.translate({ord(each): None for each in '/"'}) for text in (IMAGE, SCRIPT, BREAKOUT)]
    names = {f"g{number}": f"{text}.gem" for number, text in enumerate(kept)}
    for name, file_name in names.items():
        assert api.publish(registry, (file_name, packages.gem(name, "1.0.0")[1])).is_success
    page.goto(f"/#/registries/my-org/{registry}?text={quote(SCRIPT)}")
    expect(page.get_by_label("Name contains")).to_have_value(SCRIPT)
    expect(page.get_by_text("No package's name contains that.")).to_be_visible()
    nothing_came_of_it(page)
    page.get_by_label("Name contains").fill("")
    for name, file_name in names.items():
        page.get_by_role("button", name=name).click()
        expect(page.get_by_text(file_name, exact=True)).to_be_visible()
    nothing_came_of_it(page)


def test_requests_are_text(page: Page, api: Api) -> None:
    """Path, query, headers, body, file name and answer of a request show as they are."""
    registry = api.registry()
    for text in HOSTILE:
        latin = text.encode("ascii", "ignore").decode()
        api.client.get(f"/v2/{quote(text)}/{latin}?x={latin}", headers={"X-Odd": latin})
        api.call(
            "create_registry", json={"name": 5, "ecosystem": text, text: text}, headers={"Content-Language": latin}
        )
        api.publish(registry, (text, b"x"))
        api.publish(registry, (f"{text}-1.0.0.txt", text.encode()))
        api.call("list_packages", registry, params={"name": text, "page": text})
    page.goto("/#/requests")
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    expect(rows.filter(has_text="create_registry")).to_have_count(1 + len(HOSTILE))
    nothing_came_of_it(page)
    for row in rows.all():
        row.click()
        expect(page.get_by_role("article")).to_be_visible()
        nothing_came_of_it(page)
    page.get_by_label("Text").fill(IMAGE)
    expect(rows.filter(has_text="create_registry")).to_have_count(1)
    nothing_came_of_it(page)


@pytest.mark.parametrize("text", HOSTILE)
def test_addresses_are_text(page: Page, text: str, troubles: Troubles) -> None:
    """An address that somebody made up opens a view that says that there is nothing."""
    troubles.expected.append("console: Failed to load resource: the server responded with a status of 404")
    page.goto(f"/#/registries/{quote(text, safe='')}/{quote(text, safe='')}?page={quote(text)}&text={quote(text)}")
    expect(page.get_by_text("There is no such registry.")).to_be_visible()
    nothing_came_of_it(page)
    page.goto(f"/#/requests/{quote(text, safe='')}?operation={quote(text)}&status={quote(text)}")
    expect(page.get_by_text("The log does not hold this request any more.")).to_be_visible()
    nothing_came_of_it(page)
    page.goto(f"/#/{quote(text, safe='')}/%zz")
    expect(page.get_by_role("heading", name="Registries")).to_be_visible()
    nothing_came_of_it(page)


def test_answers_in_the_reference_are_text(page: Page, api: Api, emulator: RunningEmulator) -> None:
    """A response of "Try it out" runs no script in the reference, whose policy is looser."""
    for number, text in enumerate(HOSTILE):
        api.ok("create_registry", json={"name": f"{number} {text}", "ecosystem": "files", "description": text})
    open_reference(page)
    authorize(page, emulator.token)
    listing = operation(page, "list_registries")
    listing.get_by_placeholder("org_slug").fill("my-org")
    listing.get_by_role("button", name="Execute").click()
    expect(listing.locator(".live-responses-table")).to_contain_text(IMAGE)
    expect(page.locator("[onerror], [onload], img[src=x]")).to_have_count(0)
