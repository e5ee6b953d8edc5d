"""Helm charts: what is read out of Chart.yaml, and what is refused."""

import tarfile

import pytest

from buildkite_emulator.formats import Contents
from buildkite_emulator.formats.limits import MIB
from tests import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import PATHS, header, peak_bytes

FILE = "any name.tgz"
CHART = ("tool/Chart.yaml", packages.chart_yaml("tool", "1.0.0"))
TOOL = Contents("tool", "1.0.0")


def tgz(*files: tuple[str, bytes]) -> bytes:
    """Make a chart of files."""
    return packages.gzipped(packages.tarball(files))


def chart(chart_yaml: bytes | str, folder: str = "tool") -> bytes:
    """Make a chart of nothing but Chart.yaml."""
    return tgz((f"{folder}/Chart.yaml", chart_yaml.encode() if isinstance(chart_yaml, str) else chart_yaml))


@pytest.mark.parametrize("api_version", ["v1", "v2"])
def test_chart_of_both_api_versions_is_read(api_version: str) -> None:
    """Helm 2 made v1, and Helm 3 and 4 make v2."""
    assert read_bytes("helm", FILE, chart(packages.chart_yaml("tool", "1.0.0", api_version))) == TOOL


@pytest.mark.parametrize("version", ["0.0.1", "1.2.3-rc.1", "1.2.3+build.5", "v1.2.3", "10.20.30-a-b.1+x"])
def test_semantic_version_is_read(version: str) -> None:
    """A version is kept as it is spelled, which may be with a "v"."""
    assert read_bytes("helm", FILE, chart(packages.chart_yaml("tool", version))) == Contents("tool", version)


@pytest.mark.parametrize(
    ("chart_yaml", "fault"),
    [
        ("name: tool\nversion: 1.0.0\n", "apiVersion"),
        ("apiVersion: v3\nname: tool\nversion: 1.0.0\n", "apiVersion"),
        ("apiVersion: 2\nname: tool\nversion: 1.0.0\n", "apiVersion"),
        ("apiVersion: v2\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: [tool]\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: to/ol\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: ..\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: é\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: tool\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: '1.0'\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: 1.0.0.0\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: vv1.0.0\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: 01.0.0\n", "version"),
        ("apiVersion: v2\nname: tool\nname: tool\nversion: 1.0.0\n", "twice"),
        ("apiVersion: v2\nname: tool\nversion: 1.0.0\n---\n{}\n", "one YAML document"),
        ("- tool\n", "apiVersion"),
        ("a: [", "not valid YAML"),
        (b"\xff", "not valid YAML"),
        ("", "one YAML document"),
    ],
)
def test_chart_yaml_that_is_not_valid_is_refused(chart_yaml: bytes | str, fault: str) -> None:
    """The message says what is wrong."""
    assert fault in refusal("helm", FILE, chart(chart_yaml))


@pytest.mark.parametrize("name", ["-a", ".a", "_a", "a b", "é", "a:b"])
def test_name_of_another_form_is_refused(name: str) -> None:
    """The message says of what characters a name is."""
    assert "letters, digits" in refusal("helm", FILE, chart(packages.chart_yaml(f"'{name}'", "1.0.0"), name))


def test_chart_whose_folder_has_another_name_is_refused() -> None:
    """Helm's documentation has it that the folder bears the chart's name; what calls itself two names is neither."""
    assert "'tool', but its folder is 'other'" in refusal("helm", FILE, chart(CHART[1], "other"))


def test_charts_inside_do_not_count() -> None:
    """Dependencies have their own Chart.yaml, deeper down."""
    inside = packages.chart_yaml("other", "2.0.0")
    files = [("tool/charts/other/Chart.yaml", inside), CHART, ("tool/templates/Chart.yaml", inside)]
    assert read_bytes("helm", FILE, tgz(*files)) == TOOL


def test_chart_with_its_folders_is_read() -> None:
    """`tar` adds the folders, and perhaps the one above."""
    folders = header(".", tarfile.DIRTYPE) + header("./tool", tarfile.DIRTYPE)
    assert read_bytes("helm", FILE, packages.gzipped(folders + packages.tarball([(f"./{CHART[0]}", CHART[1])]))) == TOOL


def test_two_charts_are_refused_however_they_are_spelled() -> None:
    """Helm cleans paths before it looks for Chart.yaml, so that one of them would be another than what was checked."""
    for path in ("tool/Chart.yaml", "./tool//Chart.yaml", "tool/./Chart.yaml", "tool\\Chart.yaml"):
        assert "two Chart.yaml" in refusal("helm", FILE, tgz(CHART, (path, packages.chart_yaml("tool", "2.0.0"))))


def test_files_outside_of_the_one_folder_are_refused() -> None:
    """Helm drops the first component, so that files of another folder would become the chart's."""
    assert "two top folders, 'tool' and 'other'" in refusal("helm", FILE, tgz(CHART, ("other/values.yaml", b"")))
    assert "in no folder" in refusal("helm", FILE, tgz(CHART, ("values.yaml", b"")))
    assert "in no folder" in refusal("helm", FILE, tgz(("Chart.yaml", CHART[1])))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_chart_yaml_that_is_no_file_is_refused(kind: bytes) -> None:
    """A link could show something else to whoever installs the chart."""
    data = packages.gzipped(header(CHART[0], kind, link="x") + packages.tarball([]))
    assert "not a file" in refusal("helm", FILE, data)


def test_archive_without_a_chart_is_refused() -> None:
    """The message says what is missing."""
    for files in ([], [("tool/values.yaml", b"")], [("tool/charts/x/Chart.yaml", CHART[1])]):
        assert "no Chart.yaml" in refusal("helm", FILE, tgz(*files))


@pytest.mark.parametrize("path", PATHS)
def test_file_that_leads_out_of_the_chart_is_refused(path: str) -> None:
    """Absolute paths and `..` are refused."""
    assert "leads out" in refusal("helm", FILE, tgz(CHART, (path, b"")))


def test_bombs_are_refused_in_little_memory() -> None:
    """The archive has a budget, Chart.yaml is limited, and its aliases are not followed."""
    bomb = packages.gzipped(header("tool/x", size=2**33 - 1) + bytes(300 * MIB))
    messages: list[str] = []
    assert peak_bytes(lambda: messages.append(refusal("helm", FILE, bomb))) < 8 * MIB
    assert "256 MiB, the limit" in messages[0]
    assert "longer than 1 MiB" in refusal("helm", FILE, chart(bytes(MIB + 1)))
    levels = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    levels += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 10)]
    laughs = CHART[1] + "\n".join(levels).encode()
    assert peak_bytes(lambda: read_bytes("helm", FILE, chart(laughs))) < 4 * MIB
