"""The operations on registries, as methods."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from ..http import arguments as _arguments
from ..http import calls as _calls
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..client import AuthenticatedClient
    from ..models.oidc_policy_statement import OidcPolicyStatement
    from ..models.registry import Registry


class Registries:
    """Places that hold packages of one ecosystem."""

    def __init__(self, client: AuthenticatedClient, organization: str) -> None:
        self._client = client
        self._organization = organization

    def list(
        self,
    ) -> builtins.list[Registry]:
        """List all registries.

        Lists every registry of an organization.

        Returns:
            The registries of the organization.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries
        """
        from ..api.registries import list_registries as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def create(
        self,
        *,
        name: str,
        ecosystem: str,
        description: None | str | Unset = UNSET,
        emoji: None | str | Unset = UNSET,
        color: None | str | Unset = UNSET,
        oidc_policy: builtins.list[OidcPolicyStatement] | None | str | Unset = UNSET,
        team_ids: builtins.list[str] | Unset = UNSET,
    ) -> Registry:
        """Create a registry.

        Creates a registry in an organization. Its slug follows from its name.

        Args:
            name: Name of a registry. It needs a letter or a digit, as its slug is made of those; the slug must
                be free in the organization.
            ecosystem: Kind of the packages that a registry holds, fixed when it is created. No public list of
                the values exists, so a registry may have another one than those that are known. Where its packages
                do not come as one file, publishing a file to it is refused. A Java package's name is
                `GROUP:ARTIFACT`. Known values: `alpine`, `container`, `debian`, `files`, `helm`, `helm_oci`,
                `huggingface`, `java`, `javascript`, `nuget`, `python`, `redhat`, `ruby`, `terraform`.
            description: What the registry is for.
            emoji: Emoji of the registry, in emoji syntax.
            color: Colour of the registry, as a hex code of three or six digits.
            oidc_policy: Who may use the registry with an OIDC token in place of an API access token: statements
                as JSON, or the same as a string of plain YAML. The first statement that matches a token decides. It
                is always sent whole.
            team_ids: UUIDs of the teams that are to have access to the registry.

        Returns:
            The registry that was created.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            ValidationFailed: What was sent cannot be accepted; nothing was changed.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            TypeError: An argument has another type than the one that it is documented to have.

        Needs the scope `write_registries` or `create_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#create-a-registry
        """
        from ..api.registries import create_registry as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_create import RegistryCreate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            body=_arguments.body_of(
                RegistryCreate.from_dict,
                {
                    "name": name,
                    "ecosystem": ecosystem,
                    "description": description,
                    "emoji": emoji,
                    "color": color,
                    "oidc_policy": oidc_policy,
                    "team_ids": team_ids,
                },
            ),
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def get(
        self,
        registry_slug: str,
    ) -> Registry:
        """Get a registry.

        Looks a registry up by its slug.

        Args:
            registry_slug: Slug of the registry.

        Returns:
            The registry.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            ValueError: `registry_slug` is empty.

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#get-a-registry
        """
        from ..api.registries import get_registry as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def update(
        self,
        registry_slug: str,
        *,
        name: str | Unset = UNSET,
        description: None | str | Unset = UNSET,
        oidc_policy: builtins.list[OidcPolicyStatement] | None | str | Unset = UNSET,
        emoji: None | str | Unset = UNSET,
        color: None | str | Unset = UNSET,
    ) -> Registry:
        """Update a registry.

        Changes the properties that are sent and leaves the others as they are. An OIDC policy is replaced as a
        whole, and `null` clears it. The ecosystem of a registry cannot be changed.

        Args:
            registry_slug: Slug of the registry.
            name: Name of a registry. It needs a letter or a digit, as its slug is made of those; the slug must
                be free in the organization.
            description: What the registry is for.
            oidc_policy: Who may use the registry with an OIDC token in place of an API access token: statements
                as JSON, or the same as a string of plain YAML. The first statement that matches a token decides. It
                is always sent whole.
            emoji: An emoji for the registry; `null` clears it.
            color: A colour for the registry, as `#` and six hexadecimal digits; `null` clears it.

        Returns:
            The registry as it is now.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            ValidationFailed: What was sent cannot be accepted; nothing was changed.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            ValueError: `registry_slug` is empty.
            TypeError: An argument has another type than the one that it is documented to have.

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#update-a-registry
        """
        from ..api.registries import update_registry as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_update import RegistryUpdate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            body=_arguments.body_of(
                RegistryUpdate.from_dict,
                {
                    "name": name,
                    "description": description,
                    "oidc_policy": oidc_policy,
                    "emoji": emoji,
                    "color": color,
                },
            ),
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def delete(
        self,
        registry_slug: str,
    ) -> None:
        """Delete a registry.

        Deletes a registry with its packages and registry tokens.

        Args:
            registry_slug: Slug of the registry.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            ValueError: `registry_slug` is empty.

        Needs the scope `delete_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#delete-a-registry
        """
        from ..api.registries import delete_registry as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        _calls.call(self._client, _operation.OPERATION, _request, _operation.parse)


class AsyncRegistries:
    """Places that hold packages of one ecosystem."""

    def __init__(self, client: AuthenticatedClient, organization: str) -> None:
        self._client = client
        self._organization = organization

    async def list(
        self,
    ) -> builtins.list[Registry]:
        """List all registries.

        Lists every registry of an organization.

        Returns:
            The registries of the organization.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#list-all-registries
        """
        from ..api.registries import list_registries as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def create(
        self,
        *,
        name: str,
        ecosystem: str,
        description: None | str | Unset = UNSET,
        emoji: None | str | Unset = UNSET,
        color: None | str | Unset = UNSET,
        oidc_policy: builtins.list[OidcPolicyStatement] | None | str | Unset = UNSET,
        team_ids: builtins.list[str] | Unset = UNSET,
    ) -> Registry:
        """Create a registry.

        Creates a registry in an organization. Its slug follows from its name.

        Args:
            name: Name of a registry. It needs a letter or a digit, as its slug is made of those; the slug must
                be free in the organization.
            ecosystem: Kind of the packages that a registry holds, fixed when it is created. No public list of
                the values exists, so a registry may have another one than those that are known. Where its packages
                do not come as one file, publishing a file to it is refused. A Java package's name is
                `GROUP:ARTIFACT`. Known values: `alpine`, `container`, `debian`, `files`, `helm`, `helm_oci`,
                `huggingface`, `java`, `javascript`, `nuget`, `python`, `redhat`, `ruby`, `terraform`.
            description: What the registry is for.
            emoji: Emoji of the registry, in emoji syntax.
            color: Colour of the registry, as a hex code of three or six digits.
            oidc_policy: Who may use the registry with an OIDC token in place of an API access token: statements
                as JSON, or the same as a string of plain YAML. The first statement that matches a token decides. It
                is always sent whole.
            team_ids: UUIDs of the teams that are to have access to the registry.

        Returns:
            The registry that was created.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            ValidationFailed: What was sent cannot be accepted; nothing was changed.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            TypeError: An argument has another type than the one that it is documented to have.

        Needs the scope `write_registries` or `create_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#create-a-registry
        """
        from ..api.registries import create_registry as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_create import RegistryCreate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            body=_arguments.body_of(
                RegistryCreate.from_dict,
                {
                    "name": name,
                    "ecosystem": ecosystem,
                    "description": description,
                    "emoji": emoji,
                    "color": color,
                    "oidc_policy": oidc_policy,
                    "team_ids": team_ids,
                },
            ),
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def get(
        self,
        registry_slug: str,
    ) -> Registry:
        """Get a registry.

        Looks a registry up by its slug.

        Args:
            registry_slug: Slug of the registry.

        Returns:
            The registry.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            ValueError: `registry_slug` is empty.

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#get-a-registry
        """
        from ..api.registries import get_registry as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def update(
        self,
        registry_slug: str,
        *,
        name: str | Unset = UNSET,
        description: None | str | Unset = UNSET,
        oidc_policy: builtins.list[OidcPolicyStatement] | None | str | Unset = UNSET,
        emoji: None | str | Unset = UNSET,
        color: None | str | Unset = UNSET,
    ) -> Registry:
        """Update a registry.

        Changes the properties that are sent and leaves the others as they are. An OIDC policy is replaced as a
        whole, and `null` clears it. The ecosystem of a registry cannot be changed.

        Args:
            registry_slug: Slug of the registry.
            name: Name of a registry. It needs a letter or a digit, as its slug is made of those; the slug must
                be free in the organization.
            description: What the registry is for.
            oidc_policy: Who may use the registry with an OIDC token in place of an API access token: statements
                as JSON, or the same as a string of plain YAML. The first statement that matches a token decides. It
                is always sent whole.
            emoji: An emoji for the registry; `null` clears it.
            color: A colour for the registry, as `#` and six hexadecimal digits; `null` clears it.

        Returns:
            The registry as it is now.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            ValidationFailed: What was sent cannot be accepted; nothing was changed.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            ValueError: `registry_slug` is empty.
            TypeError: An argument has another type than the one that it is documented to have.

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#update-a-registry
        """
        from ..api.registries import update_registry as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_update import RegistryUpdate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            body=_arguments.body_of(
                RegistryUpdate.from_dict,
                {
                    "name": name,
                    "description": description,
                    "oidc_policy": oidc_policy,
                    "emoji": emoji,
                    "color": color,
                },
            ),
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def delete(
        self,
        registry_slug: str,
    ) -> None:
        """Delete a registry.

        Deletes a registry with its packages and registry tokens.

        Args:
            registry_slug: Slug of the registry.

        Raises:
            Unauthorized: No bearer token was sent, or it is malformed or unknown.
            Forbidden: The token lacks a scope that the operation needs.
            NotFound: The organization, the registry, the registry token or the package does not exist.
            RateLimited: The organization or the user has made too many requests. The answer has no
                `Retry-After`: wait for the `reset` of the limit that is exhausted.
            ServerError: The service failed.
            UnexpectedStatus: The answer has another status.
            UnexpectedResponse: The answer is no JSON, not of the type that the API documents, or too large.
            httpx.TransportError: There was no answer.
            ValueError: `registry_slug` is empty.

        Needs the scope `delete_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registries#delete-a-registry
        """
        from ..api.registries import delete_registry as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)
