"""Terraform modules: how the name of the archive is split, and what the archive has to hold."""

import tarfile

import pytest

from buildkite_emulator.formats import Contents
from scripts.samples import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import header

FILE = "terraform-example-tool-1.0.0"
TOOL = Contents("terraform-example-tool", "1.0.0")
MAIN = ("main.tf", b"# Made for a test.\n")


def archive(suffix: str, *files: tuple[str, bytes]) -> tuple[str, bytes]:
    """Make an archive: its name and bytes."""
    return FILE + suffix, packages.zipped(files) if suffix == ".zip" else packages.gzipped(packages.tarball(files))


@pytest.mark.parametrize(
    ("stem", "name", "version"),
    [
        ("terraform-buildkite-pipeline-1.0.0", "terraform-buildkite-pipeline", "1.0.0"),
        ("my_org-network-10.20.30", "my_org-network", "10.20.30"),
        ("terraform-aws-s3-bucket-2-0.1.0", "terraform-aws-s3-bucket-2", "0.1.0"),
        ("terraform-aws-vpc-1.0.0-rc.1+build.5", "terraform-aws-vpc", "1.0.0-rc.1+build.5"),
    ],
)
@pytest.mark.parametrize("suffix", [".tgz", ".tar.gz", ".zip"])
def test_file_name_is_split(stem: str, name: str, version: str, suffix: str) -> None:
    """A name has no dots, so its last hyphen before the first dot is where the version begins."""
    assert read_bytes("terraform", stem + suffix, archive(suffix, MAIN)[1]) == Contents(name, version)


@pytest.mark.parametrize(
    "stem",
    [
        "",
        "tool",
        "tool-1.0.0",
        "terraform-aws-vpc",
        "terraform-aws-vpc-1.0",
        "terraform-aws-vpc-v1.0.0",
        "terraform-aws-vpc-01.0.0",
        "terraform-aws-vpc-1.0.0.0",
        "terraform-aws--1.0.0",
        "-aws-vpc-1.0.0",
        "terraform-aws vpc-1.0.0",
        "terraform-äws-vpc-1.0.0",
        "terraform-aws.vpc-1.0.0",
        "terraform-aws-vpc-1.0.\u0661",
    ],
)
def test_file_name_of_another_form_is_refused(stem: str) -> None:
    """The message shows what would be right, before the file is looked into."""
    assert "like terraform-buildkite-pipeline-1.0.0.tgz" in refusal("terraform", f"{stem}.tgz", b"")


@pytest.mark.parametrize("suffix", [".tgz", ".zip"])
@pytest.mark.parametrize("path", ["main.tf", "./main.tf", "terraform-aws-vpc/main.tf", "x.tf.json", "modules/a/x.tf"])
def test_archive_with_a_file_of_terraform_is_read(suffix: str, path: str) -> None:
    """It may lie in a folder, as in an archive of a repository, and may be JSON."""
    assert read_bytes("terraform", *archive(suffix, ("README.md", b""), (path, b""))) == TOOL


@pytest.mark.parametrize("suffix", [".tgz", ".zip"])
@pytest.mark.parametrize("path", ["README.md", ".tf", "a/.x.tf", "main.tf/x", "maintf", "main.TF", "x.json"])
def test_archive_without_a_file_of_terraform_is_refused(suffix: str, path: str) -> None:
    """Hidden files are none, as Terraform does not read them."""
    assert "no file .tf" in refusal("terraform", *archive(suffix, (path, b"")))


def test_folder_or_link_is_no_file_of_terraform() -> None:
    """Neither holds anything of the module."""
    for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE):
        data = packages.gzipped(header("main.tf", kind, link="x") + packages.tarball([]))
        assert "no file .tf" in refusal("terraform", f"{FILE}.tgz", data)


@pytest.mark.parametrize("suffix", [".tgz", ".zip"])
def test_archive_is_checked_to_its_end(suffix: str) -> None:
    """What lies behind the first file of Terraform is read as well."""
    assert "leads out" in refusal("terraform", *archive(suffix, MAIN, ("../x", b"")))


def test_archive_of_another_kind_than_its_suffix_is_refused() -> None:
    """Each suffix has its kind."""
    assert "gzip" in refusal("terraform", f"{FILE}.tgz", archive(".zip", MAIN)[1])
    assert "zip archive" in refusal("terraform", f"{FILE}.zip", archive(".tgz", MAIN)[1])
