"""Mutants that answer errors in another form."""

from collections.abc import Callable
from typing import Any

from scripts.contract.mutants import *


def failed(answer: Answer, change: Callable[..., Answer], *arguments: Any) -> Answer:
    """Change an error of any status."""
    return answer if answer.ok else change(answer, *arguments)


def reshaped(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """Change the body of an error of any status."""
    return answer if answer.ok else answer.with_json(change(answer.json))


def fields(answer: Answer, change: Callable[[list[dict[str, str]]], Any]) -> Answer:
    """Change the list of fields at fault."""
    if answer.status != 422 or "errors" not in answer.json:
        return answer
    return answer.with_json({**answer.json, "errors": change(answer.json["errors"])})


def at_times(call: Call) -> Answer:
    """Answer every tenth call with 503, whatever it did."""
    number, answer = count(call), call.forward()
    return answer if number % 10 else answer.error(503, "Service Unavailable")


BODIES = mutants_by_name(
    get_package_renames_the_message=changed(reshaped, lambda error: {"error": error["message"]}),
    update_registry_token_has_no_message=changed(reshaped, lambda _: {}),
    delete_package_wraps_errors=changed(reshaped, lambda error: {"error": error}),
    get_registry_token_has_message_as_object=changed(reshaped, lambda error: {"message": {"en": error["message"]}}),
    create_registry_token_lists_errors_as_sentences=changed(
        fields, lambda all_: [f"{each['field']} is wrong" for each in all_]
    ),
    update_registry_lists_errors_as_object=changed(fields, lambda all_: {each["field"]: each["code"] for each in all_}),
    create_registry_has_no_codes=changed(fields, lambda all_: [{"field": each["field"]} for each in all_]),
    delete_registry_has_no_body_for_missing_ones=changed(on, 404, Answer.with_body, b""),
)

MEDIA_TYPES = mutants_by_name(
    list_packages_refuses_tokens_in_plain_text=changed(on, 401, Answer.with_body, b"Unauthorized", "text/plain"),
    publish_package_refuses_with_html=changed(on, 422, html, "Unprocessable"),
    copy_package_answers_problems=changed(failed, Answer.with_header, "Content-Type", "application/problem+json"),
)

STATUSES = mutants_by_name(
    publish_package_answers_bad_request=changed(status, 422, 400),
    list_packages_answers_bad_request=changed(status, 422, 400),
    copy_package_answers_422_for_missing_packages=changed(status, 404, 422),
    update_registry_answers_422_for_missing_registries=changed(status, 404, 422),
    delete_registry_token_is_unavailable_at_times=at_times,
)
