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

EXAMPLES = 10
"""Of each operation, where requests are dear."""


OPTIONS = ("WRITE", "RATE", "RESUME", "ONLY", "SHARD", "MAX_EXAMPLES", "SEED", "SETTLED", "RESULTS")
"""Further variables of a live run."""


class BadLiveSetting(Exception):
    """An environment variable is missing or cannot be right. The message says what would be."""


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
        BadLiveSetting: one is missing, set and empty, or cannot be right.
    """
    spec = Spec.load()
    single = {scope: f"{TOKEN_VARIABLE}_{scope.upper()}" for scope in sorted(spec.scopes)}
    for name in (TOKEN_VARIABLE, ORGANIZATION, ENDPOINT, *single.values(), *OPTIONS):
        if not environment.get(name, "set").strip():
            raise BadLiveSetting(f"{name} is set and empty; give it a value, or do not set it")
    missing = [name for name in (TOKEN_VARIABLE, ORGANIZATION) if name not in environment]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise BadLiveSetting(
            f"{' and '.join(missing)} {verb} missing; a live run needs an API access token in {TOKEN_VARIABLE} "
            f"and the slug of its organization in {ORGANIZATION}"
        )
    organization = environment[ORGANIZATION]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", organization):
        raise BadLiveSetting(f"{ORGANIZATION} is {organization[:100]!r}; it should be a slug, such as my-org")
    for name in (TOKEN_VARIABLE, *single.values()):
        if environment.get(name) and (fault := Token.of(environment[name]).fault()):
            raise BadLiveSetting(f"{name} {fault}; it should be an API access token")
    return LiveSettings(
        endpoint=endpoint(environment.get(ENDPOINT) or spec.document["servers"][0]["url"]),
        organization=organization,
        token=environment[TOKEN_VARIABLE],
        scoped={frozenset({scope}): environment[name] for scope, name in single.items() if environment.get(name)},
        writes=switch(environment, "WRITE", default=False),
        per_minute=number(environment, "RATE", PER_MINUTE),
        max_examples=whole(environment, "MAX_EXAMPLES", 1) or EXAMPLES,
        seed=whole(environment, "SEED"),
        resumes=switch(environment, "RESUME", default=True),
        settled=number(environment, "SETTLED", SETTLED),
        reports=Path(environment.get("RESULTS") or ROOT / "reports"),
    )


def endpoint(text: str) -> str:
    """Read the address of the API.

    Raises:
        BadLiveSetting: it is none, or would show the token to the network.
    """
    try:
        check_address(text, allow_http=True)
    except ConfigurationError as error:
        raise BadLiveSetting(str(error).replace("base_url", ENDPOINT)) from None
    url = httpx.URL(text)
    if url.path.strip("/"):
        raise BadLiveSetting(f"{ENDPOINT} is {text!r}; it should have no path, as the spec's paths are whole")
    if url.scheme == "http" and not is_loopback(url.host):
        raise BadLiveSetting(f"{ENDPOINT} is {text!r}; plain http would show the token to the network, so use https")
    return f"{url.scheme}://{url.netloc.decode()}"


def switch(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    """Read a variable that is 1 or 0.

    Raises:
        BadLiveSetting: it is something else.
    """
    text = environment.get(name)
    if text not in (None, "0", "1"):
        raise BadLiveSetting(f"{name} is {str(text)[:50]!r}; it should be 1 or 0")
    return default if text is None else text == "1"


def number(environment: Mapping[str, str], name: str, default: float) -> float:
    """Read a variable that is a number above 0.

    Raises:
        BadLiveSetting: it is something else.
    """
    text = environment.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text) or not float(text):
        raise BadLiveSetting(f"{name} is {text[:50]!r}; it should be a number above 0")
    return float(text)


def whole(environment: Mapping[str, str], name: str, least: int = 0) -> int | None:
    """Read a variable that is a whole number; None where there is none.

    Raises:
        BadLiveSetting: it is something else, or less than `least`.
    """
    text = environment.get(name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,18}", text) or int(text) < least:
        raise BadLiveSetting(f"{name} is {text[:50]!r}; it should be a whole number from {least}")
    return int(text)
