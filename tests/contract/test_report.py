"""The reports of a contract run: what they come to, what they say, and what they keep to themselves."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from buildkite_emulator.spec import Spec
from scripts import ROOT
from scripts.contract.report import Verdict, write_reports
from scripts.contract.report.__main__ import main
from scripts.contract.report.content import Group, Report, content
from scripts.contract.report.places import Places
from scripts.contract.report.run import merge
from scripts.contract.report.text import cleaner
from scripts.contract.results import Finding
from tests.support.sample_results import REGISTRY, SPEC, UNITS, finding, some_seen, varied_findings, write_shard

pytestmark = pytest.mark.slow

SECRET = "bkua_0123456789abcdef/+ the secret"  # noqa: S105 - what the reports must not hold
HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></details><img src=x onerror=alert(1)>",
    "```\n# heading\n\n| a | b |\n| - | - |\n<b>bold</b> @somebody [link](https://example.com)\n````",
    "]]> & \x00 \x1b[31m \ud800 \uffff \u202egnp.exe",
    "{{ 7 * 7 }} {% raw %}",
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Give an empty folder for results."""
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Give a folder for reports, which is not there yet."""
    return tmp_path / "out"


def report_on(results: Path) -> Report:
    """Merge results into what a report says."""
    return content(merge(results, cleaner(())), Spec.load())


def the_group(results: Path, made: Finding, **head: Any) -> Group:
    """Report on a run with one finding; returns what is said about it."""
    write_shard(results, findings=[made], **head)
    (group,) = report_on(results).groups
    return group


def junit(out: Path) -> ET.Element:
    """Read the JUnit report."""
    return ET.parse(out / "junit.xml").getroot()  # noqa: S314 - it is our own


# What a run comes to


VERDICTS: Mapping[str, tuple[Sequence[Mapping[str, Any]], int, str]] = {
    "nothing found": ([{}], 0, "No drift: the emulator keeps to the spec in 7 units."),
    "findings, of which some are the same": (
        [{"findings": varied_findings()}],
        1,
        "10 ways in which the emulator and the spec part.",
    ),
    "a shard that left nothing": (
        [{"shard": f"{number}/3", "units": UNITS[number - 1 :: 3]} for number in (1, 3)],
        2,
        "Shard 2/3 left no results",
    ),
    "a unit that no shard has": (
        [{"shard": "1/2", "units": UNITS[:3]}, {"shard": "2/2", "units": UNITS[4:]}],
        2,
        f"1 unit was left out: {UNITS[3]}.",
    ),
    "a shard that was killed": ([{"killed": True}], 2, "was killed, or goes on still"),
    "a shard that was interrupted": (
        [{"end": {"status": "interrupted", "reason": "Ctrl-C"}}],
        2,
        "was interrupted: Ctrl-C",
    ),
    "a shard that failed": (
        [{"end": {"status": "error", "reason": "the API cannot be reached"}}],
        2,
        "failed: the API cannot be reached",
    ),
    "what an older run left": (
        [{"findings": [finding()], "seed": 1, "started": "2026-11-20T00:00:00+00:00", "name": "old.jsonl"}, {}],
        2,
        "old.jsonl is of another run (emulator, seed 1, shard 1/1)",
    ),
    "a file that a later run goes on with": ([{"findings": [finding()], "seed": 1}, {"seed": 2}], 0, "No drift"),
    "a unit that failed without a finding": ([{"statuses": {"chains": ("failed", "a rule broke")}}], 1, "a rule broke"),
    "a unit that could not run": (
        [{"statuses": {"chains": ("error", "no connection")}}],
        2,
        "chains could not run: no connection",
    ),
    "units that were all skipped": (
        [{"statuses": dict.fromkeys(UNITS, ("skipped", "read-only"))}],
        2,
        "Could not run: No unit was run.",
    ),
    "no results": ([], 2, "Could not run: There are no results of a run"),
}
"""The shards of runs, and what the run comes to: an exit status, and what the reports say."""


@pytest.mark.parametrize("name", VERDICTS)
def test_what_a_run_comes_to(results: Path, out: Path, name: str) -> None:
    """A run is green only where it is whole and found nothing; the command prints why, and exits with the status."""
    shards, status, said = VERDICTS[name]
    for shard in shards:
        write_shard(results, **shard)
    verdict = write_reports(results, out)
    assert verdict.status == status
    assert said in verdict.summary.replace("\n", " ").replace("   ", " ") + "".join(verdict.reasons)
    assert {path.name for path in out.iterdir()} == {"index.html", "report.md", "junit.xml"}
    assert said.partition(" (")[0].rstrip(".") in "".join(everything(out))
    assert ("Not complete" in (out / "report.md").read_text()) == verdict.sentence.startswith("Not complete")
    assert shards or junit(out).find("testsuite/testcase/error") is not None


def test_findings_that_are_the_same_count_once(results: Path) -> None:
    """Findings of the same check, operation and place are one group, which says how many there are."""
    write_shard(results, findings=varied_findings())
    counts = {group.number: group.count for group in report_on(results).groups}
    assert counts == {number: 3 if number == 2 else 1 for number in range(1, 11)}


def test_shards_merge(results: Path) -> None:
    """Findings, counts and units of all shards are added up, in whatever order their files are."""
    write_shard(results, "2/2", UNITS[4:], [finding(unit="chains"), finding(unit="chains", check="other")])
    write_shard(results, "1/2", UNITS[:4], [finding()])
    report = report_on(results)
    assert report.run.gaps == []
    assert [(group.finding.check, group.count, group.units) for group in report.groups] == [
        ("value", 2, ["flow registry_is_created", "chains"]),
        ("other", 1, ["chains"]),
    ]
    assert set(report.run.units) == set(UNITS)
    assert report.run.answers["get_registry"]["200"] == 2 * some_seen()["answers"]["get_registry"]["200"]
    assert report.run.commands == ["make contract SEED=1234567890 SHARD=1/2", "make contract SEED=1234567890 SHARD=2/2"]


def test_a_killed_shard_leaves_what_it_had(results: Path, out: Path) -> None:
    """Of a shard that was killed within a line, the findings before are reported, and the units that did not end."""
    path = write_shard(results, findings=[finding()])
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:4]) + lines[4][:20])
    verdict = write_reports(results, out)
    assert verdict.status == 1
    assert verdict.sentence == "1 way in which the emulator and the spec part; and the run is not complete."
    assert any("5 units did not come to an end" in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    "text",
    ["not JSON\n", "[1, 2]\n", '{"event": "end"}\n', '{"event": "run"}\n{"event": "unit"}\n', ""],
)
def test_results_that_cannot_be_read(results: Path, out: Path, text: str) -> None:
    """A file that holds something else makes the run status 2, and is named; the rest is reported."""
    write_shard(results)
    (results / "broken.jsonl").write_text(text)
    verdict = write_reports(results, out)
    assert verdict.status == 2
    assert "broken.jsonl does not hold the events of a contract run" in verdict.sentence


def test_a_run_that_was_resumed(results: Path) -> None:
    """A file that holds the attempts at one run counts what a unit found in its last attempt alone."""
    write_shard(results, findings=[finding(), finding(unit="chains")], killed=True)
    write_shard(results, units=UNITS[:3])
    report = report_on(results)
    assert report.run.gaps == []
    assert [group.units for group in report.groups] == [["chains"]]
    assert set(report.run.units) == set(UNITS)


@pytest.mark.parametrize(
    ("findings", "killed", "status"), [((), False, 0), ((finding(),), False, 1), ((), True, 2), ((finding(),), True, 1)]
)
def test_the_command(  # noqa: PLR0913, PLR0917 - what it is given and what it gives
    results: Path,
    out: Path,
    findings: tuple[Finding, ...],
    killed: bool,  # noqa: FBT001
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command prints the summary, or says on standard error why it could not, and exits with the status."""
    write_shard(results, findings=findings, killed=killed)
    assert main([f"--results={results}", f"--out={out}"]) == status
    told = capsys.readouterr()
    assert str(out / "index.html") in told.out
    assert bool(told.err) == (status == 2)


