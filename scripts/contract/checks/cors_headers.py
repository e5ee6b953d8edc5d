"""The headers that let pages of other sites read an answer."""

from collections.abc import Iterable, Iterator, Mapping

from buildkite_emulator.spec import Spec

SPEC = Spec.load()


def wrong_cors_headers(headers: Mapping[str, str], promised: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find the `Access-Control-` headers of an answer that are not what the spec has as their example.

    Args:
        headers: of the answer, by names in any case.
        promised: names of the headers that the spec lists for the answer.

    Yields:
        the name of a header, and what it should be.
    """
    for name in promised:
        if name.startswith("Access-Control-") and headers.get(name) != SPEC.header_example(name):
            yield name, f"{name}: {SPEC.header_example(name)}"
