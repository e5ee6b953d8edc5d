"""Writes what a run found as test modules: ``reports/found/test_OPERATION_CHECK_DIGEST.py``."""

import hashlib
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.contract.replay.recorded_requests import Trace
from scripts.contract.replay.replay import SENTENCES
from scripts.contract.replay.steps import BEARERS, NOTHING, SPEC, From, Step

WIDTH = 120
LONGEST = 300
"""Characters of what was received that a module quotes."""


def write_module(folder: Path, trace: Trace, steps: Sequence[Step], command: str) -> Path:
    """Write a test module of a finding.

    Args:
        folder: where to.
        trace: how it came about.
        steps: the fewest that show it.
        command: the command of the run.

    Returns:
        the file. Its name follows from what is in it.
    """
    body = body_of(trace, steps)
    name = f"test_{trace.operation}_{trace.check}"
    imports = ["from scripts.contract.replay.replay import emulator"]
    names = [name for name in ("Package", "Raw") if f"{name}(" in body]
    imports += [f"from scripts.contract.replay.steps import {', '.join(names)}"] if names else []
    sentence = f"{trace.operation} {SENTENCES[trace.kind]}."
    text = "\n".join(
        [
            docstring(trace, sentence, command),
            "",
            *imports,
            "",
            "",
            f"def {name}() -> None:",
            f'    """{sentence}"""',
            "    with emulator() as api:",
            textwrap.indent(body, " " * 8),
            "",
        ]
    )
    path = folder / f"{name}_{digest(body)}.py"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(formatted(text), encoding="utf-8")
    return path


def write_commands(folder: Path, trace: Trace, command: str, why: str) -> Path:
    """Write down a finding that cannot be replayed: a file of comments, with its requests as commands.

    Args:
        folder: where to.
        trace: how it came about.
        command: the command of the run.
        why: why there is no test.
    """
    lines = [docstring(trace, f"{trace.operation}: {why}.", command), ""]
    for each in trace.commands:
        lines += [f"# {line}" for line in each.splitlines()]
    path = folder / f"not_replayed_{trace.operation}_{trace.check}_{digest(str(trace.key))}.py"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def digest(text: str) -> str:
    """Give a short digest of a text."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:8]


def docstring(trace: Trace, sentence: str, command: str) -> str:
    """Write what a finding is as the docstring of a module."""
    rows = {
        "Found by": f"`{trace.unit}`, check `{trace.check}`, in `{command}`",
        "Expected": trace.expected,
        "Received": trace.received if len(trace.received) <= LONGEST else f"{trace.received[:LONGEST]}...",
        "In the spec": trace.place,
    }
    lines = [sentence, ""]
    for name, text in rows.items():
        plain = " ".join(printable(text).replace('"""', "'''").split())
        lines += textwrap.wrap(f"{name}: {plain}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    whole = "\n".join(lines)
    return f'{"r" if chr(92) in whole else ""}"""{whole}\n"""'


def printable(text: str) -> str:
    """Escape what is no plain character."""
    return text.encode("ascii", "backslashreplace").decode()


def body_of(trace: Trace, steps: Sequence[Step]) -> str:
    """Write steps and what must hold in the end as Python."""
    needed = {number for step in steps for number in step.needs}
    variables: dict[int, str] = {}
    lines = []
    for step in steps:
        call = f"api.call({arguments(step, variables)})"
        if step.number in needed:
            variables[step.number] = variable(step, variables)
            call = f"{variables[step.number]} = {call}"
        lines.append(call)
    lines.append(f"api.{trace.kind}({', '.join(map(str, trace.statuses))})")
    return "\n".join(lines)


def variable(step: Step, variables: Mapping[int, str]) -> str:
    """Name what a step makes."""
    name = thing_of(step)
    count = sum(each.rstrip("0123456789") == name for each in variables.values())
    return f"{name}{count + 1}" if count else name


def thing_of(step: Step) -> str:
    """Say what an operation is about: the last name of a collection in its path."""
    segments = [part for part in SPEC.operations[step.operation].path.split("/") if part and part[0] != "{"]
    plural = next((part for part in reversed(segments) if part.endswith("s")), "things")
    return f"{plural[:-3]}y" if plural.endswith("ies") else plural[:-1]


def arguments(step: Step, variables: Mapping[int, str]) -> str:
    """Write the arguments of a call."""

    def value(each: str | From) -> str:
        return f'{variables[each.step]}["{each.name}"]' if isinstance(each, From) else literal(each)

    parts = [literal(step.operation), *map(value, step.path)]
    if step.query:
        parts.append(f"query=[{', '.join(f'({literal(name)}, {value(each)})' for name, each in step.query)}]")
    if step.json is not NOTHING:
        parts.append(f"json={literal(step.json)}")
    if step.package:
        cut = ", cut=True" if step.package.cut else ""
        parts.append(f"package=Package({literal(step.package.ecosystem)}, {literal(step.package.name)}{cut})")
    if step.raw:
        parts.append(f"raw=Raw({literal(step.raw.media_type)}, {step.raw.content!r})")
    if step.bearer != BEARERS[0]:
        parts.append(f"bearer={literal(step.bearer)}")
    parts += [f"{name}={literal(given)}" for name in ("method", "organization") if (given := getattr(step, name))]
    return ", ".join(parts)


def literal(value: Any) -> str:
    """Write JSON as Python."""
    if isinstance(value, str):
        return ascii(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def formatted(text: str) -> str:
    """Format Python as this project does; as it is where ruff is not there."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "format",
        "--no-cache",
        "--stdin-filename=tests/contract/found/test.py",
        "-",
    ]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, encoding="utf-8")
    return done.stdout if done.returncode == 0 else text
