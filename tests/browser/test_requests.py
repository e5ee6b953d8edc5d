"""The log of requests on the page."""

import contextlib
import json
import re
import subprocess

import httpx
from playwright.sync_api import Page, expect

from buildkite_emulator.testing import RunningEmulator
from scripts.servers.api import Api, running_emulator
from tests.browser.conftest import Troubles


def open_log(page: Page) -> None:
    """Open the log."""
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Requests").click()
    expect(page.get_by_role("heading", name="Requests")).to_be_visible()


def test_a_failing_request_leads_to_its_reason(page: Page, api: Api) -> None:
    """From the row of a refused request one comes to what was wrong with it, what was sent and what was answered."""
    open_log(page)
    refused = api.call("create_registry", json={"name": 5, "ecosystem": "files"}, headers={"X-Job": "build 7"})
    assert refused.status_code == 422
    row = page.get_by_role("link", name="create_registry")
    expect(row).to_contain_text("422")
    row.click()
    request = page.get_by_role("article", name="create_registry")
    expect(page).to_have_title(re.compile("^Request 1 "))
    expect(request).to_contain_text("Why it was refused")
    expect(request).to_contain_text(refused.json()["message"])
    for error in refused.json()["errors"]:
        expect(request).to_contain_text(error["field"])
    expect(request.get_by_role("group", name="Body of the request")).to_contain_text('"name": 5')
    expect(request.get_by_role("group", name="Body of the response")).to_contain_text(
        json.dumps(refused.json()["message"])
    )
    expect(request).to_contain_text(re.compile("x-job\\s*build 7", re.IGNORECASE))


def test_the_reason_shows_in_the_row(page: Page, api: Api) -> None:
    """What the spec objects to, and else what the answer says, is in the list already."""
    open_log(page)
    api.call("list_packages", api.registry(), params={"per_page": 1000})
    expect(page.get_by_role("link", name="list_packages")).to_contain_text("per_page")
    absent = api.call("get_registry", "missing")
    expect(page.get_by_role("link", name="get_registry")).to_contain_text(absent.json()["message"])


def test_requests_are_filtered(page: Page, api: Api) -> None:
    """Operation, outcome and text each narrow the list, together too; the address keeps the filter."""
    api.registry(name="first")
    api.registry(name="second")
    api.call("create_registry", json={"name": "first", "ecosystem": "files"})
    api.call("get_registry", "missing")
    api.ok("list_registries")
    open_log(page)
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    expect(rows).to_have_count(5)
    page.get_by_label("Operation").select_option("create_registry")
    expect(rows).to_have_count(3)
    page.get_by_label("Outcome").select_option("Refused (4xx)")
    expect(rows).to_have_count(1)
    page.get_by_label("Operation").select_option("Any")
    expect(rows).to_have_count(2)
    page.get_by_label("Text").fill("MISSING")
    expect(rows).to_have_text([re.compile("get_registry")])
    expect(page.get_by_role("main").get_by_text("5 requests, 1 of them shown")).to_be_visible()
    page.reload()
    expect(rows).to_have_text([re.compile("get_registry")])
    page.get_by_label("Text").fill("nowhere")
    expect(page.get_by_text("No request fits the filter.")).to_be_visible()


def test_requests_of_no_operation_are_there_too(page: Page, api: Api) -> None:
    """A path that the API does not have is logged, and can be filtered for."""
    api.client.get("/v3/nothing")
    api.ok("list_registries")
    open_log(page)
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    expect(rows).to_have_count(2)
    page.get_by_label("Operation").select_option("None (unknown path)")
    expect(rows).to_have_text([re.compile("404.*Unknown path.*/v3/nothing", re.DOTALL)])


def test_a_request_is_copied_as_curl(page: Page, api: Api, emulator: RunningEmulator) -> None:
    """The copied command has no token, and repeats the request for a user who sets one."""
    api.call("create_registry", json={"name": 'it\'s "quoted" $HOME `id`', "ecosystem": "files"})
    open_log(page)
    page.get_by_role("link", name="create_registry").click()
    page.get_by_role("button", name="Copy the curl command").click()
    expect(page.get_by_role("status").filter(has_text="Copied the curl command")).to_be_attached()
    command = page.evaluate("navigator.clipboard.readText()")
    assert emulator.token not in command
    assert emulator.token not in page.content()
    environment = {"BUILDKITE_API_TOKEN": emulator.token}
    first = [registry["name"] for registry in api.ok("list_registries")]
    api.ok("delete_registry", *[registry["slug"] for registry in api.ok("list_registries")])
    subprocess.run(["bash", "-c", command], env=environment, capture_output=True, timeout=60, check=True)
    assert [registry["name"] for registry in api.ok("list_registries")] == first


