"""Make ``generated/`` from the spec: ``python -m scripts.client.generate``, or with ``--check`` compare instead.

The client is built in an empty folder and then takes the place of the old one, so that nothing stale is left behind.
"""

import argparse
import contextlib
import difflib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.properties import ModelProperty, Property

from scripts import ROOT
from scripts.client.facts import class_name, facts_for_templates
from scripts.spec.bundle import SPEC, Bundle, SpecError, bundle
from scripts.spec.lint import lint, schemas

GENERATED = ROOT / "generated"
CLIENT = ROOT / "scripts" / "client"
PACKAGE = "buildkite_packages"


def generate(folder: Path, spec: Path = SPEC) -> None:
    """Make the client package in a folder.

    Args:
        folder: an existing, empty folder; the package becomes a folder in it.
        spec: the root file of the spec.

    Raises:
        SpecError: the spec is wrong, breaks a house rule, or holds what the generator cannot express.
    """
    joined = bundle(spec)
    findings = lint(joined)
    if findings:
        raise SpecError(*findings)
    try:
        write(joined, folder / PACKAGE)
    except SpecError:
        raise
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise SpecError(f"{joined.mentioned(text)} the client cannot be generated: {text}") from error


def write(joined: Bundle, package: Path) -> None:
    """Make the client package of a spec that keeps the house rules.

    Raises:
        SpecError: the spec holds what the generator or the templates cannot express.
    """
    project = parsed(joined, package)
    with contextlib.redirect_stdout(io.StringIO()):
        problems = project.build()
    if problems:
        raise SpecError(*(describe(joined, problem) for problem in problems))
    check_names(joined, package)
    hide_secrets(joined, package)
    add_layers(project, package)
    (package / "openapi.json").write_text(joined.to_json(), encoding="utf-8")
    shutil.copytree(CLIENT / "runtime", package, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "py.typed").touch()
    tidy(joined, package)


def parsed(joined: Bundle, package: Path) -> Project:
    """Let the generator read the spec, and give its templates what it leaves out.

    Raises:
        SpecError: the spec holds what the generator or the templates cannot express.
    """
    joined = replace(joined, document=without_aliases(joined.document))
    facts = facts_for_templates(joined)
    settings = ConfigFile.load_from_path(CLIENT / "config.yaml")
    config = Config.from_sources(settings, MetaType.NONE, package, "utf-8", overwrite=False, output_path=package)
    data = GeneratorData.from_dict(json.loads(joined.to_json()), config=config)
    if isinstance(data, GeneratorError):
        raise SpecError(describe(joined, data))
    project = Project(openapi=data, config=config, custom_template_path=CLIENT / "templates")
    project.env.globals.update(facts)
    project.env.filters["class_name"] = class_name
    return project