def test_the_command_where_nothing_can_be_written(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that cannot be made is told in a sentence."""
    path = write_shard(results)
    assert main([f"--results={results}", f"--out={path}"]) == 2
    assert capsys.readouterr().err.startswith("The reports cannot be written to")


# Where the spec says so, and who is likely at fault


@pytest.mark.parametrize(
    "pointer",
    [
        "#/components/schemas/Registry/properties/slug",
        "/components/schemas/Registry/properties/oidc_policy",
        "#/components/headers/RateLimit-User-Reset",
        "#/components/responses/RateLimited",
        "#/components/parameters/PerPage",
        "#/components/examples/RegistryUpdate",
    ],
)
def test_the_line_of_a_place(pointer: str) -> None:
    """A place in the bundle is found in the file of the spec, at the line that has its name."""
    place = Places(SPEC.document).find(pointer)
    lines = (ROOT / place.file).read_text().splitlines()
    name = pointer.rpartition("/")[2]
    assert place.known
    assert lines[place.line - 1].strip().startswith(f"{name}:")
    assert place.lines[0] == (place.line, lines[place.line - 1].strip())
    assert [number for number, _ in place.lines] == list(range(place.line, place.line + len(place.lines)))


def test_the_line_of_a_keyword() -> None:
    """Two properties of the same name in different schemas are told apart, down to their keywords."""
    places = Places(SPEC.document)
    found = [
        places.find(f"#/components/schemas/{schema}/properties/color") for schema in ("Registry", "RegistryCreate")
    ]
    lines = (ROOT / found[0].file).read_text().splitlines()
    schemas = [
        next(n for n, line in enumerate(lines, 1) if line == f"  {name}:") for name in ("Registry", "RegistryCreate")
    ]
    assert schemas[0] < found[0].line < schemas[1] < found[1].line
    pattern = places.find("#/components/schemas/RegistryCreate/properties/color/pattern")
    assert lines[pattern.line - 1].strip().startswith("pattern: ^#")
    assert pattern.source == "emulator"


def test_a_place_behind_references() -> None:
    """A pointer may lead through references; the place is where the statement is written."""
    path = SPEC.operations["get_registry"].path.replace("/", "~1")
    way = f"#/paths/{path}/get/responses/200/content/application~1json/schema/properties/slug"
    assert Places(SPEC.document).find(way) == Places(SPEC.document).find(f"{REGISTRY}/properties/slug")


def test_a_place_that_is_not_there() -> None:
    """What the spec lacks is placed at what would hold it, and is said to be missing."""
    path = SPEC.operations["get_registry"].path.replace("/", "~1")
    place = Places(SPEC.document).find(f"#/paths/{path}/get/responses/418")
    assert not place.known
    assert place.pointer.endswith("/get/responses/418")
    assert place.lines[0][1].startswith("responses:")
    assert not Places(SPEC.document).find("").known


PAGES = f"{REGISTRY}/properties/name"
ASSUMED = f"{REGISTRY}/properties/slug"


@pytest.mark.parametrize(
    ("target", "made", "culprit"),
    [
        ("emulator", finding(place=PAGES), "emulator"),
        ("live", finding(place=PAGES), "service"),
        ("emulator", finding(place=ASSUMED), "spec or emulator"),
        ("live", finding(place=ASSUMED), "spec"),
        ("emulator", finding(place="#/components/examples/RegistryUpdate/value/name"), "spec"),
        ("live", finding(place="#/components/examples/RegistryUpdate/value/name"), "spec"),
        ("live", finding(place=PAGES, unit="client parsing"), "client"),
        ("emulator", finding(place=PAGES, check="client_model"), "client"),
        ("emulator", finding(place=ASSUMED, received="500 with text/plain: oops"), "emulator"),
        ("live", finding(place="", check="not_a_server_error"), "service"),
        ("emulator", finding(place=""), "emulator or spec"),
        ("live", finding(place="#/components/schemas/NoSuchSchema"), "service or spec"),
    ],
)
def test_the_likely_culprit(results: Path, target: str, made: Finding, culprit: str) -> None:
    """Who is likely at fault follows from what was asked and from what backs the statement."""
    group = the_group(results, made, target=target)
    assert group.culprit.name == culprit
    assert group.culprit.why.endswith(".")


def test_an_assumption_tells_its_source(results: Path) -> None:
    """Where a statement comes from elsewhere than the reference pages, the reason says from where."""
    group = the_group(results, finding(place=ASSUMED), target="live")
    assert SPEC.document["x-sources"]["emulator"].strip().rstrip(".") in group.culprit.why


def test_a_spec_that_changed_since(results: Path, out: Path) -> None:
    """Where the run was made with another state of the spec, page and Markdown say so."""
    write_shard(results)
    write_reports(results, out)
    assert "has changed since" not in "".join(everything(out))
    write_shard(results, spec_digest="0" * 64)
    write_reports(results, out)
    for name in ("index.html", "report.md"):
        assert "The spec has changed since this run was made" in (out / name).read_text(encoding="utf-8")


# What of the spec was seen


def test_coverage(results: Path) -> None:
    """What was seen is counted against the spec, behind references too, and what was not is listed."""
    path = SPEC.operations["get_registry"].path.replace("/", "~1")
    way = f"#/paths/{path}/get/responses/200/content/application~1json/schema/properties"
    seen = {
        "answers": {"get_registry": {"200": 3, "418": 1}},
        "places": {f"{way}/id": 3, f"{way}/ecosystem": 2, "#/components/headers/RateLimit-Limit": 3},
        "parameters": {"list_packages": {"query.page": 2}, "create_registry": {"body.name": 1}},
        "checks": {},
    }
    write_shard(results, seen=seen)
    dimensions = {each.title: each for each in report_on(results).dimensions}
    assert (dimensions["Operations"].seen, dimensions["Operations"].total) == (1, len(SPEC.operations))
    assert dimensions["Responses"].seen == 1
    assert "get_registry 404" in dimensions["Responses"].missing
    assert "list_packages query.page" not in dimensions["Parameters"].missing
    assert {"list_packages query.per_page", "get_registry path.registry_slug", "create_registry body.color"} <= set(
        dimensions["Parameters"].missing
    )
    properties = set(dimensions["Properties of answers"].missing)
    assert not {f"{REGISTRY}/properties/id", "#/components/headers/RateLimit-Limit"} & properties
    assert f"{REGISTRY}/properties/slug" in properties
    assert not any("RegistryCreate" in name for name in properties)
    keywords = set(dimensions["Keywords of answers"].missing)
    assert f"{REGISTRY}/properties/id/format" not in keywords
    assert "#/components/headers/RateLimit-Limit/schema/minimum" not in keywords
    assert "#/components/schemas/Ecosystem/type" not in keywords
    assert f"{REGISTRY}/properties/url/format" in keywords


# What the reports keep to themselves


def everything(out: Path, verdict: Verdict | None = None) -> Iterator[str]:
    """Yield all text that came of a report."""
    if verdict:
        yield verdict.summary + verdict.sentence + "".join(verdict.reasons)
    for path in out.iterdir():
        yield path.read_text(encoding="utf-8")


def test_secrets_are_masked(results: Path, out: Path) -> None:
    """No report holds a secret, wherever in the results it stands, plain or as it is in a URL."""
    quoted = "bkua_0123456789abcdef%2F%2B%20the%20secret"
    leaky = finding(
        expected=f"not {SECRET}",
        received=f'{{"token": "{SECRET}", "{SECRET}": 1}}',
        curl=f"curl -H 'Authorization: Bearer {SECRET}' https://example.com/?token={quoted}",
        steps=(f"curl {SECRET}",),
        place=f"{REGISTRY}/{SECRET}",
        check=f"check {SECRET}",
    )
    statuses = {"chains": ("skipped", SECRET), "fuzz get_registry": ("error", quoted)}
    seen = {**some_seen(), "checks": {"get_registry": {SECRET: 1}}}
    write_shard(
        results,
        findings=[leaky],
        seen=seen,
        statuses=statuses,
        end={"status": "error", "reason": SECRET},
        command=SECRET,
    )
    verdict = write_reports(results, out, secrets=[SECRET, ""])
    for text in everything(out, verdict):
        assert "0123456789abcdef" not in text
        assert "****" in text


def test_texts_from_outside_are_text(results: Path, out: Path) -> None:
    """Markup, code, odd characters and templates in an answer stay text in every report, and long ones are cut."""
    made = [
        finding(check=f"c{n}", received=text, expected=text, curl=text, steps=(text,)) for n, text in enumerate(HOSTILE)
    ]
    write_shard(
        results,
        findings=[*made, finding(check="long", received="x" * 100_000)],
        statuses={"chains": ("skipped", HOSTILE[0])},
    )
    verdict = write_reports(results, out)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert page.count("<script>") == 1
    assert "<img" not in page
    assert "{{ 7 * 7 }}" in page
    assert len(page) < 200_000
    failure = junit(out).find("testsuite/testcase/failure")
    assert failure is not None
    assert HOSTILE[0] in str(failure.text)
    for text in everything(out, verdict):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e\ud800\uffff]", text)
        assert "x" * 5000 not in text


def test_texts_from_outside_stay_within_code(results: Path, out: Path) -> None:
    """No heading, table, link or element of the Markdown is made of an answer's text."""
    made = [finding(check=f"c{n}", received=text, expected=text, curl=text) for n, text in enumerate(HOSTILE)]
    made.append(finding(operation="a | b <i>`"))
    write_shard(results, findings=made, statuses={"chains": ("skipped", "| a ` | `` <b>\n\n# x")})
    write_reports(results, out)
    tokens = list(flat(MarkdownIt("gfm-like", {"linkify": False}).parse((out / "report.md").read_text())))
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert headings == ["Drift", "Findings"]
    assert sum(token.type == "table_open" for token in tokens) == 1
    assert not any(token.type == "link_open" for token in tokens)
    html = "".join(token.content for token in tokens if token.type in ("html_block", "html_inline"))
    assert set(re.findall(r"</?(\w+)", html)) <= {"details", "summary"}
    assert "a | b <i>`" in [token.content for token in tokens if token.type == "code_inline"]
    fences = [token.content for token in tokens if token.type == "fence"]
    assert HOSTILE[2] + "\n" in fences


def flat(tokens: list[Token]) -> Iterator[Token]:
    """Yield tokens and those within them."""
    for token in tokens:
        yield token
        yield from flat(token.children or [])


# Markdown and JUnit


def test_markdown_fits_a_comment(results: Path, out: Path) -> None:
    """However much was found, the Markdown stays below what GitHub and Buildkite take, and says what is left out."""
    many = [finding(check=f"check {n}", received="ü|`<" * 900, curl="c" * 5000) for n in range(400)]
    write_shard(results, findings=many)
    write_reports(results, out)
    text = (out / "report.md").read_text(encoding="utf-8")
    assert len(text) <= 65_536
    assert len(text.encode()) < 1 << 20
    assert text.count("<details>") == text.count("</details>")
    shown = text.count("<summary>")
    assert shown > 5
    assert f"{400 - shown} more do not fit here" in text


CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}
ATTRIBUTES = {
    "testsuites": ({"name", "tests", "failures", "errors"}, {"time"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"time", "skipped", "timestamp"}),
    "testcase": ({"name", "classname", "time"}, set[str]()),
    "property": ({"name", "value"}, set[str]()),
    **dict.fromkeys(("failure", "error", "skipped"), ({"message", "type"}, set[str]())),
}
"""Of the elements of JUnit's schema, what each may hold, and the attributes that it must and may have."""


