"""Helm charts: what is read out of Chart.yaml, and what is refused."""

import json
import tarfile

import pytest

from buildkite_emulator.formats import Contents
from buildkite_emulator.formats.limits import MIB
from scripts.samples import packages
from tests.emulator.formats.samples import read_bytes, refusal
from tests.emulator.formats.test_hostile import header, peak_bytes

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
    """A version keeps its spelling, which may start with "v"."""
    assert read_bytes("helm", FILE, chart(packages.chart_yaml("tool", version))) == Contents("tool", version)


@pytest.mark.parametrize(
    ("chart_yaml", "fault"),
    [
        ("apiVersion: [v2]\nname: tool\nversion: 1.0.0\n", "apiVersion"),
        ("apiVersion: v2\nname: tool\nversion: 1.0.0\ntype: operator\n", "type"),
        ("apiVersion: v3\nname: tool\nversion: 1.0.0\n", "apiVersion"),
        ("apiVersion: 2\nname: tool\nversion: 1.0.0\n", "apiVersion"),
        ("apiVersion: v2\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: [tool]\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: to/ol\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: ..\nversion: 1.0.0\n", "name"),
        ("apiVersion: v2\nname: tool\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: 1.0.0-01\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: '1.'\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: 18446744073709551616.0.0\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: 1000000.5\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: 1.0.0.0\n", "version"),
        ("apiVersion: v2\nname: tool\nversion: vv1.0.0\n", "version"),
        ("apiVersion: v2\nname: tool\nname: other\nversion: 1.0.0\n", "twice"),
        ("---\n---\nname: tool\nversion: 1.0.0\n", "name"),
        ("- tool\n", "name"),
        ("version: *x\nname: tool\n", "not valid YAML"),
        ("a: [", "not valid YAML"),
        (b"\xff", "not valid YAML"),
        ("", "name"),
    ],
)
def test_chart_yaml_that_is_not_valid_is_refused(chart_yaml: bytes | str, fault: str) -> None:
    """The message says what is wrong."""
    assert fault in refusal("helm", FILE, chart(chart_yaml))


@pytest.mark.parametrize("name", [".", "..", "a/b", "a\\b", " a", "a ", "a\u202eb", "a\tb"])
def test_name_of_another_form_is_refused(name: str) -> None:
    """The message says of what characters a name is."""
    quoted = json.dumps(name).encode()
    assert "printable characters" in refusal(
        "helm", FILE, chart(packages.chart_yaml(name, "1.0.0").replace(name.encode(), quoted))
    )


@pytest.mark.parametrize("name", ["-a", ".a", "_a", "a b", "é", "a:b", "Tool"])
def test_name_that_helm_installs_is_read(name: str) -> None:
    """The form that Helm's documentation has is checked by `helm lint` alone."""
    assert read_bytes("helm", FILE, chart(packages.chart_yaml(f"'{name}'", "1.0.0"))) == Contents(name, "1.0.0")


@pytest.mark.parametrize(
    ("version", "read"),
    [
        *[("1", "1"), ("'1'", "1"), ("1.2", "1.2"), ("'1.20'", "1.20"), ("1.20", "1.2"), ("1.0", "1"), ("010", "8")],
        *[("v1", "v1"), ("1.2-rc.1", "1.2-rc.1"), ("01.2.3", "01.2.3"), ("2024-01-31", "2024-01-31"), ("1_0", "10")],
        *[("! '1.0'", "1.0"), ("!!str 1.0", "1.0"), ("1.0.0 # first", "1.0.0"), ("1.", "1")],
    ],
)
def test_version_that_helm_coerces_is_read(version: str, read: str) -> None:
    """Parts may be missing. The text is kept, but a number of YAML is what Helm makes of it."""
    assert read_bytes("helm", FILE, chart(f"apiVersion: v2\nname: tool\nversion: {version}\n")).version == read


@pytest.mark.parametrize(
    "chart_yaml",
    [
        "name: tool\nversion: 1.0.0\n",
        "apiVersion: ~\nname: tool\nversion: 1.0.0\n",
        "apiVersion: ''\nname: tool\nversion: 1.0.0\n",
        "appVersion: &v 1.0.0\nname: tool\nversion: *v\n",
        "x: &x {version: 1.0.0, name: other}\n<<: *x\nname: tool\n",
        "x: &x {version: 1.0.0}\ny: &y {name: tool, version: 2.0.0}\n<<: [*x, *y]\n",
        "---\nname: tool\nversion: 1.0.0\n---\n",
        "%YAML 1.1\n---\nname: tool\nversion: 1.0.0\n...\n",
        "name: tool\nversion: 1.0.0\n---\nname: other\n",
        "name: tool\nversion: 1.0.0\n---\na: [\n",
        "# a comment\n\n{name: tool, version: 1.0.0}\n",
        "name: tool\nname: tool\nversion: 1.0.0\nx: 1\nx: 2\n",
        'name: "t\\x6fol"\nversion: >-\n  1.0.0\n',
        "name: tool\r\nversion: 1.0.0\r\n",
        "\ufeffname: tool\nversion: 1.0.0\n",
        "? name\n: tool\n? [a, b]\n: {c: d}\nversion: 1.0.0\n",
    ],
)
def test_chart_yaml_is_read_as_yaml(chart_yaml: str) -> None:
    """Aliases, merge keys, tags, comments, escapes, other documents behind the first one; and no apiVersion is v1."""
    assert read_bytes("helm", FILE, chart(chart_yaml)) == TOOL


def test_merge_keys_that_are_made_to_cost_much_are_refused() -> None:
    """A mapping of many keys that is merged many times counts as often."""
    keys = ", ".join(f"k{number}: 0" for number in range(20_000))
    laughs = f"x: &x {{{keys}}}\nname: tool\nversion: 1.0.0\n<<: [{', '.join(['*x'] * 20_000)}]\n"
    assert "more than 100000 values" in refusal("helm", FILE, chart(laughs))


def test_folder_may_have_another_name_than_the_chart() -> None:
    """`helm install` drops the first component of each path, whatever it is."""
    assert read_bytes("helm", FILE, chart(CHART[1], "other")) == TOOL
    assert read_bytes("helm", FILE, tgz(CHART, ("other/values.yaml", b""))) == TOOL


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
        assert "more than one" in refusal("helm", FILE, tgz(CHART, (path, packages.chart_yaml("tool", "2.0.0"))))


def test_files_outside_of_the_one_folder_are_refused() -> None:
    """Helm drops the first component, so that nothing would be left of their names."""
    assert "more than one Chart.yaml" in refusal("helm", FILE, tgz(CHART, ("other/Chart.yaml", CHART[1])))
    assert "in no folder" in refusal("helm", FILE, tgz(CHART, ("values.yaml", b"")))
    assert "in no folder" in refusal("helm", FILE, tgz(("Chart.yaml", CHART[1])))


def test_archive_without_a_chart_is_refused() -> None:
    """The message says what is missing."""
    for files in ([], [("tool/values.yaml", b"")], [("tool/charts/x/Chart.yaml", CHART[1])]):
        assert "no Chart.yaml" in refusal("helm", FILE, tgz(*files))


def test_aliases_are_not_expanded() -> None:
    """A Chart.yaml of a few lines that would expand to 10^9 strings costs as little as any other."""
    levels = ["x0: &x0 [a, a, a, a, a, a, a, a, a, a]"]
    levels += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 10)]
    laughs = CHART[1] + "\n".join(levels).encode()
    assert peak_bytes(lambda: read_bytes("helm", FILE, chart(laughs))) < 4 * MIB
