"""Errors of another form."""

from scripts.contract.mutants import Answer, Call, html, mutant, status


@mutant("get_package", "The message of an error is called error.")
def get_package_renames_the_message(call: Call) -> Answer:
    answer = call.forward()
    return answer if answer.ok else answer.with_json({"error": answer.json["message"]})


@mutant("update_registry_token", "An error has no message.")
def update_registry_token_has_no_message(call: Call) -> Answer:
    answer = call.forward()
    return answer if answer.ok else answer.with_json({})


@mutant("create_registry_token", "Fields at fault are listed as sentences.")
def create_registry_token_lists_errors_as_sentences(call: Call) -> Answer:
    answer = call.forward()
    if answer.status != 422 or "errors" not in answer.json:
        return answer
    return answer.with_json({**answer.json, "errors": [f"{each['field']} is wrong" for each in answer.json["errors"]]})


@mutant("update_registry", "Fields at fault are listed as an object.")
def update_registry_lists_errors_as_object(call: Call) -> Answer:
    answer = call.forward()
    if answer.status != 422 or "errors" not in answer.json:
        return answer
    return answer.with_json({**answer.json, "errors": {each["field"]: each["code"] for each in answer.json["errors"]}})


@mutant("create_registry", "Fields at fault have no code.")
def create_registry_has_no_codes(call: Call) -> Answer:
    answer = call.forward()
    if answer.status != 422 or "errors" not in answer.json:
        return answer
    return answer.with_json({**answer.json, "errors": [{"field": each["field"]} for each in answer.json["errors"]]})


@mutant("delete_package", "Errors are wrapped in an object.")
def delete_package_wraps_errors(call: Call) -> Answer:
    answer = call.forward()
    return answer if answer.ok else answer.with_json({"error": answer.json})


@mutant("list_packages", "An unknown token is answered in plain text.")
def list_packages_refuses_tokens_in_plain_text(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_body(b"Unauthorized", "text/plain") if answer.status == 401 else answer


@mutant("publish_package", "A file that cannot be accepted is answered with a page of HTML.")
def publish_package_refuses_with_html(call: Call) -> Answer:
    answer = call.forward()
    return html(answer, "Unprocessable") if answer.status == 422 else answer


@mutant("publish_package", "A file that cannot be accepted is answered with 400.")
def publish_package_answers_bad_request(call: Call) -> Answer:
    return status(call.forward(), instead_of=422, now=400)


@mutant("list_packages", "A wrong page is answered with 400.")
def list_packages_answers_bad_request(call: Call) -> Answer:
    return status(call.forward(), instead_of=422, now=400)


@mutant("delete_registry", "A missing registry is answered with no body.")
def delete_registry_has_no_body_for_missing_ones(call: Call) -> Answer:
    answer = call.forward()
    return answer.with_body(b"") if answer.status == 404 else answer


@mutant("copy_package", "Errors are of the type application/problem+json.")
def copy_package_answers_problems(call: Call) -> Answer:
    answer = call.forward()
    return answer if answer.ok else answer.with_header("Content-Type", "application/problem+json")


@mutant("get_registry_token", "A message is an object of texts by language.")
def get_registry_token_has_message_as_object(call: Call) -> Answer:
    answer = call.forward()
    return answer if answer.ok else answer.with_json({"message": {"en": answer.json["message"]}})


@mutant("copy_package", "A package that does not exist is answered with 422.")
def copy_package_answers_422_for_missing_packages(call: Call) -> Answer:
    return status(call.forward(), instead_of=404, now=422)


@mutant("update_registry", "A registry that does not exist is answered with 422.")
def update_registry_answers_422_for_missing_registries(call: Call) -> Answer:
    return status(call.forward(), instead_of=404, now=422)


@mutant("delete_registry_token", "Every tenth deletion ends in a 503.")
def delete_registry_token_is_unavailable_at_times(call: Call) -> Answer:
    number = call.memory["number"] = call.memory.get("number", 0) + 1
    answer = call.forward()
    return answer if number % 10 else answer.error(503, "Service Unavailable")
