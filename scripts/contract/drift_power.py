"""Measures whether the contract run catches drift, and raises no false alarm (``make drift-power``).

Runs the default contract run against each mutant of `scripts.contract.mutants`, until its first finding, and then
against the unchanged emulator with several seeds, to the end. Each mutant should be caught; no seed should have a
finding.

``MUTANTS=`` names a module or a folder that declares other mutants, ``ONLY=`` some of them, separated by commas;
``SAMPLE=60`` takes so many of them, chosen by ``SEED=1``; ``SEEDS=20`` is the number of seeds (0 with ``ONLY=``),
``JOBS=2`` the number of runs at a time. ``reports/drift-power/`` has the table as Markdown and as JSON, and the output
of the runs that did not end as they should.

Two settings measure something else on the same mutants and emulator, and write to a subfolder each: ``FUZZ_ONLY=1``
the contract run without its flows, ``ST_RUN=1`` plain ``st run`` (`fuzzing.st_run`). Both begin with three seeds of
the unchanged emulator. ``st run`` reports failures there too, so it catches a mutant only by a failure whose operation
and title none of these seeds has shown.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts import ROOT
from scripts.contract.mutants import Mutant, MutantsError, load
from scripts.contract.mutants.declaring import pick
from scripts.contract.mutants.environment import FAILURE
from scripts.contract.results import read
from scripts.contract.settings import BadSetting, names, switch, text_of, whole
from scripts.contract.suite import MUTANTS
from scripts.contract.units import CHAINS, FUZZ

REPORTS = ROOT / "reports" / "drift-power"
CONTRACT = (sys.executable, "-m", "scripts.contract")

OURS = (
    *("MUTANT", "MUTANTS", "ONLY", "SAMPLE", "SEED", "SEEDS", "JOBS", "FUZZ_ONLY", "ST_RUN"),
    *("SHARD", "FAIL_FAST", "RESULTS", "STORES", "MAX_EXAMPLES"),
)
NOT_THEIRS = (*OURS, "FUZZ_MINUTES", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", "BUILDKITE_API_TOKEN")
"""Variables that contract runs do not inherit, so that they run with the defaults."""

LONGEST = 3600
"""Seconds that a contract run may take."""

WIDTH = 80
"""Columns of the table."""

LAST_WORDS = 300
"""Characters of the output that are shown of a run without a result."""

USAGE = 2
"""Exit status if the settings are wrong or the runs were interrupted."""


class Verdict(StrEnum):
    """The result of a run."""

    CAUGHT = "caught"
    CLEAN = "clean"
    UNCAUGHT = "not caught"
    FALSE_ALARM = "false alarm"
    BROKEN = "could not tell"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a contract run.

    Attributes:
        name: name of the mutant, or ``seed 7``.
        operation: operationId that the mutant changes; empty without a mutant.
        sentence: what a user would notice of the mutant.
        verdict: the result.
        unit: the unit of the first finding.
        check: its check.
        evidence: what it expected and received; or why there is no result.
        requests: how many requests the run had sent by then.
        seconds: how long the run took.
    """

    name: str
    operation: str
    sentence: str
    verdict: Verdict
    unit: str
    check: str
    evidence: str
    requests: int
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether the mutant was caught, or the emulator had no finding."""
        return self.verdict in (Verdict.CAUGHT, Verdict.CLEAN)


@dataclass(frozen=True)
class Finder:
    """A tool that looks for the mutants.

    Attributes:
        name: its name, and that of its folder of reports. Empty for the default contract run.
        command: its command.
        settings: environment variables of each of its runs.
        seeds: default of ``SEEDS``, the number of runs against the unchanged emulator.
        knows: whether to ignore what it also finds in the unchanged emulator.
    """

    name: str = ""
    command: Sequence[str] = CONTRACT
    settings: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 20
    knows: bool = False


FINDERS = {
    "FUZZ_ONLY": Finder("fuzz-only", settings={"ONLY": f"{FUZZ},{CHAINS}"}, seeds=3),
    "ST_RUN": Finder("st-run", (sys.executable, "-m", "scripts.contract.fuzzing.st_run"), seeds=3, knows=True),
}
"""Tools by the setting that selects them."""


class Runs:
    """Runs the contract run, each time in a process of its own.

    Args:
        command: the contract run.
        folder: where the runs write.
        longest: seconds after which a run is stopped.
        settings: environment variables of each run.
    """

    def __init__(
        self,
        command: Sequence[str] = CONTRACT,
        folder: Path = REPORTS / "runs",
        longest: float = LONGEST,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._folder = folder
        self._longest = longest
        self._settings = dict(settings or {})
        self.known: set[tuple[str, str]] = set()
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._is_over = False

    def of_mutant(self, mutant: Mutant, place: Path) -> Outcome:
        """Run against a mutant, until the first finding.

        Args:
            mutant: the mutant.
            place: the module or folder that declares it.
        """
        settings = {"MUTANT": mutant.name, "MUTANTS": str(place.resolve()), "FAIL_FAST": "1", "SEED": "1"}
        return self._run(mutant.name, settings, mutant)

    def of_seed(self, seed: int) -> Outcome:
        """Run against the unchanged emulator, to the end."""
        return self._run(f"seed {seed}", {"SEED": str(seed)}, None)

    def know(self, seeds: Iterable[int]) -> None:
        """Ignore from now on what the runs with some seeds found."""
        for seed in seeds:
            self.known.update(kind_of(each) for each in events_in(self._folder / f"seed-{seed}", "finding"))

    def stop(self) -> None:
        """Stop the runs under way, and start no more."""
        self._is_over = True
        for process in list(self._processes):
            end(process)

    def _run(self, name: str, settings: Mapping[str, str], mutant: Mutant | None) -> Outcome:
        folder = self._folder / name.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        environment = {key: value for key, value in os.environ.items() if key not in NOT_THEIRS}
        started = time.monotonic()
        status = self._call(
            environment | self._settings | dict(settings) | {"RESULTS": str(folder.resolve())}, folder / "output.txt"
        )
        seconds = round(time.monotonic() - started, 1)
        outcome = judged(name, mutant, folder, status, seconds, self.known)
        if outcome.is_good:
            shutil.rmtree(folder)
        return outcome

    def _call(self, environment: Mapping[str, str], output: Path) -> int | None:
        """Run the command; returns its exit status, None if it had to be stopped."""
        with output.open("wb") as file:
            process = subprocess.Popen(
                self._command, stdout=file, stderr=file, env=environment, cwd=ROOT, start_new_session=True
            )
            self._processes.add(process)
            try:
                if self._is_over:
                    return None
                return process.wait(timeout=self._longest)
            except subprocess.TimeoutExpired:
                return None
            finally:
                end(process)
                self._processes.discard(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Stop a process and its children: by SIGINT first, so that it stops its emulator."""
    for order, patience in ((signal.SIGINT, 10), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, order)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)


