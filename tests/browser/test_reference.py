"""The API reference and its try-it."""

from playwright.sync_api import FilePayload, Locator, Page, expect

from buildkite_emulator.testing import RunningEmulator
from scripts.servers.api import SPEC, Api
from tests.browser.conftest import Troubles


def open_reference(page: Page) -> None:
    """Open the reference."""
    page.get_by_role("link", name="API reference").click()
    expect(page.locator(".opblock")).to_have_count(sum(1 + len(each.aliases) for each in SPEC.operations.values()))


def authorize(page: Page, token: str) -> None:
    """Type a token in."""
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".modal-ux")
    dialog.get_by_role("textbox").fill(token)
    dialog.get_by_role("button", name="Apply credentials").click()
    dialog.get_by_role("button", name="Close").last.click()
    expect(dialog).to_have_count(0)


def operation(page: Page, operation_id: str) -> Locator:
    """Open an operation."""
    found = page.locator(f"[id$='-{operation_id}'].opblock")
    found.locator(".opblock-summary-control").click()
    return found


def test_the_reference_shows_every_operation(page: Page) -> None:
    """The reference shows each operation with its path and method, and this emulator as the only server."""
    open_reference(page)
    for each in SPEC.operations.values():
        shown = page.locator(f"[id$='-{each.id}'].opblock")
        expect(shown.locator(".opblock-summary-method")).to_have_text(each.method)
        expect(shown.locator(".opblock-summary-path")).to_have_attribute("data-path", each.path)
    expect(page.locator(".servers option")).to_have_count(1)
    expect(page.get_by_text("Unable to render")).to_have_count(0)
    assert "api.buildkite.com" not in page.locator(".servers").inner_text()


def test_an_operation_is_tried(page: Page, api: Api, emulator: RunningEmulator) -> None:
    """With a token that the user types, an operation is carried out by this emulator, and lands in its log."""
    open_reference(page)
    authorize(page, emulator.token)
    create = operation(page, "create_registry")
    create.get_by_placeholder("org_slug").fill("my-org")
    create.locator("textarea.body-param__text").fill('{"name": "tried out", "ecosystem": "ruby"}')
    create.get_by_role("button", name="Execute").click()
    expect(create.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert [registry["name"] for registry in api.ok("list_registries")] == ["tried out"]
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("link", name="create_registry").click()
    expect(page.get_by_role("article", name="create_registry")).to_contain_text('"name": "tried out"')
    assert emulator.token not in page.content()


def test_a_file_is_published_from_the_reference(page: Page, api: Api, emulator: RunningEmulator) -> None:
    """Try-it sends a file that the user chooses."""
    registry = api.registry()
    open_reference(page)
    authorize(page, emulator.token)
    publish = operation(page, "publish_package")
    publish.get_by_placeholder("org_slug").fill("my-org")
    publish.get_by_placeholder("registry_slug").fill(registry)
    file = FilePayload(name="banana-1.0.0.txt", mimeType="text/plain", buffer=b"a banana")
    publish.locator("input[type=file]").first.set_input_files(files=[file])
    publish.get_by_placeholder("package_url").fill("")  # Swagger UI fills it in, and a publish has one of both
    publish.get_by_role("button", name="Execute").click()
    expect(publish.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert [package["name"] for package in api.ok("list_packages", registry)["items"]] == ["banana"]


def test_without_a_token_trying_is_refused(page: Page, troubles: Troubles) -> None:
    """Without one the emulator refuses, and the reference shows how."""
    troubles.expected.append("console: Failed to load resource: the server responded with a status of 401")
    open_reference(page)
    listing = operation(page, "list_registries")
    listing.get_by_placeholder("org_slug").fill("my-org")
    listing.get_by_role("button", name="Execute").click()
    expect(listing.locator(".live-responses-table .response-col_status").last).to_contain_text("401")
