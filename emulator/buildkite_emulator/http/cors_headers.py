"""The headers that let pages of other sites read an answer in a browser, as the service sends them with each one.

They let nobody in: `hosts` refuses what such pages send here, unless `--allow-host` admits them.
"""

from buildkite_emulator.spec import Spec

NAMES = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers")


def cors_headers(spec: Spec) -> list[tuple[bytes, bytes]]:
    """Write them as ASGI has headers; their values are the examples of the spec."""
    return [(name.lower().encode(), spec.header_example(name).encode()) for name in NAMES]
