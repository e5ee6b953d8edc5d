"""Registries, packages and registry tokens on the page."""

import hashlib
import re
import subprocess
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from buildkite_emulator.testing import RunningEmulator
from buildkite_emulator.web.catalogue import PER_PAGE
from scripts.samples import packages
from scripts.servers.api import Api
from tests.browser.conftest import Troubles


def test_what_is_created_and_published_appears(page: Page, api: Api) -> None:
    """A new registry and its packages appear within seconds, without a reload."""
    page.evaluate("window.loaded = 'once'")
    expect(page.get_by_text("There is no registry yet")).to_be_visible()
    registry = api.registry("debian", "apt mirror")
    card = page.get_by_role("link", name="apt mirror")
    expect(card).to_contain_text("0 packages")
    assert api.publish(registry, packages.deb("hello", "2.10-3", "arm64")).is_success
    expect(card).to_contain_text("1 package")
    card.click()
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="hello"))
    expect(row.get_by_role("cell")).to_contain_text(["hello", "2.10-3", "arm64"])
    assert api.publish(registry, packages.deb("adieu", "1.0")).is_success
    expect(page.get_by_role("button", name="adieu")).to_be_visible()
    expect(page.get_by_text("2 packages")).to_be_visible()
    assert page.evaluate("window.loaded") == "once"


def test_a_package_shows_its_digests(page: Page, api: Api) -> None:
    """A package opens to its file name and whole digests, stays open while others arrive, and its digest is copied."""
    registry = api.registry()
    content = b"a banana"
    assert api.publish(registry, ("banana-1.0.0.txt", content)).is_success
    page.goto(f"/#/registries/my-org/{registry}")
    button = page.get_by_role("button", name="banana")
    detail = page.get_by_text(hashlib.sha512(content).hexdigest())
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(detail).to_be_hidden()
    button.click()
    expect(detail).to_be_visible()
    expect(page.get_by_text("banana-1.0.0.txt")).to_be_visible()
    assert api.publish(registry, ("cherry-1.0.0.txt", b"a cherry")).is_success
    expect(page.get_by_role("button", name="cherry")).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="Copy SHA-256").and_(page.locator(":visible")).click()
    expect(page.get_by_role("status").filter(has_text="Copied SHA-256")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == hashlib.sha256(content).hexdigest()


def test_tokens_show_without_their_secrets(page: Page, api: Api) -> None:
    """A registry token's description shows; its secret reaches neither the page nor what it loads."""
    registry = api.registry()
    secret = api.ok("create_registry_token", registry, json={"description": "for the deploy job"})["token"]
    loaded = []

    def keep(route: Route) -> None:
        response = route.fetch()
        loaded.append(response.text())
        route.fulfill(response=response)

    page.route("**/*", keep)
    page.goto(f"/#/registries/my-org/{registry}")
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="for the deploy job")).to_be_visible()
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("link", name="create_registry_token").click()
    expect(page.get_by_role("heading", name="create_registry_token")).to_be_visible()
    page.unroute_all(behavior="wait")
    assert any("for the deploy job" in text for text in loaded)
    assert [text for text in (page.content(), *loaded) if secret in text] == []


def test_a_big_registry_is_shown_page_by_page(page: Page, api: Api) -> None:
    """Of many packages the newest show first, and links lead through the rest and back."""
    registry = api.registry()
    for number in range(2 * PER_PAGE + 1):
        assert api.publish(registry, packages.generic("banana", f"1.0.{number}")).is_success
    page.goto(f"/#/registries/my-org/{registry}")
    pages = page.get_by_role("navigation", name="Pages of packages")
    expect(pages).to_contain_text("Page 1 of 3")
    expect(page.get_by_role("row")).to_have_count(PER_PAGE + 1)
    expect(page.get_by_role("row").nth(1)).to_contain_text(f"1.0.{2 * PER_PAGE}")
    pages.get_by_role("link", name="Next").click()
    expect(pages).to_contain_text("Page 2 of 3")
    expect(page.get_by_role("row").nth(1)).to_contain_text(f"1.0.{PER_PAGE}")
    pages.get_by_role("link", name="Last").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.go_back()
    expect(pages).to_contain_text("Page 2 of 3")
    page.reload()
    expect(pages).to_contain_text("Page 2 of 3")


