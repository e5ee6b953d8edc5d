"""The client's methods, by the operations that they call."""

from typing import NamedTuple


class Pages(NamedTuple):
    """Where a page has its items and the address of the next page.

    Attributes:
        items: property with the items.
        links: property with the addresses.
        following: property of those that holds the next page's.
    """

    items: str
    links: str
    following: str


class Method(NamedTuple):
    """A method of the client.

    Attributes:
        resource: the attribute of the client that has it.
        name: its name there.
        publishes: whether it publishes a file.
        presign: operationId of what gives the form by which it may send a file; empty for none.
        documents: fields beside the file that are documents.
        pages: of a list that comes in pages.
    """

    resource: str
    name: str
    publishes: bool = False
    presign: str = ""
    documents: tuple[str, ...] = ()
    pages: Pages | None = None


METHODS = {
    "list_registries": Method(
        "registries",
        "list",
    ),
    "create_registry": Method(
        "registries",
        "create",
    ),
    "get_registry": Method(
        "registries",
        "get",
    ),
    "update_registry": Method(
        "registries",
        "update",
    ),
    "delete_registry": Method(
        "registries",
        "delete",
    ),
    "list_registry_tokens": Method(
        "registry_tokens",
        "list",
    ),
    "create_registry_token": Method(
        "registry_tokens",
        "create",
    ),
    "get_registry_token": Method(
        "registry_tokens",
        "get",
    ),
    "update_registry_token": Method(
        "registry_tokens",
        "update",
    ),
    "delete_registry_token": Method(
        "registry_tokens",
        "delete",
    ),
    "list_packages": Method(
        "packages",
        "list",
        pages=Pages("items", "links", "next"),
    ),
    "publish_package": Method(
        "packages",
        "publish",
        publishes=True,
        presign="request_presigned_upload",
        documents=("attestation_bundle",),
    ),
    "request_presigned_upload": Method(
        "packages",
        "request_presigned_upload",
    ),
    "get_package": Method(
        "packages",
        "get",
    ),
    "delete_package": Method(
        "packages",
        "delete",
    ),
    "copy_package": Method(
        "packages",
        "copy",
    ),
}
"""By operationId."""
