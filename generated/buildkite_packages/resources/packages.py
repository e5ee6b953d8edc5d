"""The operations on packages, as methods."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING
from uuid import UUID

from ..http import arguments as _arguments
from ..http import calls as _calls
from ..pages import AsyncPages, Pages
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..client import AuthenticatedClient
    from ..models.package import Package
    from ..models.package_list import PackageList
    from ..models.package_summary import PackageSummary
    from ..models.presigned_upload import PresignedUpload
    from ..publishing.multipart import Progress
    from ..publishing.publisher import AsyncPublisher, FileProgress, OnStart, Published, Publisher
    from ..publishing.uploads import Document, FileSource, Upload


class Packages:
    """Files published to a registry."""

    def __init__(self, client: AuthenticatedClient, organization: str) -> None:
        self._client = client
        self._organization = organization

    def list(
        self,
        registry_slug: str,
        *,
        name: str | Unset = UNSET,
        page: int | Unset = UNSET,
        after: str | Unset = UNSET,
        before: str | Unset = UNSET,
        per_page: int = 100,
    ) -> Pages[PackageSummary, PackageList]:
        """List all packages.

        Lists the packages of a registry page by page, the newest first. The addresses in `links` carry cursors, so
        that following `next` gives each package once, even if others are published and deleted meanwhile. At most
        one of `page`, `after` and `before` chooses the page.

        Args:
            registry_slug: Slug of the registry.
            name: Lists only packages of exactly this name.
            page: Number of the page, from 1. The list goes on from there.
            after: Cursor out of a page's `links.next`; the page begins with what follows it. An empty one is
                none.
            before: Cursor out of a page's `links.prev`; the page ends with what precedes it. An empty one is
                none.
            per_page: Number of items on a page.

        Returns:
            An iterable of all items that fetches pages as they are needed; its `pages()` gives those.

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

        Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#list-all-packages
        """
        from ..api.packages import list_packages as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            name=name,
            page=page,
            after=after,
            before=before,
            per_page=per_page,
        )
        return Pages(
            self._client,
            _operation.OPERATION,
            _request,
            _operation.parse,
            lambda page: page.items,
            lambda page: getattr(page.links, "next_", None),
        )

    def publish(
        self,
        registry_slug: str,
        file: FileSource | Upload,
        *,
        filename: str | None = None,
        size: int | None = None,
        progress: Progress | None = None,
        skip_existing: bool = False,
        presigned: bool = False,
        attestation_bundle: Document | None = None,
    ) -> Package:
        """Publish a package.

        Publishes a file to a registry. Its name and version are read out of the file, as the registry's ecosystem
        has it. For some ecosystems the native tool is the recommended way, but this one works for all whose
        packages are single files. Send the file with this call, or before it as `request_presigned_upload` says;
        then send `package_url` in its place.

        The file is streamed, so it may be larger than memory. What the service stored is compared with what was sent by
        their digests. Where the answer is lost, or is a 5xx, the digests tell whether the file is published; it is sent
        again only where it is not.

        Args:
            registry_slug: Slug of the registry.
            file: A path, bytes, an open binary file or an iterable of chunks.
            filename: Name of the file; by default that of the path or the open file.
            size: Of the file in bytes, where it is an iterable and its size is known.
            progress: Called with the bytes that were sent and, where that is known, how many there are. It starts anew
                where the file is sent again.
            skip_existing: Whether the same content counts as done where the registry has it. Other content of the same
                name and version is refused.
            presigned: Whether to send the file by the form that `request_presigned_upload` gives.
            attestation_bundle: Attestations of the package's provenance, a Sigstore bundle as JSON on each
                line. They are kept in the package's `metadata`. A `str` is its content where it begins with `{`,
                else a path.

        Returns:
            The package that was published.

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
            UploadFailed: What takes presigned uploads did not take the file.
            DigestMismatch: The service stored something else than was sent.
            DifferentContent: The registry has other content of the same name and version.
            OSError: The file cannot be read.
            ValueError: The file has no name, or another size than was said, or `registry_slug` is empty.
            TypeError: It is no file.

        Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
        """
        published = self._publisher(
            registry_slug,
            presigned=presigned,
            attestation_bundle=attestation_bundle,
        ).publish(file, filename=filename, size=size, progress=progress, skip_existing=skip_existing)
        return published[0]

    def publish_many(
        self,
        registry_slug: str,
        files: Iterable[FileSource | Upload],
        *,
        jobs: int = 4,
        progress: FileProgress | None = None,
        skip_existing: bool = False,
        on_start: OnStart | None = None,
        on_result: Callable[[Published[Package]], object] | None = None,
        presigned: bool = False,
        attestation_bundle: Document | None = None,
    ) -> builtins.list[Published[Package]]:
        """Publish several files, `jobs` of them at a time.

        Each is published as `publish` does it. One that fails stops none of the others. Ctrl-C stops all at their next
        chunk; an upload that does not move is left behind after a second.

        Args:
            registry_slug: Slug of the registry.
            files: As `publish` takes them; `Upload.of(..., filename=...)` for one that has no name of its own.
            jobs: How many are published at a time.
            progress: Called with a file's name, the bytes of it that were sent and how many it has, from several threads.
            skip_existing: Whether the same content counts as done where the registry has it.
            on_start: Called with each file as it was given, before it is published, in the thread that publishes it.
            on_result: Called with each result as soon as it is known, in the calling thread.
            presigned: Whether to send files by the form that `request_presigned_upload` gives.
            attestation_bundle: Attestations of the package's provenance, a Sigstore bundle as JSON on each
                line. They are kept in the package's `metadata`. It goes with each file. A `str` is its content
                where it begins with `{`, else a path.

        Returns:
            A result for each file, in their order. Its `error` says why a file was not published.

        Raises:
            ValueError: `jobs` is less than 1, or the same open file is there twice.
            TypeError: `files` is one file; it should be several, such as a list of paths.

        Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
        """
        publisher = self._publisher(
            registry_slug,
            presigned=presigned,
            attestation_bundle=attestation_bundle,
        )
        return publisher.publish_many(
            files,
            jobs=jobs,
            progress=progress,
            skip_existing=skip_existing,
            on_start=on_start,
            on_result=on_result,
        )

    def _publisher(
        self,
        registry_slug: str,
        *,
        presigned: bool,
        attestation_bundle: Document | None,
    ) -> Publisher[Package, PackageSummary]:
        from ..api.packages import publish_package as _operation  # noqa: PLC0415 - loads when used
        from ..api.packages import request_presigned_upload as _presign  # noqa: PLC0415
        from ..models.package_publish import PackagePublish  # noqa: PLC0415
        from ..publishing.presigned import Presigning  # noqa: PLC0415
        from ..publishing.publisher import Publisher  # noqa: PLC0415
        from ..publishing.uploads import text_of  # noqa: PLC0415
        from ..types import File  # noqa: PLC0415

        _attestation_bundle = text_of("attestation_bundle", attestation_bundle)
        _presigning = Presigning(
            _presign.OPERATION,
            _presign.request_arguments(
                self._organization,
                registry_slug,
            ),
            lambda document: _presign.parse(document).form,
            "package_url",
            lambda address: _operation.request_arguments(
                self._organization,
                registry_slug,
                body=PackagePublish(
                    package_url=address,
                    attestation_bundle=_attestation_bundle,
                ),
            ),
        )
        return Publisher(
            self._client,
            _operation.OPERATION,
            lambda upload: _operation.request_arguments(
                self._organization,
                registry_slug,
                body=PackagePublish(
                    file=File(upload, upload.filename),
                    attestation_bundle=_attestation_bundle,
                ),
            ),
            _operation.parse,
            lambda name: self.list(registry_slug, name=UNSET if name is None else name),
            lambda id: self.get(registry_slug, id),
            _presigning if presigned else None,
        )

    def request_presigned_upload(
        self,
        registry_slug: str,
    ) -> PresignedUpload:
        """Request a presigned upload.

        Answers with a form for a package's file. Send the fields of `data` and then the file, under the name in
        `file_input`, to `url`, without the API access token. Then publish with `package_url`: `url` and `data.key`
        joined, with the file's name in the place of `${filename}`.

        Args:
            registry_slug: Slug of the registry.

        Returns:
            The form to send the file with.

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

        Needs the scope `write_packages` or `create_packages`. See https://github.com/buildkite/go-buildkite
        """
        from ..api.packages import request_presigned_upload as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def get(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> Package:
        """Get a package.

        Looks a package up by its ID.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the package.

        Returns:
            The package.

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

        Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#get-a-package
        """
        from ..api.packages import get_package as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    def delete(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> None:
        """Delete a package.

        Deletes a package from its registry. Copies of it in other registries stay.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the package.

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

        Needs the scope `delete_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#delete-a-package
        """
        from ..api.packages import delete_package as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        _calls.call(self._client, _operation.OPERATION, _request, _operation.parse)

    def copy(
        self,
        registry_slug: str,
        id: UUID | str,
        *,
        to: str,
    ) -> Package:
        """Copy a package.

        Copies a package of this registry to another one of the same ecosystem. Only packages of some ecosystems can
        be copied.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the package.
            to: Slug of the registry to copy the package to.

        Returns:
            The copy, in the registry that it was copied to.

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

        Needs the scopes `read_packages` and `write_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#copy-a-package
        """
        from ..api.packages import copy_package as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
            to=to,
        )
        return (_calls.call(self._client, _operation.OPERATION, _request, _operation.parse)).parsed


class AsyncPackages:
    """Files published to a registry."""

    def __init__(self, client: AuthenticatedClient, organization: str) -> None:
        self._client = client
        self._organization = organization

    def list(
        self,
        registry_slug: str,
        *,
        name: str | Unset = UNSET,
        page: int | Unset = UNSET,
        after: str | Unset = UNSET,
        before: str | Unset = UNSET,
        per_page: int = 100,
    ) -> AsyncPages[PackageSummary, PackageList]:
        """List all packages.

        Lists the packages of a registry page by page, the newest first. The addresses in `links` carry cursors, so
        that following `next` gives each package once, even if others are published and deleted meanwhile. At most
        one of `page`, `after` and `before` chooses the page.

        Args:
            registry_slug: Slug of the registry.
            name: Lists only packages of exactly this name.
            page: Number of the page, from 1. The list goes on from there.
            after: Cursor out of a page's `links.next`; the page begins with what follows it. An empty one is
                none.
            before: Cursor out of a page's `links.prev`; the page ends with what precedes it. An empty one is
                none.
            per_page: Number of items on a page.

        Returns:
            An iterable of all items that fetches pages as they are needed; its `pages()` gives those.

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

        Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#list-all-packages
        """
        from ..api.packages import list_packages as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            name=name,
            page=page,
            after=after,
            before=before,
            per_page=per_page,
        )
        return AsyncPages(
            self._client,
            _operation.OPERATION,
            _request,
            _operation.parse,
            lambda page: page.items,
            lambda page: getattr(page.links, "next_", None),
        )

    async def publish(
        self,
        registry_slug: str,
        file: FileSource | Upload,
        *,
        filename: str | None = None,
        size: int | None = None,
        progress: Progress | None = None,
        skip_existing: bool = False,
        presigned: bool = False,
        attestation_bundle: Document | None = None,
    ) -> Package:
        """Publish a package.

        Publishes a file to a registry. Its name and version are read out of the file, as the registry's ecosystem
        has it. For some ecosystems the native tool is the recommended way, but this one works for all whose
        packages are single files. Send the file with this call, or before it as `request_presigned_upload` says;
        then send `package_url` in its place.

        The file is streamed, so it may be larger than memory. What the service stored is compared with what was sent by
        their digests. Where the answer is lost, or is a 5xx, the digests tell whether the file is published; it is sent
        again only where it is not.

        Args:
            registry_slug: Slug of the registry.
            file: A path, bytes, an open binary file or an iterable of chunks, which may be asynchronous.
            filename: Name of the file; by default that of the path or the open file.
            size: Of the file in bytes, where it is an iterable and its size is known.
            progress: Called with the bytes that were sent and, where that is known, how many there are. It starts anew
                where the file is sent again.
            skip_existing: Whether the same content counts as done where the registry has it. Other content of the same
                name and version is refused.
            presigned: Whether to send the file by the form that `request_presigned_upload` gives.
            attestation_bundle: Attestations of the package's provenance, a Sigstore bundle as JSON on each
                line. They are kept in the package's `metadata`. A `str` is its content where it begins with `{`,
                else a path.

        Returns:
            The package that was published.

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
            UploadFailed: What takes presigned uploads did not take the file.
            DigestMismatch: The service stored something else than was sent.
            DifferentContent: The registry has other content of the same name and version.
            OSError: The file cannot be read.
            ValueError: The file has no name, or another size than was said, or `registry_slug` is empty.
            TypeError: It is no file.

        Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
        """
        published = await self._publisher(
            registry_slug,
            presigned=presigned,
            attestation_bundle=attestation_bundle,
        ).publish(file, filename=filename, size=size, progress=progress, skip_existing=skip_existing)
        return published[0]

    async def publish_many(
        self,
        registry_slug: str,
        files: Iterable[FileSource | Upload],
        *,
        jobs: int = 4,
        progress: FileProgress | None = None,
        skip_existing: bool = False,
        on_start: OnStart | None = None,
        on_result: Callable[[Published[Package]], object] | None = None,
        presigned: bool = False,
        attestation_bundle: Document | None = None,
    ) -> builtins.list[Published[Package]]:
        """Publish several files, `jobs` of them at a time.

        Each is published as `publish` does it. One that fails stops none of the others.

        Args:
            registry_slug: Slug of the registry.
            files: As `publish` takes them; `Upload.of(..., filename=...)` for one that has no name of its own.
            jobs: How many are published at a time.
            progress: Called with a file's name, the bytes of it that were sent and how many it has.
            skip_existing: Whether the same content counts as done where the registry has it.
            on_start: Called with each file as it was given, before it is published.
            on_result: Called with each result as soon as it is known.
            presigned: Whether to send files by the form that `request_presigned_upload` gives.
            attestation_bundle: Attestations of the package's provenance, a Sigstore bundle as JSON on each
                line. They are kept in the package's `metadata`. It goes with each file. A `str` is its content
                where it begins with `{`, else a path.

        Returns:
            A result for each file, in their order. Its `error` says why a file was not published.

        Raises:
            ValueError: `jobs` is less than 1, or the same open file is there twice.
            TypeError: `files` is one file; it should be several, such as a list of paths.

        Needs the scope `write_packages` or `create_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#publish-a-package
        """
        publisher = self._publisher(
            registry_slug,
            presigned=presigned,
            attestation_bundle=attestation_bundle,
        )
        return await publisher.publish_many(
            files,
            jobs=jobs,
            progress=progress,
            skip_existing=skip_existing,
            on_start=on_start,
            on_result=on_result,
        )

    def _publisher(
        self,
        registry_slug: str,
        *,
        presigned: bool,
        attestation_bundle: Document | None,
    ) -> AsyncPublisher[Package, PackageSummary]:
        from ..api.packages import publish_package as _operation  # noqa: PLC0415 - loads when used
        from ..api.packages import request_presigned_upload as _presign  # noqa: PLC0415
        from ..models.package_publish import PackagePublish  # noqa: PLC0415
        from ..publishing.presigned import Presigning  # noqa: PLC0415
        from ..publishing.publisher import AsyncPublisher  # noqa: PLC0415
        from ..publishing.uploads import text_of  # noqa: PLC0415
        from ..types import File  # noqa: PLC0415

        _attestation_bundle = text_of("attestation_bundle", attestation_bundle)
        _presigning = Presigning(
            _presign.OPERATION,
            _presign.request_arguments(
                self._organization,
                registry_slug,
            ),
            lambda document: _presign.parse(document).form,
            "package_url",
            lambda address: _operation.request_arguments(
                self._organization,
                registry_slug,
                body=PackagePublish(
                    package_url=address,
                    attestation_bundle=_attestation_bundle,
                ),
            ),
        )
        return AsyncPublisher(
            self._client,
            _operation.OPERATION,
            lambda upload: _operation.request_arguments(
                self._organization,
                registry_slug,
                body=PackagePublish(
                    file=File(upload, upload.filename),
                    attestation_bundle=_attestation_bundle,
                ),
            ),
            _operation.parse,
            lambda name: self.list(registry_slug, name=UNSET if name is None else name),
            lambda id: self.get(registry_slug, id),
            _presigning if presigned else None,
        )

    async def request_presigned_upload(
        self,
        registry_slug: str,
    ) -> PresignedUpload:
        """Request a presigned upload.

        Answers with a form for a package's file. Send the fields of `data` and then the file, under the name in
        `file_input`, to `url`, without the API access token. Then publish with `package_url`: `url` and `data.key`
        joined, with the file's name in the place of `${filename}`.

        Args:
            registry_slug: Slug of the registry.

        Returns:
            The form to send the file with.

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

        Needs the scope `write_packages` or `create_packages`. See https://github.com/buildkite/go-buildkite
        """
        from ..api.packages import request_presigned_upload as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def get(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> Package:
        """Get a package.

        Looks a package up by its ID.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the package.

        Returns:
            The package.

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

        Needs the scope `read_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#get-a-package
        """
        from ..api.packages import get_package as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed

    async def delete(
        self,
        registry_slug: str,
        id: UUID | str,
    ) -> None:
        """Delete a package.

        Deletes a package from its registry. Copies of it in other registries stay.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the package.

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

        Needs the scope `delete_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#delete-a-package
        """
        from ..api.packages import delete_package as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
        )
        await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)

    async def copy(
        self,
        registry_slug: str,
        id: UUID | str,
        *,
        to: str,
    ) -> Package:
        """Copy a package.

        Copies a package of this registry to another one of the same ecosystem. Only packages of some ecosystems can
        be copied.

        Args:
            registry_slug: Slug of the registry.
            id: UUID of the package.
            to: Slug of the registry to copy the package to.

        Returns:
            The copy, in the registry that it was copied to.

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

        Needs the scopes `read_packages` and `write_packages`. See https://buildkite.com/docs/apis/rest-api/package-registries/packages#copy-a-package
        """
        from ..api.packages import copy_package as _operation  # noqa: PLC0415 - loads when used

        _request = _operation.request_arguments(
            self._organization,
            registry_slug,
            _arguments.uuid_of("id", id),
            to=to,
        )
        return (await _calls.acall(self._client, _operation.OPERATION, _request, _operation.parse)).parsed
