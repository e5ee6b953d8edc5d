"""The option `--buildkite-drift` of pytest: what of the real answers in a test run is not as the spec says.

Every answer to a client of this package is checked, and the summary at the end names each drift once. It fails no test
and leaves the exit status as it is. Nothing but this module loads where the option is not given.
"""

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pytest

    from .checker import Drift

OPTION = "buildkite_drift"
"""Name of the option, of the setting in an ini file, and of what a worker of pytest-xdist sends."""

OUTSIDE = "outside of the tests"


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Add the option and the setting."""
    said = "check each answer of Buildkite's API to a client against its description, and list what does not fit"
    parser.getgroup("buildkite").addoption("--buildkite-drift", action="store_true", dest=OPTION, help=said)
    parser.addini(OPTION, type="bool", default=False, help=said)


def pytest_configure(config: "pytest.Config") -> None:
    """Begin to watch, where that is asked for.

    Raises:
        pytest.UsageError: jsonschema-rs is not installed.
    """
    if not (config.getoption(OPTION) or config.getini(OPTION)):
        return
    import pytest  # noqa: PLC0415 - the other modules of this package are imported without it

    from ..errors import ConfigurationError  # noqa: PLC0415
    from .checker import shared  # noqa: PLC0415 - takes long

    try:
        shared()
    except ConfigurationError as error:
        raise pytest.UsageError(f"--buildkite-drift: {error}") from None
    with_workers = config.pluginmanager.hasplugin("xdist")
    config.pluginmanager.register((WatchOfWorkers if with_workers else Watch)(config))


class Sighting(NamedTuple):
    """A drift that was seen.

    Attributes:
        sentence: the first of its kind, in words.
        times: how often it was there.
        test: ID of the first test that saw it.
    """

    sentence: str
    times: int
    test: str


class Watch:
    """A plugin that collects the drifts of a process.

    Args:
        config: of the run.
    """

    def __init__(self, config: "pytest.Config") -> None:
        self._config = config
        self._test = OUTSIDE
        self._answers = 0
        self._seen: dict[tuple[str, ...], Sighting] = {}
        self._lock = threading.Lock()  # tests may have threads

    def pytest_sessionstart(self) -> None:
        """Begin to watch."""
        from .drift_hook import listeners  # noqa: PLC0415 - takes long

        listeners.append(self.saw)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which test runs."""
        self._test = nodeid

    def pytest_runtest_logfinish(self) -> None:
        """Note that no test runs."""
        self._test = OUTSIDE

    def saw(self, drifts: "list[Drift]") -> None:
        """Take the drifts of an answer."""
        with self._lock:
            self._answers += 1
            for drift in drifts:
                self._add(drift.key, Sighting(str(drift), 1, self._test))

    def _add(self, key: tuple[str, ...], sighting: Sighting) -> None:
        before = self._seen.get(key, sighting._replace(times=0))
        self._seen[key] = before._replace(times=before.times + sighting.times)

    def pytest_sessionfinish(self) -> None:
        """Stop watching; a worker of pytest-xdist sends what it has seen."""
        from .drift_hook import listeners  # noqa: PLC0415

        if self.saw in listeners:
            listeners.remove(self.saw)
        output: dict[str, Any] | None = getattr(self._config, "workeroutput", None)
        if output is not None:
            seen = [(list(key), list(sighting)) for key, sighting in self._seen.items()]
            output[OPTION] = {"answers": self._answers, "seen": seen}

    def pytest_terminal_summary(self, terminalreporter: "pytest.TerminalReporter") -> None:
        """List each drift once."""
        write = terminalreporter.write_line
        terminalreporter.write_sep("=", "drift from the description of Buildkite's API")
        for sighting in self._seen.values():
            write(sighting.sentence)
            write(f"    {often(sighting.times)}, first in {sighting.test}")
        drifts, answers = len(self._seen), self._answers
        write(f"{drifts} drift{'' if drifts == 1 else 's'} in {answers} answer{'' if answers == 1 else 's'}")


class WatchOfWorkers(Watch):
    """The same where pytest-xdist runs the tests, whose workers see the answers."""

    def pytest_testnodedown(self, node: Any) -> None:
        """Add the drifts that a worker saw; one that crashed sends none."""
        output = getattr(node, "workeroutput", {}).get(OPTION, {"answers": 0, "seen": []})
        self._answers += output["answers"]
        for key, sighting in output["seen"]:
            self._add(tuple(key), Sighting(*sighting))


def often(times: int) -> str:
    """Say how often."""
    return "once" if times == 1 else f"{times} times"
