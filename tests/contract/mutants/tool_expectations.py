"""Texts and headers that Buildkite's own tools and browsers rely on."""

from scripts.contract.mutants import SPEC, Answer, Call, mutant

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
