"""Mutants that report or enforce rate limits in another way."""

from collections.abc import Callable
from functools import partial
from typing import Any

from scripts.contract.mutants import *

HEADERS = tuple(
    f"RateLimit-{whose}{what}" for whose in ("", "User-") for what in ("Scope", "Limit", "Remaining", "Reset")
)

SOMETIMES = 5
"""One of this many calls is refused."""


def refused_at_times(call: Call, **changes: object) -> Answer:
    """Answer one of a few calls with 429, with changes to its body; None drops a property."""
    number, answer = count(call), call.forward()
    if number % SOMETIMES or not answer.ok:
        return answer
    limit = int(answer.header("RateLimit-User-Limit") or 0)
    body = {
        "message": "You have exceeded your API rate limit. Please wait 1 seconds before making more requests.",
        "scope": "rest_user",
        "limit": limit,
        "current": limit + 1,
        "reset": 1,
    }
    left = {name: value for name, value in (body | changes).items() if value is not None}
    answer = answer.with_status(429).with_json(left).with_header("RateLimit-User-Reset", 1)
    answer = answer.with_header("RateLimit-User-Remaining", 0).with_header("RateLimit-Reset", 1)
    return answer.with_header("RateLimit-User-Warning", SPEC.header_example("RateLimit-User-Warning"))


def refused_as(change: Callable[..., Answer], *arguments: Any) -> Behaviour:
    """Return a behaviour that changes the 429 with which it answers one of a few calls."""
    return lambda call: on(refused_at_times(call), 429, change, *arguments)


def with_retry_after(answer: Answer) -> Answer:
    """Replace the headers of rate limits by Retry-After."""
    return answer.without_header(*HEADERS).with_header("Retry-After", 1)


def with_headers(answer: Answer, value: object, *names: str) -> Answer:
    """Set several headers to one value."""
    for name in names:
        answer = answer.with_header(name, value)
    return answer


HEADERS_CHANGED = mutants_by_name(
    list_registries_without_rate_limits=changed(Answer.without_header, *HEADERS),
    get_registry_token_without_limits_of_the_user=changed(Answer.without_header, *HEADERS[4:]),
    get_package_has_no_rate_limits_on_errors=changed(
        lambda answer: answer if answer.ok else answer.without_header(*HEADERS)
    ),
    delete_package_without_reset=changed(Answer.without_header, HEADERS[3], HEADERS[7]),
    list_packages_resets_in_an_hour=changed(with_headers, 3600, HEADERS[3], HEADERS[7]),
    publish_package_resets_in_the_past=changed(Answer.with_header, "RateLimit-User-Reset", -3),
    update_registry_resets_at_a_date=changed(Answer.with_header, "RateLimit-Reset", "Sat, 01 Aug 2026 10:00:00 GMT"),
    create_registry_token_has_another_limit_scope=changed(Answer.with_header, "RateLimit-User-Scope", "graphql"),
)


@mutant(SPEC.operations, "The requests that are left never become fewer.")
def requests_left_stay_the_same(call: Call) -> Answer:
    return with_headers(call.forward(), 42, "RateLimit-Remaining", "RateLimit-User-Remaining")


@mutant("copy_package", "More requests are left than the limit allows.")
def copy_package_leaves_more_than_the_limit(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_header("RateLimit-User-Remaining", int(answer.header("RateLimit-User-Limit") or 0) + 1)


@mutant("get_registry", "The limit is another each time.")
def get_registry_changes_the_limit(call: Call) -> Answer:
    return call.forward().with_header("RateLimit-Limit", 200 + count(call))


@mutant("list_registry_tokens", "The requests that are left are told as a fraction.")
def list_registry_tokens_leaves_a_fraction(call: Call) -> Answer:
    answer = call.forward()
    left, limit = answer.header("RateLimit-Remaining"), answer.header("RateLimit-Limit")
    return answer.with_header("RateLimit-Remaining", f"{left}/{limit}")


REFUSALS = mutants_by_name(
    list_registries_has_429_without_message=partial(refused_at_times, message=None),
    list_packages_has_429_without_scope=partial(refused_at_times, scope=None),
    get_registry_has_429_without_reset=partial(refused_at_times, reset=None),
    get_package_has_429_with_reset_in_words=partial(refused_at_times, reset="1 second"),
    get_registry_token_forbids_one_too_many=refused_as(Answer.with_status, 403),
    publish_package_is_unavailable_for_one_too_many=refused_as(Answer.with_status, 503),
    list_registry_tokens_has_retry_after=refused_as(with_retry_after),
    update_registry_token_has_plain_429=refused_as(Answer.with_body, b"Retry later\n", "text/plain"),
)
