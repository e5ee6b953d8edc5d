"""What the environment says of a live run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from buildkite_emulator.spec import Spec
from buildkite_packages.client import check_address, is_loopback
from buildkite_packages.environment import ENDPOINT, ORGANIZATION
from buildkite_packages.environment import TOKEN as TOKEN_VARIABLE
from buildkite_packages.errors import ConfigurationError
from buildkite_packages.http.credentials import Token
from scripts import ROOT
from scripts.contract.live.cleanup import SETTLED
from scripts.contract.live.pace import PER_MINUTE
from scripts.contract.settings import BadSetting, positive, switch, text_of, whole, wrong

EXAMPLES = 10
"""Of each operation, where requests are dear."""


@dataclass(frozen=True)
class LiveSettings:
    """The settings of a live run.

    Attributes:
        endpoint: scheme and host of the API.
        organization: slug of the organization.
        token: the access token.
        scoped: access tokens that have one scope only, by that.
        writes: whether the run may make registries of its own.
        per_minute: requests a minute.
        max_examples: of each operation.
        seed: what the fuzzer makes follows from it; None for any.
        resumes: whether to go on with a run that was stopped.
        settled: seconds after which a request that nobody answered has done what it does.
        reports: folder of the reports.
    """

    endpoint: str
    organization: str
    token: str = field(repr=False)
    scoped: Mapping[frozenset[str], str] = field(default_factory=dict, repr=False)
    writes: bool = False
    per_minute: float = PER_MINUTE
    max_examples: int = EXAMPLES
    seed: int | None = None
    resumes: bool = True
    settled: float = SETTLED
    reports: Path = ROOT / "reports"

    @property
    def folder(self) -> Path:
        """Where a live run keeps what it must not lose."""
        return self.reports / "live"


def read_settings(environment: Mapping[str, str]) -> LiveSettings:
    """Read the settings of a live run.

    Args:
        environment: the environment variables.

    Raises:
        BadSetting: one is missing, set and empty, or cannot be right.
    """
    spec = Spec.load()
    single = {scope: f"{TOKEN_VARIABLE}_{scope.upper()}" for scope in sorted(spec.scopes)}
    tokens = {name: text_of(environment, name, "an API access token") for name in (TOKEN_VARIABLE, *single.values())}
    organization = text_of(environment, ORGANIZATION, "a slug, such as my-org")
    token = tokens[TOKEN_VARIABLE]
    if token is None or organization is None:
        missing = [name for name in (TOKEN_VARIABLE, ORGANIZATION) if name not in environment]
        raise BadSetting(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; a live run needs an API access "
            f"token in {TOKEN_VARIABLE} and the slug of its organization in {ORGANIZATION}"
        )
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", organization):
        raise wrong(ORGANIZATION, "a slug, such as my-org", organization)
    for name, value in tokens.items():
        if value is not None and (fault := Token.of(value).fault()):
            raise BadSetting(f"{name} {fault}; it should be an API access token")
    return LiveSettings(
        endpoint=endpoint(
            text_of(environment, ENDPOINT, "the address of the API") or spec.document["servers"][0]["url"]
        ),
        organization=organization,
        token=token,
        scoped={frozenset({scope}): value for scope, name in single.items() if (value := tokens[name])},
        writes=switch(environment, "WRITE"),
        per_minute=positive(environment, "RATE", "a number of requests a minute above 0") or PER_MINUTE,
        max_examples=whole(environment, "MAX_EXAMPLES", 1) or EXAMPLES,
        seed=whole(environment, "SEED"),
        resumes=switch(environment, "RESUME", default=True),
        settled=positive(environment, "SETTLED", "a number of seconds above 0") or SETTLED,
        reports=Path(text_of(environment, "RESULTS", "a folder") or ROOT / "reports"),
    )


def endpoint(text: str) -> str:
    """Read the address of the API.

    Raises:
        BadSetting: it is none, or would show the token to the network.
    """
    try:
        check_address(text, allow_http=True)
    except ConfigurationError as error:
        raise BadSetting(str(error).replace("base_url", ENDPOINT)) from None
    url = httpx.URL(text)
    if url.path.strip("/"):
        raise BadSetting(f"{ENDPOINT} is {text!r}; it should have no path, as the spec's paths are whole")
    if url.scheme == "http" and not is_loopback(url.host):
        raise BadSetting(f"{ENDPOINT} is {text!r}; plain http would show the token to the network, so use https")
    return f"{url.scheme}://{url.netloc.decode()}"
