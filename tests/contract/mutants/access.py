"""Mutants that check tokens and scopes in another way."""

from functools import partial

from scripts.contract.mutants import *


def trusted(call: Call) -> Answer:
    """Forward the call with a token of every scope."""
    return call.forward(call.request.with_token(call.token))


def trusted_after(call: Call, *, status: int) -> Answer:
    """Forward the call with a token of every scope if it is refused with a status."""
    answer = call.forward()
    return trusted(call) if answer.status == status else answer


def trusted_with_any_token(call: Call) -> Answer:
    """Accept any token, but not a missing one."""
    return trusted_after(call, status=401) if call.request.header("authorization") else call.forward()


def wants(*alternatives: set[str]) -> Behaviour:
    """Return a behaviour that requires all scopes of one of several sets."""

    def behaviour(call: Call) -> Answer:
        if call.scopes is None:
            return call.forward()
        if any(alternative <= call.scopes for alternative in alternatives):
            return trusted(call)
        return call.ask("get_registry", registry_slug="registry-that-is-not-there").error(403, "Forbidden")

    return behaviour


EVERYWHERE = mutants_of_each(SPEC.operations, enforces_no_scope=partial(trusted_after, status=403))
ANY_TOKEN = mutants_of_each(
    ("get_package", "list_registries", "delete_registry_token"), accepts_any_token=trusted_with_any_token
)
NO_TOKEN = mutants_of_each(
    ("list_packages", "get_registry", "update_registry_token", "create_registry"),
    ignores_authentication=partial(trusted_after, status=401),
)


@mutant("get_registry_token", "A token is accepted without the word Bearer before it.")
def get_registry_token_accepts_bare_tokens(call: Call) -> Answer:
    answer, token = call.forward(), call.request.header("authorization") or ""
    return call.forward(call.request.with_token(token)) if answer.status == 401 and " " not in token else answer


SCOPES = mutants_by_name(
    create_registry_refuses_the_older_scope=wants({"write_registries"}),
    create_registry_wants_the_older_scope=wants({"create_registries"}),
    publish_package_refuses_the_older_scope=wants({"write_packages"}),
    publish_package_wants_the_scope_to_read=wants({"read_packages"}, {"write_packages"}, {"create_packages"}),
    update_registry_takes_the_older_scope=wants({"write_registries"}, {"create_registries"}),
    delete_registry_wants_the_scope_to_write=wants({"write_registries"}),
    delete_registry_token_wants_the_scope_to_delete=wants({"delete_registries"}),
    list_registry_tokens_wants_the_scope_to_write=wants({"write_registries"}),
    create_registry_token_wants_the_scope_to_read_too=wants({"write_registries", "read_registries"}),
    copy_package_needs_no_scope_to_read=wants({"write_packages"}),
    copy_package_needs_no_scope_to_write=wants({"read_packages"}),
    delete_package_takes_the_scope_to_write=wants({"write_packages"}, {"delete_packages"}),
    list_packages_takes_the_scope_of_registries=wants({"read_packages"}, {"read_registries"}),
)

REFUSALS = mutants_by_name(
    get_package_hides_what_is_forbidden=changed(on, 403, Answer.error, 404, "No package found"),
    update_registry_answers_401_for_scopes=changed(status, 403, 401),
    get_registry_forbids_unknown_tokens=changed(status, 401, 403),
    list_registry_tokens_hides_from_unknown_tokens=changed(status, 401, 404),
)
