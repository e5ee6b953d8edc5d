"""What a flow is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.contract.flows.flow_client import FlowClient


@dataclass(frozen=True)
class Flow:
    """A sequence of calls that shows whether an API keeps what the spec promises.

    Attributes:
        name: name of its function.
        sentence: what it promises.
        run: makes the calls.
        writes: whether it changes anything.
        needs_emulator: whether it needs what only an emulator offers.
        settles: what no document backs and it would settle: JSON pointers into the bundle, or sentences about what
            the bundle leaves open.
    """

    name: str
    sentence: str
    run: Callable[[FlowClient], None]
    writes: bool
    needs_emulator: bool
    settles: Sequence[str]

    @property
    def unit(self) -> str:
        """Its name as a unit of a run."""
        return f"flow {self.name}"


DECLARED: dict[str, Flow] = {}
"""The flows so far, by name."""


def flow(
    *, writes: bool = True, needs_emulator: bool = False, settles: Sequence[str] = ()
) -> Callable[[Callable[[FlowClient], None]], Callable[[FlowClient], None]]:
    """Declare a function a flow; the first line of its docstring is its sentence.

    Args:
        writes: as `Flow` has it.
        needs_emulator: as `Flow` has it.
        settles: as `Flow` has it.
    """

    def declare(function: Callable[[FlowClient], None]) -> Callable[[FlowClient], None]:
        name = function.__name__
        sentence = (function.__doc__ or "").partition("\n")[0]
        if name in DECLARED or not sentence.endswith("."):
            raise ValueError(f"the flow {name} needs a name of its own and a docstring that begins with a sentence")
        DECLARED[name] = Flow(name, sentence, function, writes, needs_emulator, tuple(settles))
        return function

    return declare
