"""OIDC tokens of the Buildkite agent, for the packages of a registry."""

import re
import shutil
import subprocess

from .errors import ConfigurationError, PackageRegistriesError
from .http.masking import HIDDEN
from .spec import OIDC_AUDIENCE, OIDC_LIFETIME

AGENT = "buildkite-agent"
"""The command, which Buildkite jobs have on their `PATH`."""

JWT = re.compile(r"eyJ[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]*)*")
"""An OIDC token."""

PATIENCE = 60
"""Seconds that the command may take."""

LONGEST_REASON = 1000
"""Characters of the command's standard error that an error repeats."""


class AgentToken:
    """Gives OIDC tokens for a registry by running ``buildkite-agent oidc request-token``.

    Args:
        organization: slug of the organization.
        registry: slug of the registry.
    """

    def __init__(self, organization: str, registry: str) -> None:
        self.audience = OIDC_AUDIENCE.format(org_slug=organization, registry_slug=registry)

    def __call__(self) -> str:
        """Request a token.

        Raises:
            ConfigurationError: the command is not installed.
            PackageRegistriesError: it fails; the message has its standard error.
        """
        program = shutil.which(AGENT)
        if program is None:
            raise ConfigurationError(f"token comes from {AGENT}, which is not on the PATH; run this in a Buildkite job")
        asked = ("--audience", self.audience, "--lifetime", str(OIDC_LIFETIME))
        fault = ""
        try:
            done = subprocess.run(
                [program, "oidc", "request-token", *asked],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            fault = f"did not end within {PATIENCE} s"
        except OSError as error:
            fault = f"cannot be run: {error.strerror}"
        else:
            token = done.stdout.decode(errors="replace").strip()
            if done.returncode == 0 and token:
                return token
            said = JWT.sub(HIDDEN, " ".join(done.stderr.decode(errors="replace").split()))  # it may log its requests
            said = said[-LONGEST_REASON:] or "it does not say why"
            fault = f"gave no token: {said}" if done.returncode == 0 else f"ended with {done.returncode}: {said}"
        raise PackageRegistriesError(f"{AGENT} oidc request-token {fault}")
