"""An API whose behaviour differs in one way, to see whether the contract tests notice.

A mutant is a function that answers the calls of an operation, and a sentence that says what a user would notice::

    from scripts.contract.mutants import Answer, Call, drop, mutant


    @mutant("get_registry", "The answer lacks the registry's slug.")
    def get_registry_without_slug(call: Call) -> Answer:
        return drop(call.forward(), "slug")

`Call` says what was asked: `operation`, `path` (the path parameters), `query`, `json`, `scopes` (those of the access
token), and `request` with all the rest (`method`, `headers`, `body`, `file`). ``call.forward()`` gives the true answer;
``call.forward(request)`` the answer to another request, as made by ``call.request.with_json(...)``, `with_query`,
`with_header`, `with_token`, `with_file`.
``call.ask("delete_package", registry_slug=..., id=...)`` sends a request of the mutant's own, with a token that may do
everything. ``call.memory`` is a dict that lasts as long as the emulator. An `Answer` has `status`, `headers`, `body`,
`json`, and is changed with `with_status`, `with_json`, `with_header`, `without_header`, `with_body`; the length of the
body is kept right.

Where the behaviour is one expression, a row of a table will do; it begins the name with the operation::

    mutants_of(
        "get_registry",
        without_slug=("The answer lacks the registry's slug.", lambda call: drop(call.forward(), "slug")),
    )

The first argument of `mutant` may be several operationIds; only their calls go through the function. The functions are
plain ones: they run in a thread, one call at a time, while the emulator goes on.

``MUTANTS=path`` names a module of such functions, or a folder of such modules, for `make drift-power`; it may lie
anywhere. Those that belong to these tests are in `tests/contract/mutants`.
"""

from scripts.contract.mutants.changes import (
    Resource,
    deleted,
    drop,
    each,
    forward_json,
    html,
    items,
    moment,
    pretended_deletion,
    put,
    rename,
    reshape,
    sent,
    shown,
    status,
)
from scripts.contract.mutants.declaring import Mutant, MutantsError, load, mutant, mutant_of_each, mutants_of
from scripts.contract.mutants.environment import mutated
from scripts.contract.mutants.layer import SPEC, Call, Layer
from scripts.contract.mutants.messages import Answer, Request

__all__ = [
    "SPEC",
    "Answer",
    "Call",
    "Layer",
    "Mutant",
    "MutantsError",
    "Request",
    "Resource",
    "deleted",
    "drop",
    "each",
    "forward_json",
    "html",
    "items",
    "load",
    "moment",
    "mutant",
    "mutant_of_each",
    "mutants_of",
    "mutated",
    "pretended_deletion",
    "put",
    "rename",
    "reshape",
    "sent",
    "shown",
    "status",
]