def test_junit_is_valid(results: Path, out: Path) -> None:
    """The JUnit report keeps to the schema, its counts are right, and each unit is one case of its kind's suite."""
    statuses = {"chains": ("skipped", "not now"), "fuzz list_packages": ("error", "no answer")}
    write_shard(
        results,
        units=UNITS[1:],
        findings=[finding(unit=UNITS[1]), finding(unit=UNITS[1], check="b")],
        statuses=statuses,
    )
    write_reports(results, out)
    root = junit(out)
    for element in root.iter():
        must, may = ATTRIBUTES.get(element.tag, (set(), set()))
        assert must <= set(element.attrib) <= must | may, element.tag
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set()), element.tag
    assert {suite.get("name"): suite.get("tests") for suite in root} == {"flow": "3", "fuzz": "3", "chains": "1"}
    outcome = {
        case.get("name"): [child.tag for child in case if child.tag != "system-out"] for case in root.iter("testcase")
    }
    assert outcome == {
        "registry_is_created": ["error"],
        "registry_keeps_what_is_not_sent": ["failure"],
        "package_is_copied": [],
        "create_registry": [],
        "get_registry": [],
        "list_packages": ["error"],
        "chains": ["skipped"],
    }
    for counted, tag in (("failures", "failure"), ("errors", "error")):
        for suite in root:
            assert int(suite.get(counted, "")) == len(list(suite.iter(tag)))
        assert int(root.get(counted, "")) == len(list(root.iter(tag)))
    failure = next(root.iter("failure"))
    for part in ("expected: a string", "received: 5", "openapi/registries.yaml:", "curl ", "likely culprit: emulator"):
        assert part in str(failure.text)
    assert "(and 1 more)" in failure.get("message", "")


