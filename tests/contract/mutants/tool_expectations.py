"""Texts and headers that Buildkite's own tools and browsers rely on."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from scripts.contract.mutants import *

CORS = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers")


@mutant(SPEC.operations, "No page of another site may read an answer.")
def without_cors(call: Call) -> Answer:
    return call.forward().without_header(*CORS)


@mutant("list_packages", "Pages of other sites may not read the Link header.")
def list_packages_exposes_no_link(call: Call) -> Answer:
    return call.forward().without_header(CORS[1])


@mutant("create_registry_token", "The secret of a registry token has no prefix to mask it by.")
def create_registry_token_has_no_prefix(call: Call) -> Answer:
    answer = call.forward()
    if not answer.ok:
        return answer
    return answer.with_json({**answer.json, "token": answer.json["token"].removeprefix("pkgreg_v1_")})


def sent_by(*methods: str) -> Callable[[Call], bool]:
    """Return whether an update was sent by one of some methods."""
    return lambda call: call.request.method in methods


def only(when: Callable[[Call], bool], behaviour: Behaviour) -> Behaviour:
    """Restrict a behaviour to some calls."""
    return lambda call: behaviour(call) if when(call) else call.forward()


def with_null(body: Resource, *names: str) -> Resource:
    """Set the properties that were not sent to null."""
    return {**dict.fromkeys(names), **body}


def without_null(body: Resource, *names: str) -> Resource:
    """Leave out properties that are null."""
    return {name: value for name, value in body.items() if value is not None or name not in names}


def refuse_method(call: Call) -> Answer:
    """Answer as if there were no such method."""
    return call.forward().error(405, "Method Not Allowed")


BY_PATCH, BY_PUT = sent_by("PATCH"), sent_by("PUT")

UPDATE = mutants_of(
    "update_registry",
    patch_resets=only(BY_PATCH, sending(with_null, "description", "emoji", "color")),
    put_replaces=only(BY_PUT, sending(with_null, "description", "emoji", "color", "oidc_policy")),
    has_no_patch=only(BY_PATCH, refuse_method),
    has_no_put=only(BY_PUT, refuse_method),
    patch_changes_nothing=only(BY_PATCH, sending(lambda _: {})),
    keeps_emoji=sending(lambda body: {name: value for name, value in body.items() if name != "emoji"}),
    keeps_color=sending(lambda body: {name: value for name, value in body.items() if name != "color"}),
    cannot_clear_emoji=sending(without_null, "emoji"),
    cannot_clear_color=sending(without_null, "color"),
)


def form_changed(**changes: object) -> Behaviour:
    """Return a behaviour that changes members of the form; None drops one."""

    def change(answer: Answer) -> Answer:
        form = {**answer.json["form"], **changes}
        return answer.with_json(
            {**answer.json, "form": {name: each for name, each in form.items() if each is not None}}
        )

    return changed(on, 200, change)


def data_changed(change: Callable[[Resource], Resource]) -> Behaviour:
    """Return a behaviour that changes the fields of the form."""

    def changed_form(answer: Answer) -> Answer:
        form = answer.json["form"]
        return answer.with_json({**answer.json, "form": {**form, "data": change(form["data"])}})

    return changed(on, 200, changed_form)


PRESIGNED = mutants_of(
    "request_presigned_upload",
    without_uri=changed(drop, "uri"),
    without_form=changed(drop, "form"),
    without_url=form_changed(url=None),
    without_method=form_changed(method=None),
    names_another_field=form_changed(file_input="package"),
    gives_data_as_list=form_changed(data=[]),
    has_a_key_without_the_file_name=data_changed(
        lambda data: {**data, "key": data["key"].replace("${filename}", "file")}
    ),
    has_a_wrong_signature=data_changed(lambda data: {**data, "signature": data["signature"][::-1]}),
    gives_one_key=data_changed(lambda data: {**data, "key": "0193a5d4/${filename}"}),
    answers_created=changed(status, 200, 201),
    is_not_found=changed(on, 200, Answer.error, 404, "Not Found"),
)


def is_by_url(call: Call) -> bool:
    """Return whether a call publishes a presigned upload."""
    return b'name="package_url"' in call.request.body


def newest(call: Call, answer: Answer) -> Answer:
    """Answer with the newest package of the registry."""
    listed = shown(call.ask("list_packages", query={"per_page": 1}))
    found = call.ask("get_package", id=listed[0]["id"]) if listed else answer
    return answer.with_status(200).with_json(found.json) if found.ok else answer


def accepted(text: bytes) -> Behaviour:
    """Return a behaviour that accepts a presigned upload which is refused for a reason."""

    def behaviour(call: Call) -> Answer:
        answer = call.forward()
        is_refused = answer.status == 422 and is_by_url(call) and text in answer.body
        return newest(call, answer) if is_refused else answer

    return behaviour


def without_attestations(package: Resource) -> Resource:
    """Lose the attestations of a package."""
    metadata = {name: each for name, each in (package.get("metadata") or {}).items() if name != "attestation_bundle"}
    return {**package, "metadata": metadata}


PUBLISH = mutants_of(
    "publish_package",
    accepts_a_package_url_twice=accepted(b"was used before"),
    refuses_presigned_uploads=only(
        is_by_url, changed(on, 200, Answer.error, 422, "Validation failed: file is missing")
    ),
    presigned_ones_have_digests_of_nothing=only(
        is_by_url, changed(put, "digests", {name: hashlib.new(name).hexdigest() for name in ("sha256", "sha512")})
    ),
    loses_attestations=changed(reshape, without_attestations),
    refuses_attestations=only(
        lambda call: b'name="attestation_bundle"' in call.request.body,
        changed(on, 200, Answer.error, 422, "Validation failed: `attestation_bundle` is unknown"),
    ),
)

GET = mutants_of("get_package", loses_attestations=changed(reshape, without_attestations))


@mutant("publish_package", "A presigned upload of another registry is accepted.")
def publish_package_accepts_uploads_of_other_registries(call: Call) -> Answer:
    answer = call.forward()
    if answer.status == 422 and b"for another registry" in answer.body:
        for slug in slugs(call):
            published = call.forward(
                replace(call.request, path=call.request.path.replace(call.path["registry_slug"], slug))
            )
            if published.ok:
                return published
    return answer
