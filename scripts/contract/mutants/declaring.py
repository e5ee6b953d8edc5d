"""Declares mutants, and finds those that a module or a folder of modules declares."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from scripts.contract.mutants.layer import SPEC, Call
from scripts.contract.mutants.messages import Answer
from scripts.contract.settings import nearest
from scripts.contract.suite import MUTANTS

MOST_LISTED = 5
"""Mutants up to which all are named where one is not known; of more, those with the nearest names."""

Behaviour = Callable[[Call], Answer]


class MutantsError(Exception):
    """A place has no mutants, or something is wrong with them; the message says what."""


@dataclass(frozen=True)
class Mutant:
    """An API whose behaviour differs in one way.

    Attributes:
        name: its name, in snake case.
        operations: the operationIds of the calls that it may answer in another way.
        sentence: what a user would notice.
        behaviour: answers a call.
        module: name of the module that declares it.
    """

    name: str
    operations: tuple[str, ...]
    sentence: str
    behaviour: Behaviour
    module: str


def mutant(operations: str | Iterable[str], sentence: str) -> Callable[[Behaviour], Mutant]:
    """Make a mutant of the function below, under its name.

    Args:
        operations: the operationId of the calls that go through the function, or several; the first is the one whose
            behaviour is changed, the others are there to make it last.
        sentence: what a user would notice.

    Raises:
        MutantsError: there is no such operation.
    """
    named = (operations,) if isinstance(operations, str) else tuple(operations)
    if not named or not SPEC.operations.keys() >= set(named):
        unknown = ", ".join(each for each in named if each not in SPEC.operations) or "nothing"
        raise MutantsError(f"a mutant names {unknown}; the operations are {', '.join(SPEC.operations)}")

    def declare(behaviour: Behaviour) -> Mutant:
        return Mutant(behaviour.__name__, named, sentence, behaviour, behaviour.__module__)

    return declare


def mutant_of_each(operations: Iterable[str], sentence: str) -> Callable[[Behaviour], tuple[Mutant, ...]]:
    """Make a mutant of the function below for each of several operations, named ``OPERATION_FUNCTION``.

    Args:
        operations: their operationIds.
        sentence: what a user would notice, with ``{operation}`` in it.

    Raises:
        MutantsError: there is no such operation.
    """
    makers = {each: mutant(each, sentence.format(operation=each)) for each in operations}

    def declare(behaviour: Behaviour) -> tuple[Mutant, ...]:
        made = ((operation, make(behaviour)) for operation, make in makers.items())
        return tuple(
            Mutant(f"{operation}_{each.name}", each.operations, each.sentence, each.behaviour, each.module)
            for operation, each in made
        )

    return declare


def mutants_of(operation: str, **rows: tuple[str, Behaviour]) -> tuple[Mutant, ...]:
    """Declare mutants of an operation whose behaviour is one expression, as rows of a table.

    Args:
        operation: its operationId.
        rows: by the end of the mutant's name, which begins with the operation: its sentence and its behaviour.

    Raises:
        MutantsError: there is no such operation.
    """
    made = ((end, mutant(operation, sentence)(behaviour)) for end, (sentence, behaviour) in rows.items())
    return tuple(
        Mutant(f"{operation}_{end}", each.operations, each.sentence, each.behaviour, each.module) for end, each in made
    )


def load(path: Path = MUTANTS) -> Mapping[str, Mutant]:
    """Find mutants, by name, in the order in which they are declared.

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
    """Look a mutant up.

    Raises:
        MutantsError: there is none of the name.
    """
    if name not in found:
        like = nearest(name, found) if len(found) > MOST_LISTED else list(found)
        named = f"there are {', '.join(like)}" if like else f"there are {len(found)}, none of a name like that"
        raise MutantsError(f"there is no mutant {name}; {named}")
    return found[name]


def module(file: Path) -> ModuleType:
    """Load a module that need not be on Python's path.

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
    """List the mutants that a module declares, and not those that it imports."""
    for value in vars(where).values():
        values: Any = value if isinstance(value, tuple | list) else (value,)
        yield from (each for each in values if isinstance(each, Mutant) and each.module == where.__name__)
