"""Linters and generators that this project did not write read the bundle without a complaint."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts import ROOT
from scripts.spec.bundle import SPEC
from scripts.spec.lint import named_examples

BUNDLE = ROOT / "generated" / "buildkite_packages" / "openapi.json"
NODE_TOOLS = ROOT / "node_modules" / ".bin"

# Nothing is to be sent or fetched: neither what was run nor whether a newer release exists.
ENVIRONMENT = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}

REQUIRED = (
    "type Named<T> = keyof {[K in keyof T as string extends K ? never : K]: T[K]};\n"
    "export type Required<T> = {[K in Named<T>]-?: {} extends Pick<T, K> ? never : K}[Named<T>];"
)
"""The names of a type's properties that are not optional; other names that it allows (an index) do not count."""

SAME = "export const same = <A, B>(..._: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]) => {};"
"""Takes an argument, which nobody can give, unless its two types are the same."""

needs_node_tools = pytest.mark.skipif(
    not (NODE_TOOLS / "redocly").exists(), reason=f"no tools of npm are at {NODE_TOOLS.relative_to(ROOT)}"
)


def run(folder: Path, *command: str | Path) -> str:
    """Run a command that must succeed; returns its standard output."""
    ran = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
@needs_node_tools
def test_redocly_has_no_findings() -> None:
    """Redocly CLI, with the rules that it recommends, has neither an error nor a warning."""
    spec = SPEC.relative_to(ROOT)
    report = json.loads(run(ROOT, NODE_TOOLS / "redocly", "lint", "--extends=recommended", "--format=json", spec))
    assert report["problems"] == []
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


@pytest.mark.slow
@needs_node_tools
def test_spectral_has_no_findings() -> None:
    """Spectral, with its rules for OpenAPI but those that `.spectral.yaml` turns off, finds not even a hint."""
    run(ROOT, NODE_TOOLS / "spectral", "lint", "--fail-severity=hint", BUNDLE)


@pytest.mark.slow
@needs_node_tools
@pytest.mark.parametrize(
    ("command", "types"),
    [
        pytest.param(
            ("openapi-typescript", BUNDLE, "--output=api.ts"),
            'import type {{ components }} from "./api";\ntype Type = components["schemas"]["{name}"];',
            id="openapi-typescript",
        ),
        pytest.param(
            ("openapi-ts", "--input", BUNDLE, "--output=api", "--no-log-file"),
            'import type {{ {name} as Type }} from "./api/types.gen";',
            id="hey-api",
        ),
        pytest.param(
            ("orval", "--input", BUNDLE, "--output=api.ts", "--client=fetch", "--fail-on-warnings"),
            'import type {{ {name} as Type }} from "./api";',
            id="orval",
        ),
    ],
)
def test_typescript_types_require_what_the_spec_requires(
    command: tuple[str | Path, ...], types: str, tmp_path: Path
) -> None:
    """What a generator of TypeScript writes compiles, and a property is optional unless the spec requires it."""
    run(tmp_path, NODE_TOOLS / command[0], *command[1:])
    (tmp_path / "required.ts").write_text(f"{REQUIRED}\n{SAME}\n", encoding="utf-8")
    for name, schema in document()["components"]["schemas"].items():
        if "properties" in schema and not isinstance(schema.get("additionalProperties"), dict):
            required = " | ".join(map(json.dumps, schema.get("required", []))) or "never"
            check = f'import {{ same, type Required }} from "./required";\nsame<Required<Type>, {required}>();\n'
            (tmp_path / f"check_{name}.ts").write_text(f"{types.format(name=name)}\n{check}", encoding="utf-8")
    sources = sorted(tmp_path.glob("check_*.ts"))
    assert sources
    options = ("--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler")
    run(tmp_path, NODE_TOOLS / "tsc", *options, *sources)


@pytest.mark.slow
def test_pydantic_models_pass_mypy_and_take_the_examples(tmp_path: Path) -> None:
    """What datamodel-code-generator writes, with the options in the README, is typed and takes the examples."""
    options = ("--input-file-type=openapi", "--field-constraints", "--formatters=builtin", "--disable-warnings")
    module = [sys.executable, "-m"]
    run(tmp_path, *module, "datamodel_code_generator", "--input", BUNDLE, *options, "--output=models.py")
    run(tmp_path, *module, "mypy", "--strict", "--cache-dir=cache", "--config-file=", "models.py")
    shown = [
        (schema["$ref"].rpartition("/")[2], example)
        for _, example, schema in named_examples(document())
        if "$ref" in schema
    ]
    assert shown
    (tmp_path / "examples.json").write_text(json.dumps(shown), encoding="utf-8")
    run(tmp_path, sys.executable, "-c", READ_EXAMPLES)


READ_EXAMPLES = """
import json, models
from pydantic import TypeAdapter
for name, example in json.load(open("examples.json")):
    TypeAdapter(getattr(models, name)).validate_python(example)
"""


def document() -> dict[str, Any]:
    """Return the bundle."""
    found: dict[str, Any] = json.loads(BUNDLE.read_text(encoding="utf-8"))
    return found
