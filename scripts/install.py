"""Install this repository and what it needs: ``python -m scripts.install dev``, with the names of extras.

uv installs in seconds what takes pip a minute or two. It is used where the package index has it; where it is missing or
fails, pip does the work. uv does not read pip's configuration, so its index is passed on through the environment, which
shows no credentials.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping

from scripts import ROOT

PIP = (sys.executable, "-m", "pip")
UV = (sys.executable, "-m", "uv", "pip")
QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_WARN_SCRIPT_LOCATION": "1"}
FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}
"""Options of pip, and the environment variables in which uv takes the same."""

SECTIONS = ("global", "install", ":env:")
"""Sections of pip's configuration. A later one overrides an earlier one, as in pip."""


def configured() -> dict[str, str]:
    """Read pip's configuration, its environment variables included; returns it by name of the option."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False).stdout
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found and name in FROM_PIP:
            found[section][name] = str(ast.literal_eval(value))
    return found["global"] | found["install"] | found[":env:"]


def uv_environment(options: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Give uv the index that pip is configured with; what is set for uv already has precedence.

    Args:
        options: pip's, by name.
        environment: of this process.
    """
    made = {FROM_PIP[name]: " ".join(value.split()) for name, value in options.items()}
    if "find-links" in options:
        made["UV_FIND_LINKS"] = ",".join(options["find-links"].split())  # uv splits this one at commas
    if "extra-index-url" in options:
        made["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip has it: the best version of all indexes
    return made | dict(environment)


def install(extras: str) -> int:
    """Install the repository, editable, with extras; returns the exit status."""
    arguments = ["install", "--constraint", "constraints.txt", "--editable", f".[{extras}]"]
    environment = os.environ | QUIET
    uv = [*PIP, "install", "--quiet", "--constraint", "constraints.txt", "uv"]
    if subprocess.run(uv, cwd=ROOT, env=environment, capture_output=True, check=False).returncode == 0:
        ours = uv_environment(configured(), environment)
        command = [*UV, arguments[0], "--python", sys.executable, *arguments[1:]]
        if subprocess.run(command, cwd=ROOT, env=ours, check=False).returncode == 0:
            return 0
        print("uv could not install; pip tries it, which takes a minute or two", file=sys.stderr)
    else:
        print("the package index has no uv; pip installs, which takes a minute or two", file=sys.stderr)
    return subprocess.run([*PIP, *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(install(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)  # as shells have it
