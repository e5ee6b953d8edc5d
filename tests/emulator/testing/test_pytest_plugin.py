"""The pytest fixtures for other projects, and the emulator in a thread behind them."""

import os
import subprocess
import sys
import threading
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from buildkite_emulator.seeds import SeedError
from buildkite_emulator.testing import RunningEmulator
from scripts.samples import packages
from scripts.servers.api import Api

pytest_plugins = ("pytester",)

CODE_UNDER_TEST = '''
import os
import httpx

def publish(name, content):
    """Code that knows the environment variables and nothing of an emulator."""
    registries = (
        f"{os.environ['BUILDKITE_REST_API_ENDPOINT']}/v2/packages/organizations/"
        f"{os.environ['BUILDKITE_ORGANIZATION_SLUG']}/registries"
    )
    with httpx.Client(headers={"Authorization": f"Bearer {os.environ['BUILDKITE_API_TOKEN']}"}) as client:
        registry = client.get(f"{registries}/x")
        if registry.status_code == 404:
            client.post(registries, json={"name": "x", "ecosystem": "files"}).raise_for_status()
        return client.post(f"{registries}/x/packages", files={"file": (name, content)})
'''


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Another project: code that publishes packages, and settings that turn each warning into an error."""
    for name in [name for name in os.environ if name.startswith("BUILDKITE_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    pytester.makepyfile(publishing=CODE_UNDER_TEST)
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\naddopts = --strict-markers -p no:cacheprovider -p no:schemathesis"
    )
    return pytester


def run(project: pytest.Pytester, test: str, *arguments: str, **outcomes: int) -> str:
    """Run a test file of the other project in a separate process; return the output."""
    project.makepyfile(test)
    result = project.runpytest_subprocess(*arguments)
    result.assert_outcomes(**outcomes)
    return result.stdout.str()


FIXTURES_IN_USE = {
    "test_environment": '''
        """Code under test reaches the emulator by the client's environment variables, which are unset afterwards."""
        import os
        from publishing import publish

        def test_publish(buildkite_emulator):
            assert publish("banana-1.0.0.txt", b"a banana").status_code == 200
            assert os.environ["BUILDKITE_REST_API_ENDPOINT"] == buildkite_emulator.url
            assert os.environ["BUILDKITE_API_TOKEN"] == buildkite_emulator.token
            assert os.environ["BUILDKITE_ORGANIZATION_SLUG"] == buildkite_emulator.organization == "my-org"

        def test_without():
            assert not [name for name in os.environ if name.startswith("BUILDKITE_") or "proxy" in name.lower()]
        ''',
    "test_isolation": '''
        """All tests share one server, and each finds it reset to the seed, without faults, log and tokens."""
        import httpx
        import pytest
        from publishing import publish

        seen = []

        @pytest.mark.parametrize("number", range(3))
        def test_publish(buildkite_emulator, number):
            assert buildkite_emulator.requests == []
            assert publish("banana-1.0.0.txt", b"a banana").status_code == 200
            assert len(buildkite_emulator.requests) == 3
            for token, _ in seen:
                answer = httpx.get(
                    f"{buildkite_emulator.url}/v2/packages/organizations/my-org/registries",
                    headers={"Authorization": f"Bearer {token}"},
                )
                assert answer.status_code == 401
            buildkite_emulator.fault(operation="publish_package", status=500, times=9)
            assert publish("banana-1.0.1.txt", b"a banana").status_code == 500
            seen.append((buildkite_emulator.token_with(), buildkite_emulator.url))
            assert len({url for _, url in seen}) == 1
        ''',
    "test_features": '''
        """Faults, the request log, tokens with some scopes and resets are available; mistakes raise helpful errors."""
        import pytest
        from publishing import publish

        def test_retry(buildkite_emulator):
            buildkite_emulator.fault(operation="publish_package", status=503, times=1)
            assert [publish("a-1.0.0.txt", b"a").status_code for _ in range(2)] == [503, 200]
            requests = buildkite_emulator.requests
            assert [each["status"] for each in requests if each["operation"] == "publish_package"] == [503, 200]

        def test_scopes(buildkite_emulator, monkeypatch):
            token = buildkite_emulator.token_with("read_registries", "write_registries")
            monkeypatch.setenv("BUILDKITE_API_TOKEN", token)
            assert publish("a-1.0.0.txt", b"a").status_code == 403

        def test_reset(buildkite_emulator):
            for _ in range(2):
                assert publish("a-1.0.0.txt", b"a").status_code == 200
                buildkite_emulator.reset()
            assert buildkite_emulator.requests == []

        def test_mistakes(buildkite_emulator):
            with pytest.raises(ValueError, match="unknown scope read_pakages; the scopes are create_packages"):
                buildkite_emulator.token_with("read_pakages")
            with pytest.raises(ValueError, match="nobody's email address"):
                buildkite_emulator.token_with(user="somebody@example.com")
            with pytest.raises(ValueError, match="did you mean"):
                buildkite_emulator.fault(operation="publish_pakage", status=500)
        ''',
    "test_client": '''
        """The client has a token with every scope, and is closed after the test."""
        import pytest

        used = []

        def test_publish(buildkite_client):
            registry = buildkite_client.registries.create(name="files", ecosystem="files")
            buildkite_client.packages.publish(registry.slug, b"a banana", filename="banana-1.0.0.txt")
            assert [package.name for package in buildkite_client.packages.list(registry.slug)] == ["banana"]
            used.append(buildkite_client)

        def test_afterwards():
            (client,) = used
            with pytest.raises(RuntimeError, match="closed"):
                client.registries.list()
        ''',
    "test_proxy": '''
        """Behind a proxy, code under test reaches the emulator directly, and existing exceptions stay."""
        import os
        import pytest
        from publishing import publish

        @pytest.fixture(autouse=True)
        def proxy(monkeypatch):
            monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:1")
            monkeypatch.setenv("NO_PROXY", "example.com")

        def test_publish(proxy, buildkite_emulator):
            assert publish("banana-1.0.0.txt", b"a banana").status_code == 200
            assert os.environ["no_proxy"].split(",") == ["example.com", "127.0.0.1"]
        ''',
    "test_styles": '''
        """The fixtures work in classes, also of unittest, and in coroutines on their own event loops."""
        import unittest
        import httpx
        import pytest
        from publishing import publish

        class TestIt:
            def test_one(self, buildkite_emulator):
                assert publish("a-1.0.0.txt", b"a").status_code == 200

        @pytest.mark.usefixtures("buildkite_emulator")
        class ItTest(unittest.TestCase):
            def test_one(self):
                assert publish("a-1.0.0.txt", b"a").status_code == 200

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        @pytest.mark.parametrize("number", range(2))
        async def test_async(buildkite_emulator, buildkite_client, number):
            headers = {"Authorization": f"Bearer {buildkite_emulator.token}"}
            async with httpx.AsyncClient(base_url=buildkite_emulator.url, headers=headers) as client:
                answer = await client.get("/v2/packages/organizations/my-org/registries")
            assert answer.json() == []
        ''',
}
"""Test files of the other project, and the promise that each checks."""


@pytest.mark.slow
def test_the_fixtures_in_use(project: pytest.Pytester) -> None:
    """Tests of another project find the emulator and the client as `FIXTURES_IN_USE` says."""
    project.makepyfile(**FIXTURES_IN_USE)
    project.runpytest_subprocess().assert_outcomes(passed=16)


@pytest.mark.slow
def test_a_seed_can_be_named(project: pytest.Pytester) -> None:
    """A project that overrides the seed fixture finds that data at the start of each test."""
    project.path.joinpath("seed.yaml").write_text(
        "organizations: [acme]\nusers: [{name: Ann, email: ann@example.com}]\ntokens: [{token: known}]\n"
        "registries: [{name: x, ecosystem: files, packages: [{file_name: a-1.0.0.txt, content: AAAA}]}]"
    )
    run(
        project,
        """
        from pathlib import Path
        import pytest
        from publishing import publish

        @pytest.fixture(scope="session")
        def buildkite_emulator_seed():
            return Path(__file__).parent / "seed.yaml"

        @pytest.mark.parametrize("number", range(2))
        def test_publish(buildkite_emulator, monkeypatch, number):
            assert buildkite_emulator.organization == "acme"
            assert publish("a-1.0.0.txt", b"a").status_code == 422
            monkeypatch.setenv("BUILDKITE_API_TOKEN", "known")
            assert publish("b-1.0.0.txt", b"b").status_code == 200
        """,
        passed=2,
    )


@pytest.mark.slow
def test_a_wrong_seed_is_an_error_in_a_line(project: pytest.Pytester) -> None:
    """A test that requests the emulator fails with the line of the mistake in the seed."""
    project.path.joinpath("seed.yaml").write_text("regitries: []")
    output = run(
        project,
        """
        from pathlib import Path
        import pytest

        @pytest.fixture(scope="session")
        def buildkite_emulator_seed():
            return Path(__file__).parent / "seed.yaml"

        def test_it(buildkite_emulator):
            pass
        """,
        errors=1,
    )
    assert "seed.yaml, line 1: `regitries` is unknown; did you mean `registries`?" in output


@pytest.mark.slow
def test_processes_of_xdist_have_each_their_own(project: pytest.Pytester) -> None:
    """Under pytest-xdist each process has its own emulator, so tests do not see each other's packages."""
    run(
        project,
        """
        import os
        from pathlib import Path
        import time
        import pytest
        from publishing import publish

        @pytest.mark.parametrize("number", range(8))
        def test_publish(buildkite_emulator, number):
            Path(os.environ["PYTEST_XDIST_WORKER"]).write_text(buildkite_emulator.url)
            assert publish("a-1.0.0.txt", b"a").status_code == 200
            time.sleep(0.05)  # so that the other process gets some
            assert publish("a-1.0.0.txt", b"a").status_code == 422
        """,
        "-n2",
        passed=8,
    )
    urls = {path.read_text() for path in project.path.glob("gw*")}
    assert len(urls) == len(list(project.path.glob("gw*"))) == 2


@pytest.mark.slow
def test_the_plugin_costs_nothing_until_it_is_used(project: pytest.Pytester) -> None:
    """Until a test uses a fixture, neither emulator nor client is imported; without the extra, that test names it."""
    project.makeconftest("import sys\nsys.modules['uvicorn'] = None")
    output = run(
        project,
        """
        import sys

        def test_without(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("buildkite_emulator")
            for name in ("httpx", "sqlalchemy", "buildkite_packages.client", "buildkite_emulator.testing.running"):
                assert name not in sys.modules, name

        def test_with(buildkite_emulator):
            pass
        """,
        passed=1,
        errors=1,
    )
    assert "uvicorn is missing; install buildkite-packages[emulator]" in output
    assert "Traceback" not in output
    (entry,) = [
        each for each in entry_points(group="pytest11") if each.value == "buildkite_emulator.testing.pytest_plugin"
    ]
    assert entry.name == "buildkite_emulator"


# the emulator in a thread


def test_an_emulator_in_a_thread() -> None:
    """Inside the block an emulator listens on the loopback address; afterwards port and thread are gone."""
    before = set(threading.enumerate())
    with RunningEmulator(organizations=["acme", "other"]) as emulator:
        url = emulator.url
        assert emulator.organization == "acme"
        with httpx.Client(base_url=url) as client:
            api = Api(client, emulator.token)
            slug = api.ok("create_registry", organization="other", json={"name": "x", "ecosystem": "files"})["slug"]
            api.publish(slug, packages.generic("a", "1.0.0"), organization="other").raise_for_status()
            assert url in repr(emulator)
            assert emulator.token not in repr(emulator)
    assert url not in repr(emulator)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=60)  # workers of its event loop may end a moment later
        assert not thread.is_alive(), thread


def test_emulators_in_threads_are_apart() -> None:
    """Several emulators in one process have separate ports, tokens and data."""
    with RunningEmulator() as one, RunningEmulator() as other:
        assert one.url != other.url
        registries = "/v2/packages/organizations/my-org/registries"
        for emulator, status in ((one, 200), (other, 401)):
            headers = {"Authorization": f"Bearer {one.token}"}
            assert httpx.get(f"{emulator.url}{registries}", headers=headers).status_code == status


def test_an_emulator_may_run_again(tmp_path: Path) -> None:
    """A stopped emulator can be started again on another port, and keeps data that is in a folder."""
    emulator = RunningEmulator(data=tmp_path)
    found = []
    for _ in range(2):
        with emulator, httpx.Client(base_url=emulator.url) as client:
            api = Api(client, emulator.token)
            api.call("create_registry", json={"name": "x", "ecosystem": "files"})
            found.append(api.ok("list_registries"))
    assert found[0][0]["id"] == found[1][0]["id"]


def test_what_is_under_way_does_not_hold_the_end_up() -> None:
    """An idle connection does not keep the block from ending."""
    with RunningEmulator() as emulator, httpx.Client(base_url=emulator.url) as client:
        client.get("/")
        stack = emulator
    assert stack.url == ""


def test_a_seed_without_an_organization_is_refused(tmp_path: Path) -> None:
    """A seed without organizations is refused, since a test needs one."""
    seed = tmp_path / "seed.yaml"
    seed.write_text("organizations: []")
    with pytest.raises(SeedError, match="`organizations` is empty"):
        RunningEmulator(seed)


def test_an_emulator_that_cannot_start_leaves_nothing(tmp_path: Path) -> None:
    """An emulator that fails to start frees its port and leaves no thread."""
    (tmp_path / "file").touch()
    before = set(threading.enumerate())
    with pytest.raises(Exception, match="cannot keep data"), RunningEmulator(data=tmp_path / "file" / "data"):
        pass
    assert set(threading.enumerate()) <= before


@pytest.mark.slow
def test_start_and_end_leave_no_warnings() -> None:
    """A program that uses the emulator in a thread ends without warnings about unclosed resources."""
    code = (
        "from buildkite_emulator.testing.running import RunningEmulator as Running\nwith Running() as it: print(it.url)"
    )
    finished = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("http://127.0.0.1:")