def events_in(folder: Path, kind: str) -> list[Mapping[str, Any]]:
    """Read the events of a kind that a run wrote."""
    return [event for path in sorted(folder.rglob("*.jsonl")) for event in read(path) if event["event"] == kind]


def kind_of(finding: Mapping[str, Any]) -> tuple[str, str]:
    """Return what identifies a kind of finding: the operation and the check."""
    return str(finding["operation"]), finding["check"]


def judged(  # noqa: PLR0913, PLR0917 - what a run is judged by
    name: str,
    mutant: Mutant | None,
    folder: Path,
    status: int | None,
    seconds: float,
    known: Collection[tuple[str, str]] = (),
) -> Outcome:
    """Judge a run by what it wrote.

    Args:
        name: name of the run.
        mutant: its mutant; None for the unchanged emulator.
        folder: where it wrote.
        status: its exit status; None if it had to be stopped.
        seconds: how long it took.
        known: operation and check of findings to ignore.
    """
    everything = events_in(folder, "finding")
    findings = [each for each in everything if kind_of(each) not in known]
    failure = folder / FAILURE
    found: Mapping[str, Any] = findings[0] if findings else {}
    evidence = f"expected {found['expected']}; received {found['received']}" if found else ""
    if others := list(dict.fromkeys(map(kind_of, findings[1:]))):
        evidence += f"; also {', '.join(f'{check} of {operation}' for operation, check in others)}"
    if failure.exists():
        verdict, evidence = Verdict.BROKEN, f"the mutant itself failed: {failure.read_text(encoding='utf-8').strip()}"
    elif findings:
        verdict = Verdict.CAUGHT if mutant else Verdict.FALSE_ALARM
    elif status == 0 or (status == 1 and everything):
        verdict = Verdict.UNCAUGHT if mutant else Verdict.CLEAN
    else:
        verdict = Verdict.BROKEN
        ended = "it did not end" if status is None else f"it ended in {status} without a finding"
        evidence = f"{ended}: {last_words(folder / 'output.txt')}"
    requests = found.get("number") or sum(event["requests"] for event in events_in(folder, "unit"))
    return Outcome(
        name=name,
        operation=mutant.operations[0] if mutant else "",
        sentence=mutant.sentence if mutant else "",
        verdict=verdict,
        unit=found.get("unit", ""),
        check=found.get("check", ""),
        evidence=evidence,
        requests=requests,
        seconds=seconds,
    )


