"""The pytest option that checks the answers of a test run, as other projects use it."""

import os
import subprocess
import sys
import tomllib

import pytest

from scripts import ROOT

pytest_plugins = ("pytester",)
pytestmark = pytest.mark.slow

OPTION = "--buildkite-drift"
SETTINGS = "pythonpath = .\naddopts = --strict-markers -p no:cacheprovider -p no:schemathesis"
"""The plugin of schemathesis would load what ours leaves alone."""

TITLE = "drift from the description of Buildkite's API"

ANSWERING = '''
import httpx
from buildkite_packages import PackageRegistries

def registries(*answers, **settings):
    """List registries, of servers that give these answers."""
    for answer in answers:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
        with PackageRegistries("s3cret", "my-org", httpx_args={"transport": transport}, **settings) as client:
            try:
                client.registries.list()
            except Exception as error:
                assert "UnexpectedResponse" in repr(error), repr(error)
'''


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Make another project with the plugin that the metadata names, under which every warning is an error."""
    for name in [name for name in os.environ if name.startswith("BUILDKITE_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    metadata = pytester.mkdir("installed") / "of_this_checkout-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: of-this-checkout\nVersion: 1\n")
    plugins = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    named = "buildkite_packages_drift"
    (metadata / "entry_points.txt").write_text(f"[pytest11]\n{named} = {plugins[named]}\n")
    path = [str(metadata.parent), str(ROOT / "generated"), str(ROOT / "emulator")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    pytester.makepyfile(answering=ANSWERING)
    pytester.makeini(f"[pytest]\nfilterwarnings = error\n{SETTINGS}")
    return pytester


def run(project: pytest.Pytester, test: str, *arguments: str, status: int = 0, **outcomes: int) -> str:
    """Run a test file of the other project in a process of its own; returns the output."""
    project.makepyfile(test)
    result = project.runpytest_subprocess(*arguments)
    assert result.ret == status
    if status != pytest.ExitCode.USAGE_ERROR:
        result.assert_outcomes(**outcomes)
    return result.stdout.str() + result.stderr.str()


def section(output: str) -> list[str]:
    """Give the lines of the plugin's part of the summary."""
    _, found, rest = output.partition(TITLE)
    assert found, output
    lines = rest.splitlines()[1:]
    return lines[: next(number for number, line in enumerate(lines) if " drift" in line and " in " in line) + 1]


TESTS = """
import pytest
from answering import registries

@pytest.fixture(scope="session")
def before():
    registries([{"extra": 1}])

def test_first():
    registries([], [1], [2, 3])

def test_second(before):
    registries([4], {})

def test_third():
    assert False
"""


def test_each_drift_is_listed_once(project: pytest.Pytester) -> None:
    """The summary has each drift with how often it was seen and the first test that did, and no test fails of it."""
    lines = section(run(project, TESTS, OPTION, passed=2, failed=1, status=1))
    assert lines[-1].endswith(" drifts in 6 answers")
    assert lines[0].startswith("list_registries: `/0` in the body is 1; it should be an object (#/components/schemas/")
    assert lines[1] == "    4 times, first in test_each_drift_is_listed_once.py::test_first"
    extra = next(number for number, line in enumerate(lines) if "`/0/extra`" in line)
    assert lines[extra + 1] == "    once, first in test_each_drift_is_listed_once.py::test_second"
    assert len(lines) == 2 * int(lines[-1].partition(" ")[0]) + 1


PASSING = """
from answering import registries

def test_a_callback_of_its_own():
    told = []
    registries([1], on_drift=told.append)
    assert len(told) == 1

def test_a_secret():
    registries([{"id": "is s3cret", "s3cret": 1}])
"""


def test_an_ini_file_can_ask_for_it(project: pytest.Pytester) -> None:
    """The setting `buildkite_drift` does as the option does; callbacks are told, no token is listed, the run passes."""
    project.makeini(f"[pytest]\nbuildkite_drift = true\n{SETTINGS}")
    lines = section(run(project, PASSING, passed=2))
    assert lines[-1].endswith("drifts in 2 answers")
    assert "is ****" in "\n".join(lines)
    assert "s3cret" not in "\n".join(lines)


def test_a_run_without_drift_says_so(project: pytest.Pytester) -> None:
    """Where all answers fit, the summary says how many there were."""
    test = "from answering import registries\ndef test_it():\n    registries([], [])"
    assert section(run(project, test, OPTION, passed=1)) == ["0 drifts in 2 answers"]


def test_workers_send_what_they_saw(project: pytest.Pytester) -> None:
    """Under pytest-xdist the drifts of all workers are counted together."""
    test = (
        "import pytest\nfrom answering import registries\n"
        "@pytest.mark.parametrize('number', range(8))\ndef test_it(number): registries([number], [])"
    )
    lines = section(run(project, test, OPTION, "-n", "2", passed=8))
    assert len(lines) == 3
    assert "8 times, first in test_workers_send_what_they_saw.py::test_it[" in lines[1]
    assert lines[2] == "1 drift in 16 answers"


def test_without_the_option_nothing_is_loaded(project: pytest.Pytester) -> None:
    """The plugin is there, and loads neither checker nor client at the start; a client that is used has no check."""
    test = """
        import sys

        def test_it(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("buildkite_packages_drift")
            for name in ("httpx", "jsonschema_rs", "buildkite_packages.client", "buildkite_packages.drift.drift_hook"):
                assert name not in sys.modules, name
            from answering import registries
            registries([1])
            assert "jsonschema_rs" not in sys.modules
    """
    assert TITLE not in run(project, test, passed=1)


def test_without_the_extra_the_run_says_what_to_install(project: pytest.Pytester) -> None:
    """Where jsonschema-rs is missing, the option is refused with a sentence that names the extra."""
    (project.path / "installed" / "jsonschema_rs.py").write_text("raise ImportError\n")
    output = run(project, "def test_it(): pass", OPTION, status=pytest.ExitCode.USAGE_ERROR)
    assert "pip install 'buildkite-packages[drift]'" in output
    assert "Traceback" not in output


def test_the_plugin_is_not_of_pytests_making() -> None:
    """The module is imported like any other of the client, also where there is no pytest."""
    script = "import sys; sys.modules['pytest'] = None; import buildkite_packages.drift.pytest_plugin"
    environment = {"PYTHONPATH": str(ROOT / "generated"), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
