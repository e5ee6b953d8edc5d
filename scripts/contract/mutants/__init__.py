# ruff: noqa: F403
"""An API whose behaviour differs in one way, to see whether the contract tests notice.

A mutant is a function that answers the calls of an operation, and a sentence that says what a user would notice::

    from scripts.contract.mutants import Answer, Call, drop, mutant


    @mutant("get_registry", "The answer lacks the registry's slug.")
    def get_registry_without_slug(call: Call) -> Answer:
        return drop(call.forward(), "slug")

Where no logic is wanted, the row of a table will do. Its name begins with the operation, and serves as its sentence,
unless one stands before the function::

    GET_REGISTRY = mutants_of(
        "get_registry",
        without_slug=changed(drop, "slug"),
        answers_created=("A registry is answered with 201.", changed(status, 200, 201)),
        is_listed=lambda call: call.ask("list_registries"),
    )

A row is a function of the call, which `changed` makes of one that changes the true answer (`changes`), and `sending` of
one that changes the JSON object that was sent; `behaviours` has those that several tables share, and `afterwards`, for
what is done besides. `mutants_of_each` repeats the rows for several operations; `mutants_by_name` has an operation for
each row.

`Call` says what was asked: `operation`, `path` (the path parameters), `query`, `json`, `scopes` (those of the access
token), and `request` with all the rest (`method`, `headers`, `body`, `file`). ``call.forward()`` gives the true answer;
``call.forward(request)`` the answer to another request, as made by ``call.request.with_json(...)``, `with_query`,
`with_header`, `with_token`, `with_file`.
``call.ask("delete_package", registry_slug=..., id=...)`` sends a request of the mutant's own, with a token that may do
everything. ``call.memory`` is a dict that lasts as long as the emulator. An `Answer` has `status`, `headers`, `body`,
`json`, and is changed with `with_status`, `with_json`, `with_header`, `without_header`, `with_body`; the length of the
body is kept right.

The first argument of `mutant` and `mutants_of` may be several operationIds; only their calls go through the function,
and the first is the one whose behaviour is changed. The functions run in a thread, one call at a time.

``MUTANTS=path`` names a module of mutants, or a folder of such modules, for `make drift-power`; it may lie anywhere.
Those that belong to these tests are in `tests/contract/mutants`, whose modules import all names of this package.
"""

from scripts.contract.mutants.behaviours import *
from scripts.contract.mutants.changes import *
from scripts.contract.mutants.declaring import *
from scripts.contract.mutants.environment import *
from scripts.contract.mutants.layer import *
from scripts.contract.mutants.messages import *
