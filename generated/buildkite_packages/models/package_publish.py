from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..http import parsing as _parsing
from ..types import UNSET, File, RequestFiles, Unset


@_attrs_define(getstate_setstate=False)  # attrs' own would leave out the source
class PackagePublish(_parsing.Model):
    """A package to publish, its `file` or the `package_url` of the file that was sent.

    Attributes:
        file (File | Unset): The package's file, with its file name.
        package_url (str | Unset): Address of a file that was sent by `request_presigned_upload`, in the place of
            `file`. It can be used once.
        attestation_bundle (str | Unset): Attestations of the package's provenance, a Sigstore bundle as JSON on
            each line. They are kept in the package's `metadata`.
    """

    file: File | Unset = UNSET
    package_url: str | Unset = UNSET
    attestation_bundle: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict, repr=_parsing.repr_of)

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON. What was read and has not changed is as it came."""
        return _parsing.write(self, self.additional_properties, _fields)

    def to_multipart(self) -> RequestFiles:
        """Give it as the parts of a form."""
        files: RequestFiles = []
        if not isinstance(self.file, Unset):
            files.append(("file", self.file.to_tuple()))
        if not isinstance(self.package_url, Unset):
            files.append(("package_url", (None, str(self.package_url).encode(), "text/plain")))
        if not isinstance(self.attestation_bundle, Unset):
            files.append(("attestation_bundle", (None, str(self.attestation_bundle).encode(), "text/plain")))
        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))
        return files

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Parse it from JSON.

        A property that is not what the API's description promises keeps the value as it came, and a missing one is
        UNSET; the first such difference is logged.

        Raises:
            UnexpectedValue: it is no object.
        """
        _source = _parsing.members(src_dict)
        _rest = _source.copy()
        try:
            _model = cls(
                file=_parsing.file(_rest.pop("file")) if "file" in _rest else UNSET,
                package_url=_parsing.string(_rest.pop("package_url")) if "package_url" in _rest else UNSET,
                attestation_bundle=_parsing.string(_rest.pop("attestation_bundle"))
                if "attestation_bundle" in _rest
                else UNSET,
            )
            _model._keep(_source)
            _model.additional_properties = _rest
            return _model
        except (KeyError, _parsing.UnexpectedValue):
            pass  # something is not as promised: read it again, property by property
        _values, _others = _parsing.read(cls.__name__, _source, _fields)
        _model = cls(**_values)
        _model._keep(_source)
        _model.additional_properties = _others
        return _model

    @property
    def additional_keys(self) -> list[str]:
        """The names of the additional properties."""
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties


_fields: tuple[_parsing.Field, ...] = (
    ("file", "file", _parsing.file, False),
    ("package_url", "package_url", _parsing.string, False),
    ("attestation_bundle", "attestation_bundle", _parsing.string, False),
)
