"""The contract run against a live organization: ``python -m scripts.contract.live``.

It only reads, unless ``WRITE=1``; then it writes inside registries of its own. Whatever it makes is in a ledger before
it is made, and is removed at the end of each unit, of the run, and when the run is stopped. A run that was stopped goes
on where it was.
"""

import os
import shutil
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from buildkite_emulator.spec import Spec
from scripts.contract.http.errors import TRANSPORT
from scripts.contract.live.cleanup_command import alone, clean, is_of
from scripts.contract.live.interrupts import Interrupts
from scripts.contract.live.ledger import Ledger, LedgerError
from scripts.contract.live.lock import Busy
from scripts.contract.live.ownership import Disagreement
from scripts.contract.live.ownership import command as curl
from scripts.contract.live.pace import end_line
from scripts.contract.live.probe import BadAnswer, CannotBegin, list_registries
from scripts.contract.live.run_channel import CANNOT_RUN
from scripts.contract.live.session import LiveRun, results_path, spec_digest, state_path
from scripts.contract.live.settings import LiveSettings, read_settings
from scripts.contract.live.state import LiveState, new_run_id, read_state
from scripts.contract.report.content import Verdict
from scripts.contract.report.report import write_reports
from scripts.contract.rerun import command, new_seed
from scripts.contract.results import Results, read
from scripts.contract.runner import CannotRun
from scripts.contract.settings import BadSetting
from scripts.contract.units import Shard, read_shard


def main() -> int:
    """Run what the environment says.

    Returns:
        0 where nothing was found; 1 for drift; 2 where it could not run.
    """
    try:
        settings, shard = read_settings(os.environ), read_shard(os.environ)
        with Interrupts(notify) as interrupts, alone(settings.folder):
            return run(settings, shard, interrupts)
    except (BadSetting, CannotBegin) as error:
        notify(f"make contract-live: {error}")
    except (OSError, LedgerError) as error:
        notify(f"make contract-live: what the run must not lose cannot be kept: {error}")
    except Busy as error:
        notify(f"make contract-live: another run or a clean-up is under way, as {error}")
    except KeyboardInterrupt:
        notify("make contract-live: interrupted")
    except Exception:
        traceback.print_exc()
    return CANNOT_RUN


def run(settings: LiveSettings, shard: Shard, interrupts: Interrupts) -> int:
    """Begin a run or go on with one; gives the exit status."""
    try:
        registries = list_registries(settings)
    except BadAnswer as error:
        return report_bad_answer(settings, shard, str(error))
    names = [str(registry.get(name)) for registry in registries for name in ("name", "slug")]
    left: list[str] = []
    with interrupts.put_off():
        state = next_state(settings, shard, names, left)
        this = LiveRun(settings, shard, state, notify)
    reason, status = "", "complete"
    try:
        interrupts.make_up()
        this.begin(command("contract-live", state.seed, shard, os.environ))
        for reason in left:
            this.disagree(reason)
        this.go()
    except BadAnswer as error:
        return report_bad_answer(settings, shard, str(error))
    except CannotRun as error:
        status, reason = "error", str(error)
    except KeyboardInterrupt:
        status, reason = "interrupted", "it was interrupted"
    finally:  # also where the run itself has a fault
        with interrupts.put_off():
            is_clean = this.clean()
    this.end(status, reason)
    end_line()
    return conclude(settings, this, status, reason, is_clean=is_clean)


