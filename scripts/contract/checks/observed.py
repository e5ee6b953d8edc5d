"""What of the spec a run has seen: answers, parameters, properties."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from buildkite_emulator.spec import Operation, Spec
from buildkite_packages.openapi import Document, Node
from scripts.contract.checks.basis import validator
from scripts.contract.checks.notices import announced
from scripts.contract.http.outgoing_request import read_json
from scripts.contract.target import place_of

MOST_NOTICES = 3
"""Values of a header that are noted for an operation."""


class Observed:
    """Counts what exchanges show of the spec.

    Args:
        spec: the spec.

    Attributes:
        answers: by operationId, how often each status came.
        parameters: by operationId, how often each parameter was sent: ``path.org_slug``, ``query.page``, ``body.name``.
        places: by JSON pointer into the bundle, how often a documented answer, header or property was seen.
        checks: by operationId, how often each check found nothing.
        notices: by operationId, how often each header came by which the API announces its end or warns.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.answers: dict[str, Counter[str]] = defaultdict(Counter)
        self.parameters: dict[str, Counter[str]] = defaultdict(Counter)
        self.places: Counter[str] = Counter()
        self.checks: dict[str, Counter[str]] = defaultdict(Counter)
        self.notices: dict[str, Counter[str]] = defaultdict(Counter)

    @property
    def requests(self) -> int:
        """How many requests were answered."""
        return sum(sum(counts.values()) for counts in self.answers.values())

    def see(  # noqa: PLR0913, PLR0917 - what an exchange is made of
        self, operation_id: str, url: str, body: Any, status: int, headers: Mapping[str, str], content: bytes
    ) -> None:
        """Count an exchange.

        Args:
            operation_id: what was called.
            url: where the request went.
            body: its JSON or form, if it had any.
            status: of the answer.
            headers: of the answer.
            content: of the answer.
        """
        operation = self._spec.operations[operation_id]
        self.answers[operation_id][str(status)] += 1
        sent = [f"path.{name}" for _, name in operation.collections]
        sent += [f"query.{name}" for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
        sent += [f"body.{name}" for name in body] if isinstance(body, dict) else []
        self.parameters[operation_id].update(set(sent))
        self.places.update(set(self._places(operation, status, headers, content)))
        self._notice(operation_id, headers)

    def _notice(self, operation_id: str, headers: Mapping[str, str]) -> None:
        known = self.notices[operation_id]
        for name, text in announced(headers):
            kinds = [each for each in known if each.partition(":")[0] == name]
            whole = f"{name}: {text}"
            if whole not in known and len(kinds) >= MOST_NOTICES:
                whole = kinds[-1]  # one that changes from answer to answer is told often enough
            known[whole] += 1

    def values(self, mask: Callable[[str], str] = str) -> dict[str, Any]:
        """Give all counts as JSON.

        Args:
            mask: takes secrets out of a text that an answer brought.
        """
        notices = {
            name: {mask(text): count for text, count in counts.items()}
            for name, counts in self.notices.items()
            if counts
        }
        return {
            "answers": self.answers,
            "parameters": self.parameters,
            "places": self.places,
            "checks": self.checks,
            "notices": notices,
        }

    def _places(self, operation: Operation, status: int, headers: Mapping[str, str], content: bytes) -> Iterator[str]:
        definitions = self._spec.document["paths"][operation.path][operation.method.lower()]["responses"]
        if str(status) not in definitions:
            return
        place = place_of(operation, "responses", str(status))
        yield place
        place, response = self._followed(place, definitions[str(status)])
        yield place
        for name, header in response.get("headers", {}).items():
            if name in headers:
                yield self._followed(f"{place}/headers/{name}", header)[0]
        for kind, each in response.get("content", {}).items():
            value = read_json(content)
            if value is None:
                return
            yield from self._of_schema(f"{place}/content/{kind.replace('/', '~1')}/schema", each["schema"], value)

    def _of_schema(self, place: str, schema: Any, value: Any) -> Iterator[str]:
        place, schema = self._followed(place, schema)
        yield place
        if isinstance(value, dict):
            for name, below in schema.get("properties", {}).items():
                if name in value:
                    yield f"{place}/properties/{name}"
                    yield from self._of_schema(f"{place}/properties/{name}", below, value[name])
        elif isinstance(value, list) and isinstance(schema.get("items"), dict):
            for each in value:
                yield from self._of_schema(f"{place}/items", schema["items"], each)
        for keyword in ("allOf", "anyOf", "oneOf"):
            for number, below in enumerate(schema.get(keyword, [])):
                branch = f"{place}/{keyword}/{number}"
                if keyword == "allOf" or validator(branch).is_valid(value):
                    yield from self._of_schema(branch, below, value)

    def _followed(self, place: str, value: Any) -> tuple[str, Any]:
        value, place = Document(self._spec.document).follow(Node(value, place))
        return place, value
