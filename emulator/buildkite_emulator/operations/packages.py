"""Packages."""

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Row

from buildkite_emulator.api.context import Call, found
from buildkite_emulator.errors import NotFound, ValidationFailed
from buildkite_emulator.formats import Contents
from buildkite_emulator.storage.transaction import Taken


def publish_package(call: Call) -> Any:
    upload = call.upload
    if upload is None:
        raise LookupError("no file was received")
    if upload.registry_id != call.registry.id:
        raise NotFound("The registry was replaced by another while the file was received")
    row = new_package(call, call.registry) | columns(upload.contents, upload.file_name) | {"blob_id": upload.blob["id"]}
    return add(call, call.registry, row, upload.blob, field=call.operation.file_field)


def list_packages(call: Call) -> Any:
    name, page, per_page = (call.query[parameter] for parameter in ("name", "page", "per_page"))
    total, rows = call.transaction.list_packages(call.registry.id, name, (page - 1) * per_page, per_page)
    last = max(1, -(-total // per_page))
    pages = {"first": 1, "prev": min(page - 1, last), "next": page + 1, "last": last} if last > 1 or page > 1 else {}
    if page == 1:
        pages.pop("prev", None)
    if page >= last:
        pages.pop("next", None)
    links = {relation: page_url(call, number) for relation, number in pages.items()}
    if links:
        call.headers["Link"] = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in links.items())
    return {
        "items": [shown(row._asdict()) for row in rows],
        "org_slug": call.organization.slug,
        "registry_slug": call.registry.slug,
        "links": {"self": page_url(call, page if "page" in call.given else None), **links},
    }


def get_package(call: Call) -> Any:
    return values(call, call.registry, call.package)


def copy_package(call: Call) -> Any:
    slug = call.query["to"]
    destination = found(call.transaction.registry(call.organization.id, slug), "No destination registry found")
    ecosystem = call.emulator.spec.ecosystems[call.registry.ecosystem]
    if not ecosystem.copy:
        copied = ", ".join(each.title for each in call.emulator.spec.ecosystems.values() if each.copy)
        raise ValidationFailed(f"packages of {ecosystem.title} cannot be copied, only those of {copied}")
    if destination.ecosystem != call.registry.ecosystem:
        raise ValidationFailed(
            f"the package is of the ecosystem {call.registry.ecosystem}, and {slug} holds {destination.ecosystem}",
            [("to", "invalid")],
        )
    kept = ("name", "unique_name", "version", "variant", "file_name", "blob_id", "metadata")
    row = new_package(call, destination) | {name: getattr(call.package, name) for name in kept}
    return add(call, destination, row, None, field="to")


def delete_package(call: Call) -> Any:
    call.transaction.delete_package(call.package)


def columns(contents: Contents, file_name: str) -> dict[str, Any]:
    """Make the columns that say what package a file is."""
    return {
        "name": contents.name,
        "unique_name": contents.unique_name or contents.name,
        "version": contents.version,
        "variant": contents.variant or "",
        "file_name": file_name,
        "metadata": dict(contents.metadata),
    }


def new_package(call: Call, registry: Row[Any]) -> dict[str, Any]:
    """Begin the row of a package."""
    now = call.emulator.identity.now()
    return {"id": call.emulator.identity.new_id(now), "registry_id": registry.id, "created_at": now}


def add(call: Call, registry: Row[Any], row: dict[str, Any], blob: Any, field: str | None) -> dict[str, Any]:
    """Add a package to a registry and read it back.

    Args:
        call: the call.
        registry: where to.
        row: the package's columns.
        blob: columns of its blob, where that is new.
        field: the field that is at fault where the registry has the package already.

    Raises:
        ValidationFailed: the registry has it already.
    """
    try:
        call.transaction.add_package(row, blob)
    except Taken:
        what = " ".join(filter(None, (row["name"], row["version"], row["variant"])))
        raise ValidationFailed(f"{registry.slug} already has {what}", [(field or "", "already_exists")]) from None
    stored = call.transaction.package(registry.id, row["id"])
    if stored is None:
        raise LookupError(row["id"])
    return values(call, registry, stored)


def page_url(call: Call, page: int | None) -> str:
    """Make the address of a page of the list that was asked for."""
    query: dict[str, Any] = {name: call.query[name] for name in ("name", "per_page") if name in call.given}
    if page is not None:
        query["page"] = page
    path = call.operation.path.format_map(call.path)
    return f"{call.base_url}{path}{'?' if query else ''}{urlencode(query)}"


def shown(package: dict[str, Any]) -> dict[str, Any]:
    """Add to the columns of a package what is made of them alone."""
    package["variant"] = package["variant"] or None
    package["digests"] = {"sha256": package["sha256"], "sha512": package["sha512"]}
    return package


def values(call: Call, registry: Row[Any], row: Row[Any]) -> dict[str, Any]:
    """Collect what the answer shows of a package."""
    return {
        **shown(row._asdict()),
        "org_slug": call.organization.slug,
        "registry_slug": registry.slug,
        "organization": call.organization._asdict(),
        "registry": registry._asdict(),
    }