def test_packages_are_filtered_by_name(page: Page, api: Api) -> None:
    """Part of a name, however it is cased, finds the packages; the address keeps the filter."""
    registry = api.registry()
    for name in ("banana", "blue-banana", "cherry"):
        assert api.publish(registry, packages.generic(name, "1.0.0")).is_success
    page.goto(f"/#/registries/my-org/{registry}")
    names = page.locator("tbody").get_by_role("button", expanded=False)
    expect(names).to_have_count(3)
    page.get_by_label("Name contains").fill("BANANA")
    expect(names).to_have_text(["blue-banana", "banana"])
    page.reload()
    expect(names).to_have_text(["blue-banana", "banana"])
    for absent in ("b_nana", "%", "kiwi"):
        page.get_by_label("Name contains").fill("cherry")
        expect(names).to_have_text(["cherry"])
        page.get_by_label("Name contains").fill(absent)
        expect(page.get_by_text("No package's name contains that.")).to_be_visible()


def test_registries_are_filtered(page: Page, api: Api) -> None:
    """A filter finds registries by name and by ecosystem."""
    api.registry("ruby", "gems")
    api.registry("python", "wheels")
    cards = page.get_by_role("main").get_by_role("listitem")
    expect(cards).to_have_count(2)
    page.get_by_label("Filter").fill("GEM")
    expect(cards).to_have_text([re.compile("gems")])
    page.get_by_label("Filter").fill("python")
    expect(cards).to_have_text([re.compile("wheels")])
    page.get_by_label("Filter").fill("nothing such")
    expect(page.get_by_text("No registry fits the filter.")).to_be_visible()


def test_a_registry_that_goes_says_so(page: Page, api: Api, troubles: Troubles) -> None:
    """A registry that is deleted while it is looked at does not go on showing what it held."""
    troubles.expected.append("console: Failed to load resource: the server responded with a status of 404")
    registry = api.registry()
    assert api.publish(registry, packages.generic("banana", "1.0.0")).is_success
    page.goto(f"/#/registries/my-org/{registry}")
    expect(page.get_by_role("button", name="banana")).to_be_visible()
    api.ok("delete_registry", registry)
    expect(page.get_by_text("There is no such registry.")).to_be_visible()
    expect(page.get_by_role("button", name="banana")).to_have_count(0)


def test_the_commands_for_a_start_run(page: Page, emulator: RunningEmulator, tmp_path: Path) -> None:
    """What an empty organization and an empty registry suggest runs as it stands, and does what it says."""
    environment = {"BUILDKITE_API_TOKEN": emulator.token}

    def run_shown() -> None:
        command = page.get_by_role("group", name="the command").inner_text()
        assert emulator.token not in command
        subprocess.run(
            ["bash", "-c", f"set -e; {command} --fail"], env=environment, cwd=tmp_path, timeout=60, check=True
        )

    run_shown()
    page.get_by_role("link", name="my files").click()
    expect(page.get_by_text("There is no package yet")).to_be_visible()
    (tmp_path / "package-1.0.0.txt").write_text("a package")
    run_shown()
    expect(page.get_by_role("button", name="package")).to_be_visible()


def test_what_an_oidc_policy_says_is_shown(page: Page, api: Api) -> None:
    """A registry with a policy shows it, and which statement admitted a request with an OIDC token, or why none did."""
    issuer = "https://agent.buildkite.com"
    policy = [{"iss": issuer, "claims": {"pipeline_slug": name}} for name in ("first", "second")]
    slug = api.ok("create_registry", json={"name": "gated", "ecosystem": "files", "oidc_policy": policy})["slug"]
    for name in ("second", "third"):
        body = {"registry": slug, "claims": {"pipeline_slug": name}}
        token = api.client.post("/_emulator/oidc-tokens", json=body).json()["token"]
        api.call("list_packages", slug, token=token)
    page.get_by_role("link", name="gated").click()
    section = page.get_by_role("region", name="OIDC policy")
    expect(section).to_contain_text(f"iss: {issuer}")
    rows = section.get_by_role("list", name="Requests with an OIDC token, newest first").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("No statement admitted it.")
    expect(rows.nth(0)).to_contain_text('statement 2: claim pipeline_slug: "third" is not "second"')
    expect(rows.nth(1)).to_contain_text("Statement 2 admitted it.")
    rows.nth(0).get_by_role("link", name="list_packages").click()
    request = page.get_by_role("article", name="list_packages")
    expect(request).to_contain_text("What the OIDC policy says")
    expect(request).to_contain_text('statement 1: claim pipeline_slug: "third" is not "first"')