def report_bad_answer(settings: LiveSettings, shard: Shard, reason: str) -> int:
    """Report that the run cannot begin, as the first answer is drift; gives the exit status.

    A run that was stopped keeps its results, so that it can go on later.
    """
    notify(f"make contract-live: {reason}")
    operation = Spec.load().operations["list_registries"]
    path = operation.path.format(org_slug=settings.organization)
    results = Results(settings.folder / "not-begun.jsonl")
    results.path.unlink(missing_ok=True)
    results.write(
        "run",
        target="live",
        base_url=settings.endpoint,
        organization=settings.organization,
        seed=settings.seed or 0,
        shard=str(shard),
        spec_version=Spec.load().document["info"]["version"],
        spec_digest=spec_digest(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        units=[],
        all_units=[],
        command=command("contract-live", settings.seed or 0, shard, os.environ),
    )
    disagreement = Disagreement(operation, "a list of registries", reason, curl("GET", path), TRANSPORT)
    results.add(disagreement.finding("probe"))
    results.write("end", status="error", reason=reason)
    verdict = write_reports(results.path, settings.reports, [settings.token, *settings.scoped.values()])
    print(verdict.summary)
    return verdict.status


def conclude(settings: LiveSettings, this: LiveRun, status: str, reason: str, *, is_clean: bool) -> int:
    """Say how a run ended; gives the exit status."""
    events = list(read(this.results))
    refused = sum(sum(event["refused"].values()) for event in events if event["event"] == "gateway")
    if refused:
        notify(f"the guard refused {refused} requests, which were not sent")
    if status != "complete":
        verdict = report(settings, this)
        done = f"{len(this.left)} units are left, with which make contract-live goes on; RESUME=0 starts anew"
        notify(f"could not run: {reason}; {done}")
        return verdict.status or CANNOT_RUN
    verdict = report(settings, this)
    return verdict.status or (0 if is_clean else CANNOT_RUN)


def report(settings: LiveSettings, this: LiveRun) -> Verdict:
    """Report on the run, and leave its results where `make report` looks for them."""
    folder = settings.reports / "results"
    folder.mkdir(parents=True, exist_ok=True)
    for other in folder.glob("*.jsonl") if this.is_whole else ():
        other.unlink()
    shutil.copyfile(this.results, folder / this.results.name)
    tokens = [settings.token, *settings.scoped.values()]
    verdict = write_reports(folder if this.is_whole else this.results, settings.reports, tokens)
    print(verdict.summary)
    return verdict


def next_state(settings: LiveSettings, shard: Shard, names: list[str], left: list[str]) -> LiveState:
    """Find the run to go on with, or begin another.

    Args:
        settings: of the run.
        shard: which of several machines this is.
        names: names and slugs of the registries that there are.
        left: takes what an earlier run may have left, and why it was not removed.
    """
    described = describe(settings)
    old = read_state(state_path(settings, shard))
    if old is not None and not old.is_finished:
        same = old.settings == described and settings.seed in (None, old.seed)
        if settings.resumes and same and has_files(settings, shard, old):
            notify(f"going on with run {old.run_id} of {old.started}; {len(old.done)} units are done")
            return old
        left += forget(settings, old)
    run_id = new_run_id()
    while any(run_id in name for name in names):
        run_id = new_run_id()
    seed = new_seed(shard, os.environ) if settings.seed is None else settings.seed
    writes = (
        f"writes to registries named contract-{run_id}-..." if settings.writes else "only reads; WRITE=1 lets it write"
    )
    notify(f"run {run_id} against {settings.organization} at {settings.endpoint}: seed {seed}, {writes}")
    return LiveState(run_id, seed, described)


def has_files(settings: LiveSettings, shard: Shard, old: LiveState) -> bool:
    """Tell whether what a run has written is still there, all of it."""
    results = results_path(settings, shard)
    is_whole = results.exists() and results.stat().st_size >= old.size
    return is_whole and (settings.folder / f"{old.run_id}.ledger").exists()


def forget(settings: LiveSettings, old: LiveState) -> list[str]:
    """Clean up after a run with which nobody will go on; returns what was left alone, and why."""
    path = settings.folder / f"{old.run_id}.ledger"
    try:
        ledger = Ledger(path)
        if not path.exists() or not ledger.has_begun or not is_of(settings, ledger.header) or ledger.is_clean:
            return []
        outcome = clean(settings, path)
    except LedgerError as error:
        notify(f"run {old.run_id}, which was stopped, is not gone on with: {error}; all that it lists was left alone")
        return [str(error)]
    notify(f"run {old.run_id}, which was stopped, is not gone on with: {outcome}")
    return [f"{name}: {reason}" for name, reason in outcome.foreign.items()]


def describe(settings: LiveSettings) -> Mapping[str, Any]:
    """List what must be the same for a run to go on with another's results."""
    return {
        "endpoint": settings.endpoint,
        "organization": settings.organization,
        "writes": settings.writes,
        "max_examples": settings.max_examples,
        "scopes": sorted(scope for scopes in settings.scoped for scope in scopes),
        "only": os.environ.get("ONLY", ""),
        "spec_digest": spec_digest(),
    }


def notify(line: str) -> None:
    """Show a line to whoever waits."""
    end_line()
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
