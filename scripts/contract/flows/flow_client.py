"""Calls operations for a hand-written flow, and looks at every answer.

What an answer must be whatever the flow is about (`buildkite_packages.drift`, the rate-limit headers) is checked here;
what it must be because of what went before, the flow says.
"""

import contextlib
import json
import re
import shlex
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

import httpx

from buildkite_emulator.spec import Spec
from buildkite_packages.drift.checker import shared
from buildkite_packages.http.masking import LONG
from scripts.contract.checks.answered import Answered, Source, source_of
from scripts.contract.checks.basis import of_acceptance, of_refusal, of_value
from scripts.contract.checks.cors_headers import wrong_cors_headers
from scripts.contract.checks.differences import difference, identical, quoted
from scripts.contract.checks.rate_limit_headers import wrong_rate_limit_headers
from scripts.contract.http.errors import READABLE, TRANSPORT, LostWrite
from scripts.contract.http.outgoing_request import Refused, read_json
from scripts.contract.recorder import Recorder, body_of
from scripts.contract.results import Finding
from scripts.contract.target import Target, path_of, place_of
from scripts.traffic.redaction import tells

SPEC = Spec.load()
CHECKER = shared()
LONGEST = 2000
"""Characters of an answer that a finding quotes."""

VALUES = frozenset({"const", "default", "enum", "example", "examples", "value"})
"""Keywords of the spec below which values stand."""


class FlowEnded(Exception):
    """A flow cannot go on, because what it needs did not come. The finding is made already."""


class NoAnswer(Exception):
    """The API could not be reached."""


class Answer:
    """An answer of the API.

    Attributes:
        status: its status.
        headers: its headers.
        text: its body.
        links: addresses of its `Link` header, by relation.
        json: its body as JSON; None where it is none.
    """

    def __init__(self, response: httpx.Response, source: Source | None = None) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.text = response.text
        self.links = {relation: link["url"] for relation, link in response.links.items() if "url" in link}
        self.json: Any = read_json(response.content, object_hook=lambda members: Answered(members, source))


class Lent(httpx.BaseTransport):
    """A transport that stays open when a client that it was lent to is closed.

    Args:
        transport: what sends the requests.
    """

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        return self._transport.handle_request(request)


