"""What `PackageRegistries` and `AsyncPackageRegistries` have in common."""

import os
from collections.abc import Mapping
from typing import Any, Self, Unpack

import httpx

from .agent import AgentToken
from .client import AuthenticatedClient
from .environment import VARIABLES
from .errors import ConfigurationError
from .http.credentials import Token, TokenSource
from .http.retries import Retry
from .settings import EnvironmentSettings, Settings
from .spec import SERVER

EXPECTED = {
    "token": "an API access token",
    "organization": "the organization's slug",
    "base_url": "the address of the API, or not set at all for the service itself",
}
"""What the variable of each setting should be."""

REQUIRED = ("token", "organization")


class Facade:
    """The API of one organization."""

    def __init__(
        self,
        token: str | Token | TokenSource,
        organization: str,
        *,
        base_url: str = SERVER,
        **settings: Unpack[Settings],
    ) -> None:
        """Make a client of an organization.

        Args:
            token: the API access token, or a function that gives one when it is needed; an asynchronous one goes with
                an asynchronous client. A JWT that it gives is used until shortly before it ends.
            organization: slug of the organization.
            base_url: scheme and host of the API.
            settings: as `Settings` describes them.

        Raises:
            ConfigurationError: one of them cannot be right.
        """
        token = Token.of(token)  # before anything may raise: a traceback shows what a local holds
        self.organization = checked_organization(organization)
        self.client = AuthenticatedClient(base_url, token, **settings)

    @classmethod
    def from_env(cls, **settings: Unpack[EnvironmentSettings]) -> Self:
        """Make one of the environment variables that Buildkite's own command line tool reads.

        `BUILDKITE_API_TOKEN` and `BUILDKITE_ORGANIZATION_SLUG` have to be set, `BUILDKITE_REST_API_ENDPOINT` may be.
        One that is set and empty is an error, so that a slip in a script does not lead to the service itself.

        Args:
            settings: arguments of the class, which count in place of a variable unless they are None.

        Raises:
            ConfigurationError: a variable is missing or empty, or what it says cannot be right; the message names it.
        """
        token = settings.pop("token", None)
        token = None if token is None else Token.of(token)  # before anything may raise, as above
        given: dict[str, Any] = {**settings, "token": token}
        taken: dict[str, str] = {}
        for name, variable in VARIABLES.items():
            if given.get(name) is None:
                given.pop(name, None)
                if variable in os.environ:
                    given[name] = Token.of(os.environ[variable]) if name == "token" else os.environ[variable]
                    taken[name] = variable
        faults = [
            f"{VARIABLES[name]} is {'set and empty' if name in taken else 'not set'}; it should be {what}"
            for name, what in EXPECTED.items()
            if (name in taken and not os.environ[VARIABLES[name]].strip()) or (name not in given and name in REQUIRED)
        ]
        if faults:
            raise ConfigurationError("; ".join(faults))
        try:
            return cls(**given)
        except ConfigurationError as error:
            fault = str(error)
            variable = taken.get(fault.partition(" ")[0], "")  # a message begins with the setting's name
            if not variable:
                raise
        raise ConfigurationError(f"{variable}: {fault}")

    @classmethod
    def from_agent(
        cls, organization: str, registry: str, *, base_url: str | None = None, **settings: Unpack[Settings]
    ) -> Self:
        """Make one for the packages of a registry, with OIDC tokens of the Buildkite agent instead of an API token.

        It runs ``buildkite-agent oidc request-token`` before a call whose token has ended. The registry's OIDC policy
        says what may be done.

        Args:
            organization: slug of the organization.
            registry: slug of the registry.
            base_url: scheme and host of the API; None for `BUILDKITE_REST_API_ENDPOINT`, or the service itself.
            settings: as `Settings` describes them.

        Raises:
            ConfigurationError: one of them cannot be right. A call raises it too, where there is no agent, and
                `PackageRegistriesError` where the agent fails.
        """
        checked_organization(organization)
        token = AgentToken(organization, registry)
        return cls.from_env(token=token, organization=organization, base_url=base_url, **settings)

    def __repr__(self) -> str:
        if not hasattr(self, "client"):  # a traceback may show one whose settings were refused
            return f"<{type(self).__name__}, not made>"
        return f"{type(self).__name__}(organization={self.organization!r}, base_url={self.client.base_url!r})"

    def with_organization(self, organization: str) -> Self:
        """Copy it for another organization; this one stays as it is."""
        return self._with(self.client, checked_organization(organization))

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Copy it with more headers for every request; this one stays as it is.

        The copy has connections of its own, to be closed like those of this one.
        """
        return self._with(self.client.with_headers(headers))

    def with_timeout(self, timeout: httpx.Timeout | float | None) -> Self:
        """Copy it with other bounds on waiting, in seconds; this one stays as it is.

        The copy has connections of its own, to be closed like those of this one.
        """
        return self._with(self.client.with_timeout(timeout))

    def with_retry(self, retry: Retry | None) -> Self:
        """Copy it with other rules for retries, or none; this one stays as it is.

        The copy has connections of its own, to be closed like those of this one.
        """
        return self._with(self.client.with_retry(retry))

    def _with(self, client: AuthenticatedClient, organization: str | None = None) -> Self:
        other = type(self).__new__(type(self))
        other.organization = self.organization if organization is None else organization
        other.client = client
        return other


def checked_organization(organization: object) -> str:
    """Check that an organization's slug may be one.

    Raises:
        ConfigurationError: it is empty, no string, or what no slug can be.
    """
    if not isinstance(organization, str) or not organization.strip("./ ") or "/" in organization:
        raise ConfigurationError(f"organization is {organization!r}; it should be an organization's slug")
    return organization