def without_aliases(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out the aliases of operations; the client has one method for all of them."""
    paths = {
        path: {key: value for key, value in item.items() if not (isinstance(value, dict) and "x-alias-of" in value)}
        for path, item in document["paths"].items()
    }
    return {**document, "paths": paths}


def add_layers(project: Project, package: Path) -> None:
    """Add the modules that the generator does not know of: what the spec says as a whole, resources and facades."""
    models = {str(model.class_info.name): model for model in project.openapi.models}

    def property_of(model: ModelProperty, name: str) -> Property:
        """Give a property of a model, which may be a reference that the parser has not followed."""
        followed = models[str(model.class_info.name)]
        every: list[Property] = [*(followed.required_properties or ()), *(followed.optional_properties or ())]
        return next(each for each in every if each.name == name)

    project.env.globals["property_of"] = property_of
    folder = package / "resources"
    folder.mkdir()
    for tag, collection in project.openapi.endpoint_collections_by_tag.items():
        code = project.env.get_template("resource.py.jinja").render(tag=tag, endpoints=collection.endpoints)
        (folder / f"{tag}.py").write_text(code, encoding="utf-8")
    (package / "cli").mkdir()
    for template in ("resources/__init__.py", "package_registries.py", "spec.py", "cli/methods.py"):
        name = template.replace("/__init__", "_init").replace("/", "_")
        (package / template).write_text(project.env.get_template(f"{name}.jinja").render(), encoding="utf-8")


def describe(joined: Bundle, problem: GeneratorError) -> str:
    """Put a generator's warning into one line that begins with its place in the spec."""
    text = " ".join(f"{problem.header} {problem.detail or ''}".split())
    return f"{joined.mentioned(text)} openapi-python-client: {text}"


def check_names(joined: Bundle, package: Path) -> None:
    """See that every model has the name of a component.

    Raises:
        SpecError: the generator had to invent a name.
    """
    components = set(map(module_name, joined.document["components"]["schemas"]))
    models = {path.stem for path in (package / "models").glob("*.py")} - {"__init__"}
    invented = sorted(models - components)
    if invented:
        place = joined.place(("components", "schemas"))
        raise SpecError(
            *(
                f"{place} the generator invented the model {name}; give its schema a name in `schemas`"
                for name in invented
            )
        )


def module_name(component: str) -> str:
    """Give the name of the module of a component's model."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", component).lower()


def hide_secrets(joined: Bundle, package: Path) -> None:
    """Leave properties of the format `password` out of the models' reprs.

    Raises:
        SpecError: such a property has no line of its own in its model.
    """
    for pointer, schema in schemas(joined.document):
        if isinstance(rest := schema.get("additionalProperties"), dict) and rest.get("format") == "password":
            model = package / "models" / f"{module_name(str(pointer[2]))}.py"
            code = model.read_text(encoding="utf-8").replace("repr=_parsing.repr_of", "repr=_parsing.names_of")
            model.write_text(code, encoding="utf-8")
        for name, child in schema.get("properties", {}).items():
            if child.get("format") != "password":
                continue
            model = package / "models" / f"{module_name(str(pointer[2]))}.py"
            line = re.compile(rf"^(    {name}: [^=\n]+?)(?: = (.+))?$", re.MULTILINE)
            found = line.search(model.read_text(encoding="utf-8"))
            if found is None:
                raise SpecError(f"{joined.place((*pointer, 'properties', name))} cannot be left out of a repr")
            default = f"default={found[2]}, " if found[2] else ""
            code = f"{found[1]} = _attrs_field({default}repr=False)"
            model.write_text(line.sub(code, model.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def tidy(joined: Bundle, package: Path) -> None:
    """Sort imports, drop unused ones and format, whatever settings the machine has.

    Raises:
        SpecError: the code is none that Python can run.
    """
    for path in package.rglob("*.py"):
        text = re.sub(r"[ \t]+$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path.write_text(re.sub(r"\n{3,}(?= )", "\n\n", text), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    settings = [
        "--isolated",
        "--no-cache",
        "--quiet",
        "--output-format=concise",
        "--line-length=120",
        "--target-version=py311",
        str(package),
    ]
    for command in (["check", "--fix", "--select=I,F401,F811,UP"], ["format"]):
        done = subprocess.run([*ruff, *command, *settings], capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join((done.stdout + done.stderr).replace(f"{package}/", "").split())
            raise SpecError(f"{joined.place(())} the client would have code that is not right: {said}")


def files(folder: Path) -> dict[Path, bytes]:
    """Read every file below a folder but compiled ones, by relative path."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(old: dict[Path, bytes], new: dict[Path, bytes]) -> Iterator[str]:
    """Yield the lines of a unified difference between two sets of files."""
    for path in sorted(old.keys() | new.keys()):
        before, after = (side.get(path, b"").decode("utf-8", "replace").splitlines() for side in (old, new))
        if old.get(path) != new.get(path):
            was, will_be = (f"generated/{path}" if path in side else "/dev/null" for side in (old, new))
            lines = list(difflib.unified_diff(before, after, was, will_be, lineterm=""))
            yield from lines or [f"--- {was}", f"+++ {will_be} (differs in bytes that are no text)"]


def main() -> int:
    """Regenerate, or check.

    Returns:
        0 where all went well, 1 where the spec is wrong or, with ``--check``, where ``generated/`` is not what the
        spec gives.
    """
    parser = argparse.ArgumentParser(description="Make generated/ from openapi/.")
    parser.add_argument("--check", action="store_true", help="change nothing; compare, and show the difference")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        built = Path(temporary) / GENERATED.name  # unlike the temporary folder, everybody may read it
        built.mkdir()
        try:
            generate(built)
        except SpecError as error:
            print(error, file=sys.stderr)
            return 1
        if arguments.check:
            lines = list(differences(files(GENERATED), files(built)))
            if lines:
                print("\n".join(lines))
                print("generated/ is not what openapi/ and scripts/client/ give; run `make generate`", file=sys.stderr)
                return 1
            print("generated/ is what the spec gives")
            return 0
        shutil.rmtree(GENERATED, ignore_errors=True)
        shutil.copytree(built, GENERATED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
