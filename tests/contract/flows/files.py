"""Files of sizes and contents at which something might change."""

from collections.abc import Iterable

from scripts.contract.flows.builders import listed, new_registry, publish, summary_of, thing
from scripts.contract.flows.flow import flow
from scripts.contract.flows.flow_client import FlowClient, operation_place
from scripts.samples import packages
from tests.contract.flows.packages import expect_package, same_package

MIB = 1024 * 1024
PARTS = (5, 8, 16)
"""Sizes in MiB at which clients and stores cut a file into parts: S3's smallest part, and usual ones of its clients."""

SIZES = [size for part in PARTS for size in (part * MIB - 1, part * MIB, part * MIB + 1)] + [16 * MIB + 4097]
"""Just below, at and above such a size, and a file of several parts with a rest."""

LIVE_SIZES = (5 * MIB + 1, 16 * MIB + 1)
"""Those that a live run sends, where it may write: two files, 21 MiB in all."""

PATTERN = bytes(range(256)) * (MIB // 256)

CONTENTS = {
    "no byte": b"",
    "one byte": b"a",
    "an end of line at the end": b"text\n",
    "ends of lines of Windows": b"one\r\ntwo\r\n",
    "zeros at the end": b"text\0\0\0",
    "blanks at both ends": b"  text \t",
    "what looks like a boundary": b"one\r\n--two\r\n----\r\n",
    "what is no UTF-8": b"\xff\xfe\xc3\x28",
    "a mark of byte order": b"\xef\xbb\xbftext",
    "a block": PATTERN[: 64 * 1024],
    "a block and a byte": PATTERN[: 64 * 1024 + 1],
    "a mebibyte": PATTERN,
}
"""Bytes that are easily changed on their way."""


def content_of(size: int) -> bytes:
    """Make bytes of which no two parts of a whole number of blocks are the same."""
    blocks = (number.to_bytes(8, "big") + PATTERN[8:65536] for number in range(-(-size // 65536)))
    return b"".join(blocks)[:size]


def check_stored(api: FlowClient, contents: Iterable[tuple[str, bytes]], *, copies: bool) -> None:
    """Publish files, and see that each is found, listed and copied with its digests."""
    registry, other = new_registry(api), new_registry(api)
    made = []
    for what, content in contents:
        file = packages.generic(f"banana{api.number()}", "1.0.0", content)
        package = publish(api, registry, file)
        expect_package(api, package, registry, content, f"a file of {what}")
        found = api.call("get_package", registry["slug"], package["id"])
        same_package(api, found, package, f"a file of {what}")
        if copies:
            to = {"to": other["slug"]}
            copy = thing(api.call("copy_package", registry["slug"], package["id"], params=to))
            expect_package(api, copy, other, content, f"a copy of a file of {what}")
            found = api.call("get_package", other["slug"], str(copy.get("id")))
            same_package(api, found, copy, f"a copy of a file of {what}")
        made.append(package)
    rows = [summary_of(package) for package in reversed(made)]
    api.same(listed(api, registry), rows, "the files in the list", operation_place("list_packages"))


@flow()
def files_of_every_size_are_kept(api: FlowClient) -> None:
    """Files around the sizes at which they are cut into parts are kept whole, and have their own digests."""
    sizes = SIZES if api.target.kind == "emulator" else LIVE_SIZES
    check_stored(api, ((f"{size:,} bytes", content_of(size)) for size in sizes), copies=True)


@flow()
def files_of_every_content_are_kept(api: FlowClient) -> None:
    """A file is kept to the byte, whatever is in it."""
    check_stored(api, CONTENTS.items(), copies=False)