def last_words(path: Path) -> str:
    """Read the end of a run's output, on one line."""
    return " ".join(path.read_text(encoding="utf-8", errors="replace").split())[-LAST_WORDS:]


def cut(text: str, width: int) -> str:
    """Shorten a text that is too wide."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def row(outcome: Outcome) -> list[str]:
    """Format an outcome for the terminal, in two lines."""
    head = cut(outcome.name, WIDTH - 22)
    lines = [f"  {head:{WIDTH - 22}} {outcome.requests:9} {outcome.seconds:9.1f}"]
    if outcome.is_good:
        detail = f"{outcome.check}, {outcome.unit}" if outcome.check else ""
    else:
        detail = " ".join(filter(None, (outcome.sentence, outcome.unit, outcome.check, outcome.evidence)))
    return lines + ([cut(f"      {detail}", WIDTH)] if detail else [])


def table(outcomes: Sequence[Outcome]) -> str:
    """Format the outcomes for the terminal, the bad ones first."""
    bad = [each for each in outcomes if not each.is_good]
    heading = f"{'requests':>{WIDTH - 10}} {'seconds':>9}"
    lines = []
    for verdict in (Verdict.UNCAUGHT, Verdict.FALSE_ALARM, Verdict.BROKEN):
        if those := [each for each in bad if each.verdict == verdict]:
            lines += [verdict.upper() + heading[len(verdict) :]]
            lines += [line for each in those for line in row(each)]
            lines += [""]
    for operation in dict.fromkeys(each.operation for each in outcomes if each.is_good):
        title = operation or "the emulator as it is"
        lines += [title + heading[len(title) :]]
        lines += [line for each in outcomes if each.is_good and each.operation == operation for line in row(each)]
        lines += [""]
    return "\n".join([*lines, summary(outcomes)])


def summary(outcomes: Sequence[Outcome]) -> str:
    """Summarize the outcomes in a line."""
    mutants, seeds = [each for each in outcomes if each.operation], [each for each in outcomes if not each.operation]
    parts = []
    if mutants:
        caught = sum(each.is_good for each in mutants)
        share = "" if caught == len(mutants) else f" ({100 * caught / len(mutants):.0f} %)"
        parts.append(f"{caught} of {len(mutants)} mutants caught{share}")
    if seeds:
        parts.append(f"{sum(not each.is_good for each in seeds)} of {len(seeds)} seeds with a false alarm")
    return "; ".join(parts) or "nothing was run"


def markdown(outcomes: Sequence[Outcome]) -> str:
    """Format the outcomes as Markdown, the bad ones first."""
    lines = [
        f"# Drift power\n\n{summary(outcomes)}.\n",
        "| mutant | operation | what a user would notice | verdict | check | unit | requests | seconds |",
        "| --- | --- | --- | --- | --- | --- | ---: | ---: |",
    ]
    for each in sorted(outcomes, key=lambda outcome: outcome.is_good):
        verdict = each.verdict if each.is_good else f"**{each.verdict}** {cell(each.evidence)}"
        named = f"`{each.name}` | {each.operation} | {cell(each.sentence)} | {verdict} | {each.check} | {each.unit}"
        lines.append(f"| {named} | {each.requests} | {each.seconds} |")
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Escape a text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def write(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Write ``table.md`` and ``results.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.md").write_text(markdown(outcomes), encoding="utf-8")
    values = [asdict(each) for each in outcomes]
    (folder / "results.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def try_all(
    tasks: Sequence[tuple[str, Callable[[], Outcome]]], jobs: int, runs: Runs, folder: Path, before: Sequence[Outcome]
) -> tuple[list[Outcome], bool]:
    """Make all runs, several at a time, and print the outcome of each.

    Args:
        tasks: the name of each run, and the function that makes it.
        jobs: how many run at a time.
        runs: stops the runs on an interrupt.
        folder: where the table is written, after each run.
        before: outcomes of earlier runs.

    Returns:
        all outcomes, in the order of the tasks, and whether all runs were made.
    """
    done: dict[str, Outcome] = {}

    def ordered() -> list[Outcome]:
        return [*before, *(done[name] for name, _ in tasks if name in done)]

    with ThreadPoolExecutor(jobs) as pool:
        futures: dict[Future[Outcome], str] = {pool.submit(task): name for name, task in tasks}
        try:
            for number, future in enumerate(as_completed(futures), 1):
                outcome = done[futures[future]] = future.result()
                write(ordered(), folder)
                told = f"{outcome.verdict} by {outcome.unit}: {outcome.check}" if outcome.check else outcome.verdict
                spent = f"{outcome.requests} requests, {outcome.seconds:.1f} s"
                print(f"[{number}/{len(tasks)}] {outcome.name}: {told} ({spent})", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            runs.stop()
            return ordered(), False
    return ordered(), True


def chosen(environment: Mapping[str, str]) -> tuple[Path, Iterable[Mutant]]:
    """Select the mutants to try; returns the module or folder that declares them, and the mutants.

    Raises:
        BadSetting: a setting is wrong.
        MutantsError: there are none, or none of those names.
    """
    place = Path(text_of(environment, "MUTANTS", "a module or a folder that declares mutants") or MUTANTS)
    found = load(place)
    wanted = names(environment, "ONLY", "names of mutants")
    mutants = [pick(found, name) for name in wanted] if wanted else list(found.values())
    seed, size = whole(environment, "SEED"), whole(environment, "SAMPLE", 1)
    if size is None or size >= len(mutants):
        return place, mutants
    chance = random.Random(1 if seed is None else seed)  # noqa: S311 - nothing is kept secret by it
    kept = set(chance.sample(range(len(mutants)), size))
    return place, [each for number, each in enumerate(mutants) if number in kept]


def finder_of(environment: Mapping[str, str]) -> Finder:
    """Select the tool that looks for the mutants.

    Raises:
        BadSetting: the settings name more than one.
    """
    on = [name for name in FINDERS if switch(environment, name)]
    if len(on) > 1:
        raise BadSetting(f"{' and '.join(on)} are two measurements; make one after the other")
    return FINDERS[on[0]] if on else Finder()


def main(environment: Mapping[str, str] = os.environ, command: Sequence[str] = (), folder: Path = REPORTS) -> int:
    """Try all mutants, and the unchanged emulator.

    Args:
        environment: the settings.
        command: what to run instead of the tool that the settings select.
        folder: where the table is written.

    Returns:
        0 if each mutant is caught and there is no false alarm, 1 if not, 2 on a wrong setting or an interrupt.
        ``FUZZ_ONLY`` and ``ST_RUN`` may miss mutants, and ``st run`` may have findings in the unchanged emulator.
    """
    try:
        finder = finder_of(environment)
        place, mutants = chosen(environment)
        seeds = whole(environment, "SEEDS")
        jobs = whole(environment, "JOBS", 1) or 2
    except (MutantsError, BadSetting) as error:
        print(f"make drift-power: {error}", file=sys.stderr)
        return USAGE
    folder = folder / finder.name
    runs = Runs(command or finder.command, folder / "runs", settings=finder.settings)
    if seeds is None:
        seeds = 0 if environment.get("ONLY") and not finder.name else finder.seeds

    def against(mutant: Mutant) -> Callable[[], Outcome]:
        return lambda: runs.of_mutant(mutant, place)

    def with_seed(seed: int) -> Callable[[], Outcome]:
        return lambda: runs.of_seed(seed)

    with suppress(ValueError):  # in another thread than the main one there are no signals
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with_mutants = [(each.name, against(each)) for each in mutants]
    as_it_is = [(f"seed {seed}", with_seed(seed)) for seed in range(1, seeds + 1)]
    outcomes, is_complete = list[Outcome](), True
    for tasks in [as_it_is, with_mutants] if finder.name else [with_mutants + as_it_is]:
        if is_complete:
            outcomes, is_complete = try_all(tasks, jobs, runs, folder, outcomes)
        if finder.knows:
            runs.know(range(1, seeds + 1))
    print(table(outcomes))
    if not is_complete:
        number = len(with_mutants) + len(as_it_is)
        print(f"make drift-power: interrupted after {len(outcomes)} of {number} runs", file=sys.stderr)
        return USAGE
    bad = {each.verdict for each in outcomes if not each.is_good}
    allowed = ({Verdict.UNCAUGHT} if finder.name else set()) | ({Verdict.FALSE_ALARM} if finder.knows else set())
    return 1 if bad - allowed else 0


if __name__ == "__main__":
    sys.exit(main())