def test_a_published_file_is_named(page: Page, api: Api) -> None:
    """The request of a publish names its file and says how large it was, without the file's bytes."""
    api.publish(api.registry(), ("banana-1.0.0.txt", b"z" * 5000))
    open_log(page)
    page.get_by_role("link", name="publish_package").click()
    request = page.get_by_role("article", name="publish_package")
    expect(request).to_contain_text("banana-1.0.0.txt")
    expect(request).not_to_contain_text("zzzz")


def test_new_requests_do_not_disturb(page: Page, api: Api) -> None:
    """What arrives is put on top; the row that has the focus keeps it."""
    api.ok("list_registries")
    open_log(page)
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    rows.first.focus()
    page.evaluate("window.focused = document.activeElement")
    api.registry()
    expect(rows).to_have_text([re.compile("create_registry"), re.compile("list_registries")])
    assert page.evaluate("window.focused === document.activeElement")


def test_the_list_pauses(page: Page, api: Api) -> None:
    """While it is paused nothing is added, but it is said how much waits; then it is all there."""
    api.ok("list_registries")
    open_log(page)
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    api.registry()
    expect(page.get_by_role("button", name="Resume (1 new)")).to_be_visible()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Resume (1 new)").click()
    expect(rows).to_have_count(2)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_many_requests_are_shown_in_portions(page: Page, api: Api) -> None:
    """Of very many requests the newest are shown, and the rest on demand."""
    for _ in range(250):
        api.ok("list_registries")
    open_log(page)
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    expect(page.get_by_text("250 requests")).to_be_visible()
    expect(rows).to_have_count(200)
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(250)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()


def test_a_cut_connection_is_a_request_without_an_answer(page: Page, api: Api, emulator: RunningEmulator) -> None:
    """A request that a fault took the answer from is in the log, with the fault that did it."""
    fault = emulator.fault(operation="list_registries", times=1, cut="before")
    with contextlib.suppress(httpx.TransportError):
        api.call("list_registries")
    open_log(page)
    page.get_by_label("Outcome").select_option("Without an answer")
    page.get_by_role("link", name="list_registries").click()
    request = page.get_by_role("article", name="list_registries")
    expect(request).to_contain_text(f"Fault{fault['id']}")
    expect(request).to_contain_text("There was none.")


def test_a_reset_empties_the_page(page: Page, api: Api, emulator: RunningEmulator) -> None:
    """After a reset the page shows only later requests."""
    api.registry()
    expect(page.get_by_role("link", name="my registry")).to_be_visible()
    open_log(page)
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    expect(rows).to_have_count(1)
    emulator.reset()
    expect(page.get_by_text("No request yet.")).to_be_visible()
    api.ok("list_registries")
    expect(rows).to_have_text([re.compile("list_registries")])
    page.get_by_role("link", name="Registries", exact=True).click()
    expect(page.get_by_text("There is no registry yet")).to_be_visible()


def test_another_emulator_in_its_place_is_noticed(
    page: Page, api: Api, emulator: RunningEmulator, troubles: Troubles
) -> None:
    """Where the emulator is started anew, the page goes over to its log, though the numbers in it begin anew."""
    troubles.expected.append("console: Failed to load resource: net::ERR_")
    for _ in range(3):
        api.ok("list_registries")
    open_log(page)
    rows = page.get_by_role("list", name="Requests, newest first").get_by_role("link")
    expect(rows).to_have_count(3)
    port = api.client.base_url.port
    emulator.__exit__(None, None, None)
    with running_emulator(f"--port={port}") as (again, _):
        again.registry()
        expect(rows).to_have_text([re.compile("create_registry")])


def test_a_hidden_tab_asks_for_nothing(page: Page, api: Api) -> None:
    """While the tab is hidden the page leaves the emulator alone; when it shows again, it catches up at once."""
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    hide = "(is) => { Object.defineProperty(document, 'hidden', { value: is, configurable: true });"
    hide += "document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(hide, arg=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    api.registry()
    page.wait_for_timeout(2500)
    assert asked == []
    page.evaluate(hide, arg=False)
    expect(page.get_by_role("link", name="my registry")).to_be_visible()


def test_an_emulator_that_is_gone_is_said(page: Page, emulator: RunningEmulator, troubles: Troubles) -> None:
    """The page says that the emulator stopped to answer."""
    troubles.expected.append("console: Failed to load resource: net::ERR_CONNECTION_REFUSED")
    state = page.get_by_role("status").filter(has_text=re.compile("Live|answer"))
    expect(state).to_have_text("Live")
    emulator.__exit__(None, None, None)
    expect(state).to_have_text("The emulator does not answer")
