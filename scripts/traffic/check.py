"""Check recorded traffic against the spec: ``python -m scripts.traffic.check FILE.har``.

Each answer of the API in an HTTP Archive is compared with the bundle; what does not fit is printed once, without
secrets. With ``--out`` a copy of the archive is written, from which the tokens are removed.
"""

import argparse
import contextlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from buildkite_packages.client import is_loopback
from buildkite_packages.drift import Checker, Drift
from buildkite_packages.errors import ConfigurationError
from buildkite_packages.spec import SERVER
from scripts.traffic.har import Entry, HarError, entries, read
from scripts.traffic.redaction import Redaction

FITS, DRIFTS, COULD_NOT_RUN = range(3)
"""The exit statuses."""

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Target:
    """Where the API is.

    Attributes:
        base_url: its address; "" for the service itself and for whatever is on this machine.
        below: the path that all its paths begin with.
    """

    base_url: str
    below: str

    @classmethod
    def of(cls, paths: Sequence[str], base_url: str) -> "Target":
        """Read an address.

        Args:
            paths: templates of the paths of the spec.
            base_url: the address, or "".

        Raises:
            HarError: it is no address.
        """
        given = address(base_url or SERVER)
        if given is None:
            raise HarError(f"BASE_URL is {base_url!r}; it should be the address of the API, such as {SERVER}")
        steps = zip(*(path.split("/") for path in paths), strict=False)
        common = takewhile(lambda parts: len(set(parts)) == 1 and parts[0][:1] != "{", steps)
        return cls(base_url, "/".join(parts[0] for parts in common))

    def path(self, url: str) -> str | None:
        """Give the path that a request has in the spec; None where it is for another host or another API."""
        found, mine = address(url), address(self.base_url or SERVER)
        if found is None or mine is None:
            return None
        is_here = place(found) == place(mine) or (not self.base_url and is_loopback(found.hostname or ""))
        prefix = mine.path.rstrip("/")
        path = found.path.removeprefix(prefix)
        is_below = found.path.startswith(prefix) and (path + "/").startswith(f"{self.below}/")
        return path if is_here and is_below else None


@dataclass
class Sighting:
    """A drift that was seen: the first of its kind, how often, and the number of the first entry."""

    drift: Drift
    times: int
    entry: int


class Traffic:
    """What was found in some traffic.

    Args:
        checker: compares.
        target: tells the API's requests from others.
        redaction: hides secrets.
    """

    def __init__(self, checker: Checker, target: Target, redaction: Redaction) -> None:
        self._checker = checker
        self._target = target
        self._redaction = redaction
        self.checked = 0
        self.without_body = 0
        self.passed_over: Counter[str] = Counter()
        self.seen: dict[tuple[str, ...], Sighting] = {}

    def check(self, entry: Entry) -> None:
        """Check an answer, or pass it over."""
        path = self._target.path(entry.url)
        if path is None:
            self.passed_over["of other hosts or APIs"] += 1
        elif entry.method == "OPTIONS" and "access-control-request-method" in entry.request_headers:
            self.passed_over["preflights"] += 1
        elif not entry.status:
            self.passed_over["without an answer"] += 1
        else:
            self.checked += 1
            self.without_body += entry.content is None
            for drift in self._drifts(entry, path):
                self.seen.setdefault(drift.key, Sighting(drift, 0, entry.number)).times += 1

    def _drifts(self, entry: Entry, path: str) -> list[Drift]:
        """Compare an answer with the spec; its body only where that was recorded."""
        found = self._checker.check(
            entry.method,
            entry.url,
            entry.status,
            entry.headers,
            entry.content or b"",
            operation=self._checker.match(entry.method, path),
            mask=self._redaction.text,
        )
        return [drift for drift in found if entry.content is not None or drift.kind != "body"]

    def report(self) -> list[str]:
        """Say what was found, in lines."""
        lines = []
        for each in self.seen.values():
            often = "once, in" if each.times == 1 else f"{each.times} times, first in"
            lines += [str(each.drift), f"    {often} entry {each.entry}"]
        passed_over = ", ".join(f"{count} {why}" for why, count in self.passed_over.items())
        drifts = f"{len(self.seen) or 'no'} drift{'s' if len(self.seen) > 1 else ''}"
        skipped = f"{self.passed_over.total()} skipped" + (f" ({passed_over})" if passed_over else "")
        checked = f"{self.checked} answer{'' if self.checked == 1 else 's'} checked"
        if self.without_body:
            checked += f" ({self.without_body} without the body, which was not recorded)"
        return [*lines, f"{checked}, {drifts}; {skipped}"]


def address(url: str) -> SplitResult | None:
    """Take an address of HTTP apart; None where it is none."""
    with contextlib.suppress(ValueError):
        split = urlsplit(url)
        if split.scheme in PORTS and split.hostname and split.port != 0:
            return split
    return None


def place(url: SplitResult) -> tuple[str | None, int | None]:
    """Give host and port of an address."""
    return url.hostname, url.port or PORTS[url.scheme]


def write(document: Any, out: Path, source: Path) -> None:
    """Write a HAR, as a whole or not at all.

    Args:
        document: its JSON.
        out: the file to write.
        source: the file that must not be written.

    Raises:
        HarError: it cannot be written there.
    """
    if out.exists() and out.samefile(source):
        raise HarError(f"OUT is {out}, the recording itself; give the copy another name")
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=out.parent, delete=False) as file:
            try:
                json.dump(document, file, indent=2)
                file.close()
                Path(file.name).replace(out)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise HarError(f"OUT is {out}, which cannot be written: {error.strerror or error}") from error


def check(har: str, base_url: str, out: str) -> Traffic:
    """Check a file, and write the copy of it where one is asked for.

    Args:
        har: the file.
        base_url: address of the API, or "".
        out: the file for the copy, or "".

    Raises:
        HarError: it cannot be checked, or the copy cannot be written.
        ConfigurationError: jsonschema-rs is not installed.
    """
    if not har:
        raise HarError("HAR is missing; say which file holds the traffic: make check-traffic HAR=traffic.har")
    source = Path(har)
    document = read(source)
    recorded = entries(document)
    checker = Checker.load()
    redaction = Redaction(document, checker.secrets)
    traffic = Traffic(checker, Target.of(checker.paths, base_url), redaction)
    for entry in recorded:
        traffic.check(entry)
    if out:
        write(redaction.clean(document), Path(out), source)
    if not traffic.checked:
        where = base_url or SERVER
        raise HarError(f"{har} has no answer of {where} to check; BASE_URL= names another API. {traffic.report()[-1]}")
    return traffic


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a file.

    Args:
        arguments: of the command; None for those of this process.

    Returns:
        0 where all answers fit, 1 where there is drift, 2 where nothing could be checked.
    """
    parser = argparse.ArgumentParser(description="Check the answers in a HAR file against the spec.")
    parser.add_argument("har", nargs="?", default="", help="the file")
    parser.add_argument("--base-url", default="", help=f"address of the API; by default {SERVER}, or this machine")
    parser.add_argument("--out", default="", help="file for a copy without tokens")
    options = parser.parse_args(arguments)
    try:
        traffic = check(options.har, options.base_url, options.out)
    except (HarError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN
    print("\n".join(traffic.report()))
    return DRIFTS if traffic.seen else FITS


if __name__ == "__main__":
    sys.exit(main())
