"""The operations on registry tokens, as methods."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING
from uuid import UUID

from ..http import arguments as _arguments
from ..http import calls as _calls

if TYPE_CHECKING:
    from ..client import AuthenticatedClient
    from ..models.registry_token import RegistryToken
    from ..models.registry_token_with_secret import RegistryTokenWithSecret


class RegistryTokens:
    """Read-only credentials for installing from one private registry."""

    def __init__(self, client: AuthenticatedClient, organization: str) -> None:
        self._client = client
        self._organization = organization

    def list(
        self,
        registry_slug: str,
    ) -> builtins.list[RegistryToken]:
        """List all registry tokens.

        Lists every token of a registry.

        Args:
            registry_slug: Slug of the registry.

        Returns:
            The tokens of the registry.

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

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#list-all-registry-tokens
        """
        from ..api.registry_tokens import list_registry_tokens as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def create(
        self,
        registry_slug: str,
        *,
        description: str,
    ) -> RegistryTokenWithSecret:
        """Create a registry token.

        Makes a token for a registry. Its secret is in this answer and in no other.

        Args:
            registry_slug: Slug of the registry.
            description: What the registry token is for.

        Returns:
            The registry token that was created, with its secret.

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

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#create-a-registry-token
        """
        from ..api.registry_tokens import create_registry_token as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_token_create import RegistryTokenCreate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            body=_arguments.body_of(
                RegistryTokenCreate.from_dict,
                {
                    "description": description,
                },
            ),
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def get(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> RegistryToken:
        """Get a registry token.

        Looks a registry token up by its ID.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the registry token.

        Returns:
            The registry token.

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
            ValueError: `registry_slug` is empty, or `id` is no UUID.

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#get-a-registry-token
        """
        from ..api.registry_tokens import get_registry_token as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def update(
        self,
        registry_slug: str,
        id: UUID | str,
        *,
        description: str,
    ) -> RegistryToken:
        """Update a registry token.

        Changes the description of a registry token.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the registry token.
            description: What the registry token is for.

        Returns:
            The registry token.

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
            ValueError: `registry_slug` is empty, or `id` is no UUID.
            TypeError: An argument has another type than the one that it is documented to have.

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#update-a-registry-token
        """
        from ..api.registry_tokens import update_registry_token as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_token_update import RegistryTokenUpdate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
            body=_arguments.body_of(
                RegistryTokenUpdate.from_dict,
                {
                    "description": description,
                },
            ),
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def delete(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> None:
        """Delete a registry token.

        Deletes a registry token; nothing can be installed with it any more.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the registry token.

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
            ValueError: `registry_slug` is empty, or `id` is no UUID.

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#delete-a-registry-token
        """
        from ..api.registry_tokens import delete_registry_token as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        _calls.call(self._client, _operation.OPERATION, _request, _operation.parse)


class AsyncRegistryTokens:
    """Read-only credentials for installing from one private registry."""

    def __init__(self, client: AuthenticatedClient, organization: str) -> None:
        self._client = client
        self._organization = organization

    async def list(
        self,
        registry_slug: str,
    ) -> builtins.list[RegistryToken]:
        """List all registry tokens.

        Lists every token of a registry.

        Args:
            registry_slug: Slug of the registry.

        Returns:
            The tokens of the registry.

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

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#list-all-registry-tokens
        """
        from ..api.registry_tokens import list_registry_tokens as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def create(
        self,
        registry_slug: str,
        *,
        description: str,
    ) -> RegistryTokenWithSecret:
        """Create a registry token.

        Makes a token for a registry. Its secret is in this answer and in no other.

        Args:
            registry_slug: Slug of the registry.
            description: What the registry token is for.

        Returns:
            The registry token that was created, with its secret.

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

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#create-a-registry-token
        """
        from ..api.registry_tokens import create_registry_token as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_token_create import RegistryTokenCreate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            body=_arguments.body_of(
                RegistryTokenCreate.from_dict,
                {
                    "description": description,
                },
            ),
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def get(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> RegistryToken:
        """Get a registry token.

        Looks a registry token up by its ID.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the registry token.

        Returns:
            The registry token.

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
            ValueError: `registry_slug` is empty, or `id` is no UUID.

        Needs the scope `read_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#get-a-registry-token
        """
        from ..api.registry_tokens import get_registry_token as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def update(
        self,
        registry_slug: str,
        id: UUID | str,
        *,
        description: str,
    ) -> RegistryToken:
        """Update a registry token.

        Changes the description of a registry token.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the registry token.
            description: What the registry token is for.

        Returns:
            The registry token.

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
            ValueError: `registry_slug` is empty, or `id` is no UUID.
            TypeError: An argument has another type than the one that it is documented to have.

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#update-a-registry-token
        """
        from ..api.registry_tokens import update_registry_token as _operation  # noqa: PLC0415 - loads when used
        from ..models.registry_token_update import RegistryTokenUpdate  # noqa: PLC0415

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
            body=_arguments.body_of(
                RegistryTokenUpdate.from_dict,
                {
                    "description": description,
                },
            ),
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def delete(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> None:
        """Delete a registry token.

        Deletes a registry token; nothing can be installed with it any more.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the registry token.

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
            ValueError: `registry_slug` is empty, or `id` is no UUID.

        Needs the scope `write_registries`. See https://buildkite.com/docs/apis/rest-api/package-registries/registry-tokens#delete-a-registry-token
        """
        from ..api.registry_tokens import delete_registry_token as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)