# What people read


def test_the_page_says_it_all(results: Path, out: Path) -> None:
    """The page has the verdict, the run, and of a finding both sides, place, lines, culprit and steps, in order."""
    made = finding(place=ASSUMED, steps=("curl first", "curl second"))
    write_shard(results, findings=[made, made], statuses={"chains": ("skipped", "needs WRITE=1")})
    write_reports(results, out)
    page = (out / "index.html").read_text(encoding="utf-8")
    for part in (
        "<h1>1 way in which the emulator and the spec part.</h1>",
        "1234567890",
        "make contract SEED=1234567890",
        "2026-11-21 16:28:13 UTC",
        ">a string</pre>",
        ">5</pre>",
        "openapi/registries.yaml:",
        "Name of the registry in URLs",
        "likely: spec or emulator",
        "2 times",
        "$BUILDKITE_API_TOKEN",
        "curl second",
        "needs WRITE=1",
        "list_packages query.per_page",
    ):
        assert part in page, part
    headings = re.findall(r"<h[12][^>]*>([^<]*)", page)
    assert headings[1:] == [
        "The run",
        "Operations by check",
        "Findings",
        "Skipped",
        "Coverage of the spec",
        "Units",
    ]


def test_the_page_needs_nothing_else(results: Path, out: Path) -> None:
    """The page loads nothing, and its policy lets it load nothing."""
    write_shard(results, findings=varied_findings())
    write_reports(results, out)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in page
    assert not re.search(r"<(link|img|iframe|object|embed)\b|\s(src|srcset|action|style|on\w+)=|@import|url\(", page)
    assert set(re.findall(r'href="(.)', page)) == {"#"}


