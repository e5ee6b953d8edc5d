"""Files that are sent past the API and then published, and what is sent beside a file."""

from collections.abc import Mapping
from typing import Any

from scripts.contract.flows.builders import Thing, new_registry, thing, upload
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import FlowClient, operation_place, schema_place
from scripts.samples import packages
from tests.contract.flows.packages import expect_package, same_package

PLACE = operation_place("request_presigned_upload")
URL_PLACE = schema_place("PackagePublish", "package_url")
BUNDLE_PLACE = schema_place("PackagePublish", "attestation_bundle")
FILE_NAME = "${filename}"
ATTESTATIONS = '{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}\n{"dsseEnvelope": {"payload": "e30="}}\n'


def send(api: FlowClient, registry: Thing, file: tuple[str, bytes]) -> str:
    """Send a file by a presigned upload; returns the address to publish it by."""
    answer = thing(api.call("request_presigned_upload", registry["slug"]))
    form = thing(answer.get("form"))
    status = api.send_form(form, file)
    api.true(200 <= status < 300, "a form that takes the file", status, PLACE)
    key = str(thing(form.get("data")).get("key"))
    return f"{str(form.get('url')).rstrip('/')}/{key.replace(FILE_NAME, file[0])}"


def by_url(url: str) -> dict[str, Any]:
    """Make the form that publishes the file of a presigned upload."""
    return {"package_url": (None, url)}


def refuse(api: FlowClient, registry: Thing, files: Mapping[str, Any], why: str) -> None:
    """See that a publish is refused."""
    api.refused("ValidationFailed", "publish_package", registry["slug"], files=files, why=why)


@flow(
    settles=[
        PLACE,
        URL_PLACE,
        *map(schema_place, ("PresignedUpload", "PresignedForm", "PresignedData")),
        schema_place("PresignedData", "key"),
        "A presigned upload is published once.",
    ]
)
def presigned_uploads_are_published(api: FlowClient) -> None:
    """A file that was sent past the API is published like one that is sent with the call, and once."""
    for ecosystem in ("files", "ruby"):
        registry = new_registry(api, ecosystem)
        file = (
            packages.generic(f"banana{api.number()}", "1.0.0")
            if ecosystem == "files"
            else packages.gem(f"banana{api.number()}", "1.0.0")
        )
        url = send(api, registry, file)
        package = thing(api.call("publish_package", registry["slug"], files=by_url(url)))
        expect_package(api, package, registry, file[1], "a presigned upload")
        found = api.call("get_package", registry["slug"], package["id"])
        same_package(api, found, package, "a presigned upload that is looked up")
        refuse(api, registry, by_url(url), "the upload is published already")


@flow(
    settles=[
        "An address that is not that of a presigned upload of the registry is refused.",
        "A presigned upload whose package is refused can be published later.",
    ]
)
def wrong_presigned_uploads_are_refused(api: FlowClient) -> None:
    """A publish names a file that was sent for its registry."""
    registry, other = new_registry(api), new_registry(api)
    file = packages.generic(f"banana{api.number()}", "1.0.0")
    unsent = thing(thing(api.call("request_presigned_upload", registry["slug"])).get("form"))
    key = str(thing(unsent.get("data")).get("key")).replace(FILE_NAME, file[0])
    refuse(api, registry, by_url(f"{str(unsent.get('url')).rstrip('/')}/{key}"), "no file was sent yet")
    for url in ("https://uploads.example.com/banana-1.0.0.txt", "banana-1.0.0.txt", "https://[", ""):
        refuse(api, registry, by_url(url), f"there is no upload at {url!r}")
    url = send(api, registry, file)
    refuse(api, other, by_url(url), "the upload is of another registry")
    refuse(api, registry, {**upload(file), **by_url(url)}, "a call publishes one file")
    first = thing(api.call("publish_package", registry["slug"], files=upload(file)))
    refuse(api, registry, by_url(url), "the registry has the package already")
    api.call("delete_package", registry["slug"], first["id"])
    package = thing(api.call("publish_package", registry["slug"], files=by_url(url)))
    expect_package(api, package, registry, file[1], "a presigned upload after the other package was deleted")


@flow(settles=[BUNDLE_PLACE])
def attestations_are_kept(api: FlowClient) -> None:
    """Attestations that are sent beside a file are shown in the package's metadata; what are none are refused."""
    registry = new_registry(api)
    file = packages.generic(f"banana{api.number()}", "1.0.0")
    bundle = ("attestations.jsonl", ATTESTATIONS.encode())
    files = {**upload(file), "attestation_bundle": bundle}
    package = thing(api.call("publish_package", registry["slug"], files=files))
    for each in (package, thing(api.call("get_package", registry["slug"], package["id"]))):
        metadata = thing(each.get("metadata"))
        api.same(metadata.get("attestation_bundle"), ATTESTATIONS, "the attestations in the metadata", BUNDLE_PLACE)
    for text in ("no JSON", '{"a": 1}\n[]\n', '"text"'):
        other = packages.generic(f"banana{api.number()}", "1.0.0")
        wrong = {**upload(other), "attestation_bundle": ("attestations.jsonl", text.encode())}
        refuse(api, registry, wrong, f"{text!r} is no JSON object in each line")
