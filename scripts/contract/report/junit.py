"""A report as JUnit, for what collects test results: Buildkite's Test Engine, GitLab, GitHub's reporters.

The document keeps to the schema that Jenkins has for it, ``junit-10.xsd``, and to what the older one of Apache Ant asks
of a test case: a class name, a time, and at most one result.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from scripts.contract.report.content import Group, Report
from scripts.contract.report.text import amount, cut
from scripts.contract.results import Status

LONGEST_MESSAGE = 300
LONGEST_PART = 100
"""Characters of a text within a message."""
MOST_GROUPS = 20
"""Findings that are written out for one unit."""

RESULTS = {"failure": "failures", "error": "errors", "skipped": "skipped"}
"""The elements of a test case that did not pass, and the attributes of the suite that count them."""


def render(report: Report) -> str:
    """Write a test suite for each kind of unit, and in it a test case for each unit.

    A unit that did not come to its end is an error.

    Args:
        report: what to say.
    """
    cases: dict[str, list[Element]] = {}
    found = (name for group in report.groups for name in group.units)
    for name in dict.fromkeys((*report.run.all_units, *report.run.units, *found)):
        cases.setdefault(name.partition(" ")[0], []).append(unit_case(name, report))
    if not cases:
        cases["run"] = [case("run", "contract", 0, result("error", "could_not_run", report.verdict.sentence))]
    document = Element("testsuites", name="contract")
    document.extend(suite(kind, those, report) for kind, those in cases.items())
    if report.notices:
        text = "\n".join(map(str, report.notices))
        SubElement(document[0], "system-out").text = f"The API announces, which is no finding:\n{text}"
    for name in ("tests", "failures", "errors"):
        document.set(name, str(sum(int(each.get(name, 0)) for each in document)))
    indent(document)
    return tostring(document, encoding="unicode", xml_declaration=True) + "\n"


def suite(kind: str, cases: Sequence[Element], report: Report) -> Element:
    """Write the test suite of a kind of unit."""
    counts = Counter(child.tag for each in cases for child in each)
    seconds = sum(float(each.get("time", 0)) for each in cases)
    made = Element("testsuite", name=kind, tests=str(len(cases)), time=f"{seconds:.3f}")
    for element, attribute in RESULTS.items():
        made.set(attribute, str(counts[element]))
    if report.run.head:
        made.set("timestamp", str(report.run.head["started"]))
    properties = SubElement(made, "properties")
    for name, value in report.facts.items():
        SubElement(properties, "property", name=name.lower(), value=value)
    made.extend(cases)
    return made


def unit_case(name: str, report: Report) -> Element:
    """Write the test case of a unit."""
    unit = report.run.units.get(name)
    kind, _, rest = name.partition(" ")
    groups = [group for group in report.groups if name in group.units]
    outcome = None
    if groups:
        more = f" (and {len(groups) - 1:,} more)" if len(groups) > 1 else ""
        outcome = result("failure", groups[0].finding.check, headline(groups[0]) + more, "\n\n".join(written(groups)))
    elif unit is None:
        outcome = result("error", "incomplete", "It did not come to its end.")
    elif unit.status is Status.ERROR:
        outcome = result("error", "could_not_run", unit.reason)
    elif unit.status is Status.SKIPPED:
        outcome = result("skipped", "skipped", unit.reason)
    return case(rest or name, f"contract.{kind}", unit.seconds if unit else 0, outcome, unit.sentence if unit else "")


def case(name: str, class_name: str, seconds: float, outcome: Element | None, output: str = "") -> Element:
    """Write a test case."""
    made = Element("testcase", name=name, classname=class_name, time=f"{seconds:.3f}")
    if outcome is not None:
        made.append(outcome)
    if output:
        SubElement(made, "system-out").text = output
    return made


def result(element: str, kind: str, message: str, text: str = "") -> Element:
    """Write how a test case ended that did not pass."""
    made = Element(element, type=kind, message=cut(message, LONGEST_MESSAGE))
    made.text = text or None
    return made


def headline(group: Group) -> str:
    """Say in a line what was found."""
    expected, received = (
        cut(re.sub(r"\s*[\r\n\t]+\s*", " ", text), LONGEST_PART)
        for text in (group.finding.expected, group.finding.received)
    )
    return f"{group.operation}: expected {expected}; received {received}"


def written(groups: Sequence[Group]) -> Iterator[str]:
    """Write findings out."""
    for group in groups[:MOST_GROUPS]:
        yield "\n".join(lines(group))
    if len(groups) > MOST_GROUPS:
        yield f"and {amount(len(groups) - MOST_GROUPS, 'more finding')}"


def lines(group: Group) -> Iterable[str]:
    """Write a finding as lines."""
    finding = group.finding
    yield f"{finding.check} in {group.operation}" + (f", {group.count:,} times" if group.count > 1 else "")
    yield f"expected: {finding.expected}"
    yield f"received: {finding.received}"
    if group.place.pointer:
        yield f"place: {group.place} {group.place.pointer}"
    yield f"likely culprit: {group.culprit.name}. {group.culprit.why}"
    yield from (f"before: {step}" for step in finding.steps)
    if finding.curl:
        yield f"reproduce: {finding.curl}"