class FlowClient:
    """The calls of one flow.

    Args:
        target: the API.
        client: sends the requests; has the base URL.
        recorder: is told of each request and each finding.
        unit: name of the unit of the run that the flow is.
        settings: what another `httpx.Client` needs to take the same way to the API.

    Attributes:
        operation: operationId of the last request; None before the first.
        unsent: how many requests were not sent, because they might have changed what is not the run's own.
    """

    def __init__(
        self,
        target: Target,
        client: httpx.Client,
        recorder: Recorder,
        unit: str,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.target = target
        self.recorder = recorder
        self._client = client
        self._settings = dict(settings or {})
        self._unit = unit
        self._steps: list[str] = []
        self._sent: list[tuple[str, Any, Any]] = []
        self._made: list[str] = []
        self._date: str | None = None
        self.operation: str | None = None
        self.unsent = 0

    def client_settings(self) -> dict[str, Any]:
        """Give the arguments with which another httpx client takes the way to the API that this one takes."""
        return {name: Lent(value) if name == "transport" else value for name, value in self._settings.items()}

    def name(self, of: str = "registry") -> str:
        """Make the name of a registry that no other has."""
        return f"{self.target.prefix} {self._unit.rpartition(' ')[2].replace('_', ' ')} {of} {self.number()}"

    def number(self) -> int:
        """Count up."""
        return self.recorder.number()

    def send(
        self,
        operation_id: str,
        *path: str,
        organization: str | None = None,
        method: str | None = None,
        token: str | None = "",
        authorization: str | None = None,
        **arguments: Any,
    ) -> Answer:
        """Call an operation, whatever comes of it; the answer is checked against the spec.

        Args:
            operation_id: as in the spec.
            path: the path parameters after the organization, in order.
            organization: another organization than the target's.
            method: an alias of the operation's method.
            token: another access token than the target's; None for none at all.
            authorization: a whole Authorization header in its place.
            arguments: what `httpx.Client.build_request` takes: `json`, `files`, `params`, `content`, `headers`.

        Raises:
            NoAnswer: there was none.
        """
        operation = SPEC.operations[operation_id]
        names = [name for _, name in operation.collections]
        parts = (self.target.organization if organization is None else organization, *path)
        return self._exchange(
            operation_id,
            method or operation.method,
            operation.path.format_map(dict(zip(names, parts, strict=True))),
            token=token,
            authorization=authorization,
            **arguments,
        )

    def send_form(self, form: Mapping[str, Any], file: tuple[str, bytes]) -> int:
        """Send a file with the form of a presigned upload, and without the access token.

        Args:
            form: what the API has answered: `url`, `data` and `file_input`.
            file: the file's name and its bytes.

        Returns:
            the status of the answer.

        Raises:
            NoAnswer: there was none.
        """
        data = form.get("data")
        fields = {name: (None, str(value)) for name, value in data.items()} if isinstance(data, dict) else {}
        files = {**fields, str(form.get("file_input")): file}
        arguments: dict[str, Any] = {"files": files}
        url = httpx.URL(self.target.base_url).join(str(form.get("url")))
        with httpx.Client() as elsewhere:  # a live API's forms go to a store, past the guard
            client = self._client if self.target.kind == "emulator" else elsewhere
            request = client.build_request("POST", url, **arguments)
            self._steps.append(self.masked(curl(request, self.target, arguments)))
            self._sent.append(("", None, None))
            try:
                return client.send(request).status_code
            except httpx.RequestError as error:
                raise NoAnswer(f"POST {request.url.path}: {error or type(error).__name__}") from None

    def visit(self, operation_id: str, url: str) -> Answer:
        """Get what an address leads to, given without its host, as a call of an operation."""
        return self._exchange(operation_id, "GET", url)

    def follow(self, operation_id: str, url: str) -> Any:
        """Do as `visit`, and want a success; returns its JSON.

        Raises:
            FlowEnded: it does not succeed.
        """
        answer = self.visit(operation_id, url)
        return self._wanted(answer, operation_id, SPEC.operations[operation_id].success)

    def call(self, operation_id: str, *path: str, **arguments: Any) -> Any:
        """Call an operation that must succeed; returns its JSON, or None where it has none.

        Args:
            operation_id: as in the spec.
            path: the path parameters after the organization, in order.
            arguments: as `send` takes them.

        Raises:
            FlowEnded: it does not succeed.
            NoAnswer: there was no answer.
        """
        answer = self.send(operation_id, *path, **arguments)
        return self._wanted(answer, operation_id, SPEC.operations[operation_id].success)

    def refused(self, error: str, operation_id: str, *path: str, why: str, **arguments: Any) -> Answer:
        """Call an operation that must be refused; the flow goes on if it is not.

        Args:
            error: name of the response component, such as ``NotFound``.
            operation_id: as in the spec.
            path: the path parameters after the organization, in order.
            why: why it must be refused, to follow "because".
            arguments: as `send` takes them.

        Raises:
            NoAnswer: there was no answer.
        """
        status = SPEC.operations[operation_id].errors[error]
        try:
            answer = self.send(operation_id, *path, **arguments)
        except Refused:  # a live run does not try; whether the API would refuse it stays open
            self.unsent += 1
            return Answer(httpx.Response(status))
        if answer.status != status:
            self.found(
                "refusal",
                f"{status}, because {why}",
                described(answer),
                place=f"{operation_place(operation_id)}/responses/{status}",
                basis=of_refusal(operation_id, *self._sent[-1][1:]),
            )
        return answer

    def same(self, received: Any, expected: Any, what: str, place: str) -> bool:
        """Compare two values; the flow goes on.

        Args:
            received: of the answer.
            expected: what it should be.
            what: what the value is, as the beginning of a sentence: "the description after an update".
            place: JSON pointer into the bundle of what says so.

        Returns:
            whether they are the same, of the same types.
        """
        if identical(received, expected):
            self.recorder.passed(self.operation, "value")
            return True
        wanted, came = difference(expected, received)
        basis = of_value([(operation, body) for operation, body, _ in self._sent], expected, place)
        self.found("value", f"{what}: {wanted}", came, place=place, basis=basis, about=received)
        return False

    def true(self, is_so: bool, expected: str, received: Any, place: str) -> bool:  # noqa: FBT001 - the point of it
        """Look whether something is so; the flow goes on.

        Args:
            is_so: whether it is.
            expected: what should be, as a sentence.
            received: what is.
            place: JSON pointer into the bundle of what says so.
        """
        if is_so:
            self.recorder.passed(self.operation, "value")
        else:
            self.found("value", expected, shown(received), place=place, about=received)
        return is_so

    def found(  # noqa: PLR0913 - what a finding is made of
        self,
        check: str,
        expected: str,
        received: str,
        place: str,
        *,
        basis: str | None = None,
        about: Any = None,
        operation: str | None = None,
    ) -> None:
        """Write a finding down.

        Args:
            check: name of the check.
            expected: what should be.
            received: what is.
            place: JSON pointer into the bundle of what says so.
            basis: JSON pointer to what of the request the expectation rests on; None where that is `place`.
            about: the value of an answer that it is about, or the request; else it is about the last request.
            operation: the operationId, where that request was not sent by this client.
        """
        source = about if isinstance(about, Source) else source_of(about)
        number = source.number if source else len(self._steps) - 1
        self.recorder.found(
            Finding(
                check=check,
                unit=self._unit,
                operation=operation or (source.operation if source else self.operation),
                expected=shortened(self.masked(expected)),
                received=shortened(self.masked(received)),
                place=place,
                curl=self.masked(self._steps[number]) if self._steps else "",
                steps=tuple(map(self.masked, self._steps[:number])) if self._steps else (),
                number=self.recorder.requests,
                basis=basis or "",
            )
        )

    def clock(self) -> datetime:
        """Tell the time by the clock of the API: an emulator's own, which may be set, or that of the last answer.

        Raises:
            NoAnswer: there was none, or it does not tell.
        """
        try:
            if self.target.kind == "emulator":
                return datetime.fromisoformat(self._client.get("/_emulator/clock").json()["time"])
            return parsedate_to_datetime(self._date or "")
        except (httpx.TransportError, ValueError, KeyError) as error:
            raise NoAnswer(f"the time of the API is unknown: {error or type(error).__name__}") from None

    def saw(self, place: str) -> None:
        """Count a place in the bundle as seen, which no answer shows by itself."""
        self.recorder.observed.places[place] += 1

    def clean(self) -> None:
        """Delete the registries that the flow made, so that the lists of later ones are short; what is gone is gone."""
        operation = SPEC.operations["delete_registry"]
        for slug in self._made:
            path = path_of(operation, self.target.organization, slug)
            with contextlib.suppress(httpx.RequestError, Refused):  # a guard that refuses has told why
                self._client.request(operation.method, path, headers={"Authorization": f"Bearer {self.target.token}"})

    def masked(self, text: str) -> str:
        """Put asterisks in place of every secret that is known."""
        return self.recorder.masked(text)

    def _wanted(self, answer: Answer, operation_id: str, status: int) -> Any:
        if answer.status == status:
            return answer.json
        self.found(
            "success",
            f"{status}, as the request is right",
            described(answer),
            place=operation_place(operation_id),
            basis=of_acceptance(operation_id, self._sent[-1][1], answer.json),
        )
        raise FlowEnded

    def _exchange(  # noqa: PLR0913 - as `send`
        self,
        operation_id: str,
        method: str,
        url: str,
        *,
        token: str | None = "",
        authorization: str | None = None,
        headers: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> Answer:
        sent = dict(headers or {})
        if authorization is not None:
            sent["Authorization"] = authorization
        elif token is not None:
            sent["Authorization"] = f"Bearer {token or self.target.token}"
        request = self._client.build_request(method, url, headers=sent, **arguments)
        self.operation = operation_id
        source = Source(operation_id, len(self._steps))
        self._steps.append(self.masked(curl(request, self.target, arguments)))
        self._sent.append((operation_id, body_of(arguments), arguments.get("params")))
        try:
            response = self._client.send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, LostWrite) as error:
            raise NoAnswer(f"{method} {request.url.path}: {error or type(error).__name__}") from None
        except httpx.RequestError as error:  # it can be reached, so that this is what it answers
            received = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self.found(TRANSPORT, READABLE, received, operation_place(operation_id))
            raise FlowEnded from None
        answer = Answer(response, source)
        self._date = answer.headers.get("Date", self._date)
        secrets = {*self.recorder.secrets, *self.target.scoped.values()}
        known = {secret for secret in secrets if not is_common(secret, str(request.url))}
        self.recorder.learn(answer.json, answer.text)  # first, so that no finding shows what the answer itself brings
        self._see_secrets(response, known)
        if operation_id == "create_registry" and response.is_success and isinstance(answer.json, dict):
            self._made += [slug for slug in [answer.json.get("slug")] if isinstance(slug, str)]
        self.recorder.saw(operation_id, request, response, body_of(arguments))
        drifts = CHECKER.check(
            method,
            str(request.url),
            response.status_code,
            response.headers,
            response.content,
            operation=operation_id,
            mask=self.masked,
        )
        for drift in drifts:
            self.found(drift.kind, f"{drift.where or 'the answer'}: {drift.expected}", drift.received, drift.spec)
        if not drifts:
            self.recorder.passed(operation_id, "answer")
        self._see_common_headers(operation_id, answer)
        self._see_charset(operation_id, answer)
        if answer.status == SPEC.operations[operation_id].success:
            self._see_newness(operation_id, url, answer)
        forbidden = SPEC.operations[operation_id].errors["Forbidden"]
        if self.target.kind == "live" and answer.status == forbidden and token == "" and authorization is None:
            needed = " or ".join(" and ".join(sorted(each)) for each in SPEC.operations[operation_id].scopes)
            raise NoAnswer(f"{operation_id} is forbidden; a token that has the scope {needed} is needed")
        return answer

    def _see_secrets(self, response: httpx.Response, known: Collection[str]) -> None:
        """No answer repeats an access token, nor the secret of a registry token after the answer to its creation."""
        told = [response.text, *(value for _, value in response.headers.multi_items())]
        if any(tells(text, secret) for text in told for secret in known):
            place = "#/components/securitySchemes/bearer"
            self.found("secret", "an answer without any secret that is known already", "\n".join(told), place)

    def _see_newness(self, operation_id: str, url: str, answer: Answer) -> None:
        """What an operation makes has an ID, a slug and a secret that nothing else has."""
        known = self.recorder.known
        if operation_id.startswith("delete_"):
            known.forget(operation_id, unquote(url.rpartition("/")[2]))
            return
        for name, value, place in known.see(operation_id, answer.json):
            expected = f"{name}: one that nothing else has, as {operation_id} makes something new"
            self.found("newness", expected, f"{quoted(value)}, which another has", place)

    def _see_charset(self, operation_id: str, answer: Answer) -> None:
        """JSON is in UTF-8 (RFC 8259, section 8.1), and no answer says that it is in anything else."""
        told = re.search(r"charset\s*=\s*\"?([^\s\";]+)", answer.headers.get("Content-Type", ""), re.IGNORECASE)
        if told and told[1].lower() not in {"utf-8", "utf8"}:
            place = operation_place(operation_id, "responses")
            self.found("content_type", "JSON in UTF-8", f"Content-Type: {answer.headers['Content-Type']}", place)

    def _see_common_headers(self, operation_id: str, answer: Answer) -> None:
        """Every answer says how its caller stands with the rate limits, and lets pages of other sites read it."""
        response = SPEC.responses(SPEC.operations[operation_id]).get(str(answer.status))
        if response is None:
            return  # which is found already
        checks = {"rate_limit_headers": wrong_rate_limit_headers, "cors_headers": wrong_cors_headers}
        for check, wrong_headers in checks.items():
            for name, expected in wrong_headers(answer.headers, response.get("headers", {})):
                received = f"{name}: {answer.headers[name]}" if name in answer.headers else "an answer without it"
                self.found(check, expected, received, f"#/components/headers/{name}")


@cache
def spec_words() -> frozenset[str]:
    """List the short texts that the spec shows as values."""
    found: set[str] = set()
    waiting: list[tuple[Any, bool]] = [(SPEC.document, False)]
    while waiting:
        value, is_shown = waiting.pop()
        if isinstance(value, dict):
            waiting += [(child, is_shown or name in VALUES) for name, child in value.items()]
        elif isinstance(value, list):
            waiting += [(child, is_shown) for child in value]
        elif is_shown and isinstance(value, str) and len(value) < LONG:
            found.add(value)
    return frozenset(found)


def is_common(secret: str, url: str) -> bool:
    """Tell whether a secret is a word that an answer may well have: a value in the spec, or a part of the address."""
    return len(secret) < LONG and (secret in spec_words() or secret in re.split(r"[/?&=:]+", url))


def operation_place(operation_id: str, *below: str, method: str | None = None) -> str:
    """Point at an operation in the bundle, or at what is below it.

    Args:
        operation_id: as in the spec.
        below: the keys that lead on from there.
        method: an alias of the operation's method.
    """
    return place_of(SPEC.operations[operation_id], *below, method=method)


def schema_place(schema: str, name: str | None = None) -> str:
    """Point at a schema in the bundle, or at a property of it.

    Raises:
        KeyError: there is none.
    """
    found = SPEC.schema(schema)
    if name is None:
        return f"#/components/schemas/{schema}"
    if name not in found["properties"]:
        raise KeyError(f"{schema} has no property {name}")
    return f"#/components/schemas/{schema}/properties/{name}"


def ecosystem_place(number: int) -> str:
    """Point at one of the ecosystems that the spec lists, counted from 0."""
    return f"{schema_place('Ecosystem')}/x-ecosystems/{number}"


def shown(value: Any) -> str:
    """Write a value for people, a text in quotes."""
    return json.dumps(value, ensure_ascii=False)


def shortened(text: str) -> str:
    """Cut a text that is too long, and say how long it is. What is secret is taken out before: half is not found."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def described(answer: Answer) -> str:
    """Write an answer for people."""
    kind = answer.headers.get("Content-Type", "no content type")
    return (
        f"{answer.status} with {kind}: {shortened(answer.text)}" if answer.text else f"{answer.status} without a body"
    )


def curl(request: httpx.Request, target: Target, arguments: Mapping[str, Any]) -> str:
    """Write a request as a command.

    Args:
        request: the request.
        target: whose address and token are named by environment variables.
        arguments: that the request was built with; of its files only the names are given.
    """
    parts = ["curl", "-X", request.method]
    quote: Callable[[str], str] = shlex.quote
    for name, value in request.headers.multi_items():
        if name == "authorization":
            told = value == f"Bearer {target.token}"
            parts += [
                "-H",
                '"Authorization: Bearer $BUILDKITE_API_TOKEN"' if told else quote(f"Authorization: {value}"),
            ]
        elif name == "content-type" and "files" not in arguments:
            parts += ["-H", quote(f"Content-Type: {value}")]
    if "files" in arguments:
        for field, (name, content, *_) in arguments["files"].items():
            option, value = ("--form-string", content) if name is None else ("-F", upload(name))
            parts.append(f"{option} {quote(f'{field}={value}')}")
    elif "json" in arguments or "content" in arguments:
        parts += ["--data-raw", quote(request.read().decode("utf-8", "backslashreplace"))]
    address = str(request.url).removeprefix(target.base_url.rstrip("/"))
    is_elsewhere = address.startswith(("http:", "https:"))
    return " ".join([*parts, "--globoff", "--path-as-is", quote(address) if is_elsewhere else at_endpoint(address)])


def at_endpoint(address: str) -> str:
    """Write an address below the one that an environment variable names, as a word for a shell."""
    inside = address.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`").replace("$", "\\$")
    inside = inside.replace("!", "%21")  # which a shell reads as one's last commands, also in quotes
    return f'"$BUILDKITE_REST_API_ENDPOINT{inside}"'


def upload(name: str) -> str:
    """Write what curl sends as a file: the one of that name, or where the name is a path or odd, one called `FILE`."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+~-]*", name):
        return f"@{name}"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'@FILE;filename="{quoted}"'