def test_a_finding_names_its_test_case(results: Path, out: Path) -> None:
    """Each form of the report for people names the file that was made of a finding."""
    made = finding(check="answer")
    path = write_shard(results, findings=[made], killed=True)
    case = {"event": "case", "file": "test_x.py", "unit": made.unit, "check": made.check, "place": made.place}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**case, "operation": made.operation}) + "\n")
    summary = write_reports(results, out).summary
    for text in (summary, *((out / name).read_text(encoding="utf-8") for name in ("index.html", "report.md"))):
        assert "found/test_x.py" in text


def test_the_summary_fits_a_terminal(results: Path, out: Path) -> None:
    """The summary is at most 80 columns wide, and has verdict, operations, findings and where the report is."""
    write_shard(results, findings=varied_findings())
    summary = write_reports(results, out).summary
    lines = summary.splitlines()
    assert lines[0] == "10 ways in which the emulator and the spec part."
    assert all(len(line) <= 80 for line in lines if str(out) not in line)
    assert re.search(r"^get_registry +167 +120 +47 +3$", summary, re.MULTILINE)
    assert all(re.search(rf"^{name} ", summary, re.MULTILINE) for name in SPEC.operations)
    assert "1. create_registry: value, likely spec or emulator" in lines
    assert str(out / "index.html") in summary


