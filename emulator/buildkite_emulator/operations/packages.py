"""Packages."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from buildkite_emulator.api.context import RequestContext, found
from buildkite_emulator.api.presigned_uploads import changed, new_form
from buildkite_emulator.api.uploads import ATTESTATION_BUNDLE, PACKAGE_URL
from buildkite_emulator.errors import Forbidden, NotFound, ValidationFailed
from buildkite_emulator.formats import Contents
from buildkite_emulator.operations.package_pages import choice_of, page_of
from buildkite_emulator.operations.results import (
    PackageListResult,
    PackageResult,
    package_result,
    package_summary_result,
)
from buildkite_emulator.storage.queries import Taken
from buildkite_emulator.storage.rows import NewBlob, PackageColumns, RegistryRow


def publish_package(context: RequestContext) -> PackageResult:
    upload = context.upload
    if upload is None:
        raise LookupError("no file was received")
    if upload.registry_id != context.registry.id:
        raise NotFound("The registry was replaced by another while the file was received")
    columns = package_columns(upload.contents, upload.file_name)
    if upload.attestations is not None:
        columns["metadata"] = {**(columns["metadata"] or {}), ATTESTATION_BUNDLE: upload.attestations}
    if upload.presigned is None:
        field = context.operation.file_field or ""
        return add(context, context.registry, columns, upload.blob["id"], blob=upload.blob, field=field)
    # First, so that the file is not deleted from here on.
    if not context.transaction.presigned_uploads.use(upload.presigned):
        raise changed()
    return add(context, context.registry, columns, upload.blob["id"], field=PACKAGE_URL)


def request_presigned_upload(context: RequestContext) -> Mapping[str, Any]:
    return new_form(context)


def list_packages(context: RequestContext) -> PackageListResult:
    rows, links = page_of(context)
    urls = {relation: page_url(context, choice) for relation, choice in links.items()}
    if urls:
        context.headers["Link"] = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in urls.items())
    return {
        "items": [package_summary_result(row) for row in rows],
        "org_slug": context.organization.slug,
        "registry_slug": context.registry.slug,
        "links": {"self": page_url(context, choice_of(context)), **urls},
    }


def get_package(context: RequestContext) -> PackageResult:
    return package_result(context.organization, context.registry, context.package)


def copy_package(context: RequestContext) -> PackageResult:
    slug, package = context.query["to"], context.package
    if context.registry_slug not in (None, slug):
        raise Forbidden(f"Forbidden: the OIDC token is for the registry {context.registry_slug} alone")
    registry = context.transaction.registries.get(context.organization.id, slug)
    destination = found(registry, "No destination registry found")
    ecosystem = context.emulator.spec.ecosystems[context.registry.ecosystem]
    if not ecosystem.copy:
        copied = ", ".join(each.title for each in context.emulator.spec.ecosystems.values() if each.copy)
        raise ValidationFailed(f"packages of {ecosystem.title} cannot be copied, only those of {copied}")
    if destination.ecosystem != context.registry.ecosystem:
        raise ValidationFailed(
            f"the package is of the ecosystem {context.registry.ecosystem}, and {slug} holds {destination.ecosystem}",
            [("to", "invalid")],
        )
    columns: PackageColumns = {
        "name": package.name,
        "unique_name": package.unique_name,
        "version": package.version,
        "variant": package.variant,
        "file_name": package.file_name,
        "metadata": package.metadata,
    }
    return add(context, destination, columns, package.blob_id, field="to")


def delete_package(context: RequestContext) -> None:
    context.transaction.packages.delete(context.package)


def package_columns(contents: Contents, file_name: str) -> PackageColumns:
    """Make the columns that say what package a file is."""
    return {
        "name": contents.name,
        "unique_name": contents.unique_name or contents.name,
        "version": contents.version,
        "variant": contents.variant or "",
        "file_name": file_name,
        "metadata": dict(contents.metadata),
    }


def add(  # noqa: PLR0913 - what a package is, and whom to tell
    context: RequestContext,
    registry: RegistryRow,
    columns: PackageColumns,
    blob_id: str,
    *,
    blob: NewBlob | None = None,
    field: str,
) -> PackageResult:
    """Add a package to a registry and read it back.

    Args:
        context: of the request.
        registry: where to.
        columns: what the package is.
        blob_id: its blob.
        blob: the blob's columns, where it is new.
        field: the field that is at fault where the registry has the package already.

    Raises:
        ValidationFailed: the registry has it already.
    """
    identity, packages = context.emulator.identity, context.transaction.packages
    now = identity.now()
    package_id = identity.new_id(now)
    try:
        packages.add(
            {**columns, "id": package_id, "registry_id": registry.id, "blob_id": blob_id, "created_at": now}, blob
        )
    except Taken:
        what = " ".join(filter(None, (columns["name"], columns["version"], columns["variant"])))
        reason = f"A package with that name already exists: {registry.slug} already has {what}"
        raise ValidationFailed(reason, [(field, "already_exists")]) from None
    stored = packages.get(registry.id, package_id)
    if stored is None:
        raise LookupError(package_id)
    return package_result(context.organization, registry, stored)


def page_url(context: RequestContext, choice: Mapping[str, Any]) -> str:
    """Make the address of a page of the list that was asked for.

    Args:
        context: of the request.
        choice: the query parameters that choose the page.
    """
    query: dict[str, Any] = {name: context.query[name] for name in ("name", "per_page") if name in context.given}
    query |= choice
    path = context.operation.path.format_map(context.path)
    return f"{context.base_url}{path}{'?' if query else ''}{urlencode(query)}"
