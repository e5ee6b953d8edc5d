"""Declares mutants, and loads those that a module or a folder of modules declares."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from scripts.contract.mutants.changes import forward_json, sent
from scripts.contract.mutants.layer import SPEC, Behaviour
from scripts.contract.mutants.messages import Answer
from scripts.contract.settings import nearest
from scripts.contract.suite import MUTANTS

MOST_LISTED = 5
"""If a name is unknown, up to this many mutants are all listed; of more, those with the nearest names."""

Row = Behaviour | tuple[str, Behaviour]
"""A mutant in a table: its behaviour, preceded by a sentence if its name is not clear enough."""


class MutantsError(Exception):
    """A module or folder declares no mutants, or wrong ones; the message says what is wrong."""


@dataclass(frozen=True)
class Mutant:
    """An API whose behaviour differs in one way.

    Attributes:
        name: its name, in snake case.
        operations: the operationIds of the calls that it may answer in another way.
        sentence: what a user would notice.
        behaviour: answers a call.
        module: name of the module that declares it; of a row, it is known once the module is loaded.

    Raises:
        MutantsError: there is no such operation.
    """

    name: str
    operations: tuple[str, ...]
    sentence: str
    behaviour: Behaviour
    module: str = ""

    def __post_init__(self) -> None:
        if not self.operations or not SPEC.operations.keys() >= set(self.operations):
            unknown = ", ".join(each for each in self.operations if each not in SPEC.operations) or "nothing"
            raise MutantsError(f"a mutant names {unknown}; the operations are {', '.join(SPEC.operations)}")


def tuple_of(operations: str | Iterable[str]) -> tuple[str, ...]:
    """Return one operationId or several as a tuple."""
    return (operations,) if isinstance(operations, str) else tuple(operations)


def mutant(operations: str | Iterable[str], sentence: str) -> Callable[[Behaviour], Mutant]:
    """Make a mutant of the function below, under its name.

    Args:
        operations: the operationId of the calls that go through the function, or several; the first is the one whose
            behaviour is changed, the others are there to make it last.
        sentence: what a user would notice.

    Raises:
        MutantsError: there is no such operation.
    """
    return lambda behaviour: Mutant(behaviour.__name__, tuple_of(operations), sentence, behaviour, behaviour.__module__)


def mutants_of(operations: str | Iterable[str], **rows: Row) -> tuple[Mutant, ...]:
    """Declare the rows of a table as mutants.

    Args:
        operations: as `mutant` takes them.
        rows: by the end of the mutant's name, which begins with the first operation. Where a row has no sentence, the
            name is one: ``get_registry renames web url.``

    Raises:
        MutantsError: there is no such operation.
    """
    first, *others = tuple_of(operations)
    found = []
    for end, row in rows.items():
        sentence, behaviour = row if isinstance(row, tuple) else (f"{first} {end.replace('_', ' ')}.", row)
        found.append(Mutant(f"{first}_{end}", (first, *others), sentence, behaviour))
    return tuple(found)


def mutants_of_each(operations: Iterable[str], **rows: Row) -> tuple[Mutant, ...]:
    """Declare the rows of a table as mutants of each of several operations."""
    return tuple(mutant for each in operations for mutant in mutants_of(each, **rows))


def mutants_by_name(**rows: Row) -> tuple[Mutant, ...]:
    """Declare rows as mutants by their full names; each name begins with its operation."""
    found: list[Mutant] = []
    for name, row in rows.items():
        operation = max((each for each in SPEC.operations if name.startswith(f"{each}_")), key=len, default=name)
        found += mutants_of(operation, **{name.removeprefix(f"{operation}_"): row})
    return tuple(found)


def changed(change: Callable[..., Answer], *arguments: Any) -> Behaviour:
    """Return a behaviour that applies a function to the true answer and the arguments."""
    return lambda call: change(call.forward(), *arguments)


def sending(change: Callable[..., dict[str, Any]], *arguments: Any) -> Behaviour:
    """Return a behaviour that applies a function to the JSON object that was sent, and forwards the result."""
    return lambda call: forward_json(call, change(sent(call), *arguments))


def load(path: Path = MUTANTS) -> Mapping[str, Mutant]:
    """Load mutants, by name, in the order in which they are declared.

    Args:
        path: a module, or a folder of modules; those whose name begins with ``_`` are passed over.

    Raises:
        MutantsError: there is no such path, it declares none, two have one name, or a module cannot be loaded.
    """
    if path.is_dir():
        files = sorted(each for each in path.glob("*.py") if not each.name.startswith("_"))
    elif path.is_file() and path.suffix == ".py":
        files = [path]
    else:
        raise MutantsError(f"{path} is neither a Python module nor a folder of such; MUTANTS= names one")
    found: dict[str, Mutant] = {}
    for file in files:
        for each in declared(module(file)):
            if each.name in found:
                raise MutantsError(f"{file}: there are two mutants {each.name}; a name stands for one")
            found[each.name] = each
    if not found:
        raise MutantsError(f"{path} declares no mutant; a mutant is a function under @mutant(operation, sentence)")
    return found


def pick(found: Mapping[str, Mutant], name: str) -> Mutant:
    """Look up a mutant by name.

    Raises:
        MutantsError: there is none of the name.
    """
    if name not in found:
        like = nearest(name, found) if len(found) > MOST_LISTED else list(found)
        named = f"there are {', '.join(like)}" if like else f"there are {len(found)}, none of a name like that"
        raise MutantsError(f"there is no mutant {name}; {named}")
    return found[name]


def module(file: Path) -> ModuleType:
    """Load a module from a file, which need not be on the import path.

    Raises:
        MutantsError: it cannot be loaded.
    """
    name = f"mutants_of_{file.parent.name}_{file.stem}"
    found = spec_from_file_location(name, file)
    if found is None or found.loader is None:
        raise MutantsError(f"{file} cannot be loaded as a Python module")
    made = module_from_spec(found)
    sys.modules[name] = made  # where dataclasses of it look for their module
    try:
        found.loader.exec_module(made)
    except Exception as error:
        raise MutantsError(f"{file} cannot be loaded: {type(error).__name__}: {error}") from error
    return made


def declared(where: ModuleType) -> Iterator[Mutant]:
    """List the mutants that a module declares, without those that it imports."""
    for value in vars(where).values():
        values: Any = value if isinstance(value, tuple | list) else (value,)
        for each in values:
            if isinstance(each, Mutant) and each.module in ("", where.__name__):
                yield replace(each, module=where.__name__)
