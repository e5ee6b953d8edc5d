"""A report as a page that needs nothing but itself."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from scripts.contract.report.content import Report
from scripts.contract.report.text import amount

TEMPLATES = Path(__file__).with_name("templates")
MOST_GROUPS = 200
"""Findings that are written out."""


def render(report: Report) -> str:
    """Write the page. All text in it is escaped, and its policy lets nothing run, load or be sent but what is its own.

    Args:
        report: what to say.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html.jinja"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"amount": amount, "breakable": breakable}
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "copy.js").read_text(encoding="utf-8")
    return environment.get_template("index.html.jinja").render(
        report=report,
        run=report.run,
        verdict=report.verdict,
        groups=report.groups[:MOST_GROUPS],
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'",
    )


def breakable(name: str) -> Markup:
    """Let a name go on in another line after each underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))


def digest(text: str) -> str:
    """Write the digest of an inline style or script as a Content Security Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
