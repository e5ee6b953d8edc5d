"""Tokens and scopes that are looked at in another way."""

from scripts.contract.mutants import SPEC, Answer, Call, mutant, mutant_of_each, mutants_of


def trusted(call: Call) -> Answer:
    """Answer as if the call bore a token that may do everything."""
    return call.forward(call.request.with_token(call.token))


def wants(call: Call, *alternatives: set[str]) -> Answer:
    """Answer who has all scopes of one of several sets, and nobody else."""
    if call.scopes is None:
        return call.forward()
    if any(alternative <= call.scopes for alternative in alternatives):
        return trusted(call)
    return call.ask("get_registry", registry_slug="registry-that-is-not-there").error(403, "Forbidden")


@mutant_of_each(SPEC.operations, "{operation} does not look at a token's scopes.")
def enforces_no_scope(call: Call) -> Answer:
    answer = call.forward()
    return trusted(call) if answer.status == 403 else answer


@mutant_of_each(
    ("get_package", "list_registries", "delete_registry_token"), "{operation} takes any token for a good one."
)
def accepts_any_token(call: Call) -> Answer:
    answer = call.forward()
    return trusted(call) if answer.status == 401 and call.request.header("authorization") else answer


@mutant_of_each(
    ("list_packages", "get_registry", "update_registry_token", "create_registry"), "{operation} needs no token."
)
def ignores_authentication(call: Call) -> Answer:
    answer = call.forward()
    return trusted(call) if answer.status == 401 else answer


@mutant("get_registry_token", "A token is accepted without the word Bearer before it.")
def get_registry_token_accepts_bare_tokens(call: Call) -> Answer:
    answer, token = call.forward(), call.request.header("authorization") or ""
    return call.forward(call.request.with_token(token)) if answer.status == 401 and " " not in token else answer


CREATE_REGISTRY = mutants_of(
    "create_registry",
    refuses_the_older_scope=(
        "The scope create_registries is not enough any more.",
        lambda call: wants(call, {"write_registries"}),
    ),
    wants_the_older_scope=(
        "The scope write_registries is not enough; create_registries is wanted.",
        lambda call: wants(call, {"create_registries"}),
    ),
)


PUBLISH_PACKAGE = mutants_of(
    "publish_package",
    refuses_the_older_scope=(
        "The scope create_packages is not enough any more.",
        lambda call: wants(call, {"write_packages"}),
    ),
    wants_the_scope_to_read=(
        "Whoever may read packages may publish them.",
        lambda call: wants(call, {"read_packages"}, {"write_packages"}, {"create_packages"}),
    ),
)


@mutant("update_registry", "The older scope create_registries is enough for an update.")
def update_registry_takes_the_older_scope(call: Call) -> Answer:
    return wants(call, {"write_registries"}, {"create_registries"})


@mutant("delete_registry", "The scope write_registries is wanted for a deletion, and not delete_registries.")
def delete_registry_wants_the_scope_to_write(call: Call) -> Answer:
    return wants(call, {"write_registries"})


@mutant("delete_registry_token", "The scope delete_registries is wanted for a deletion, and not write_registries.")
def delete_registry_token_wants_the_scope_to_delete(call: Call) -> Answer:
    return wants(call, {"delete_registries"})


@mutant("list_registry_tokens", "The scope write_registries is wanted for the list.")
def list_registry_tokens_wants_the_scope_to_write(call: Call) -> Answer:
    return wants(call, {"write_registries"})


@mutant("create_registry_token", "The scope read_registries is wanted besides.")
def create_registry_token_wants_the_scope_to_read_too(call: Call) -> Answer:
    return wants(call, {"write_registries", "read_registries"})


COPY_PACKAGE = mutants_of(
    "copy_package",
    needs_no_scope_to_read=("A copy needs no scope to read packages.", lambda call: wants(call, {"write_packages"})),
    needs_no_scope_to_write=("A copy needs no scope to write packages.", lambda call: wants(call, {"read_packages"})),
)


@mutant("delete_package", "The scope write_packages is enough for a deletion.")
def delete_package_takes_the_scope_to_write(call: Call) -> Answer:
    return wants(call, {"write_packages"}, {"delete_packages"})


@mutant("list_packages", "The scope read_registries is enough to list packages.")
def list_packages_takes_the_scope_of_registries(call: Call) -> Answer:
    return wants(call, {"read_packages"}, {"read_registries"})


@mutant("get_package", "A missing scope is answered with 404.")
def get_package_hides_what_is_forbidden(call: Call) -> Answer:
    answer = call.forward()
    return answer.error(404, "No package found") if answer.status == 403 else answer


@mutant("update_registry", "A missing scope is answered with 401.")
def update_registry_answers_401_for_scopes(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(401) if answer.status == 403 else answer


@mutant("get_registry", "An unknown token is answered with 403.")
def get_registry_forbids_unknown_tokens(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(403) if answer.status == 401 else answer


@mutant("list_registry_tokens", "An unknown token is answered with 404.")
def list_registry_tokens_hides_from_unknown_tokens(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_status(404) if answer.status == 401 else answer