def test_nothing_is_half_written(results: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a report cannot be made, those of before stay as they are."""
    write_shard(results)
    write_reports(results, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    write_shard(results, findings=[finding()], seed=5)

    def fail(*_: object) -> str:
        raise RuntimeError("full")

    monkeypatch.setattr("scripts.contract.report.report.FORMS", {"index.html": lambda _: "new", "report.md": fail})
    with pytest.raises(RuntimeError, match="full"):
        write_reports(results, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_share_can_be_reported_on_by_itself(results: Path, out: Path) -> None:
    """A machine that did its share of a run gets a verdict about that share, whatever the others did."""
    write_shard(results, "2/8")
    assert write_reports(results, out).status == 2
    (share,) = results.glob("*.jsonl")
    assert write_reports(share, out).status == 0


def test_what_a_guard_kept_back_is_counted(results: Path, out: Path) -> None:
    """The report on a live run says how many requests were not sent, over all of its units."""
    path = write_shard(results)
    events = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept_back = [json.dumps({"event": "gateway", "unit": "chains", "refused": {"a": 2, "b": 1}}) + "\n"] * 2
    path.write_text("".join([events[0], *kept_back, *events[1:]]), encoding="utf-8")
    assert write_reports(results, out).status == 0
    assert "6 requests that might have changed" in (out / "index.html").read_text(encoding="utf-8")
