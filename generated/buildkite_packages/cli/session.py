"""The settings of a run, the client that is made with them, and errors as sentences."""

import logging
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from ..environment import ORGANIZATION, VARIABLES
from ..openapi import PACKAGE
from . import text
from .exit_status import INTERRUPTED

if TYPE_CHECKING:
    from ..http.retries import Wait
    from ..package_registries import PackageRegistries

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables of the environment that httpx reads; those for proxies in small letters too."""

SPOKEN = {
    "base_url": "--base-url",
    "organization is ": "--organization is ",
    "allow_http=True": "--allow-http",
}
"""What the client's messages call a setting, as the command line has it."""


class Failure(click.ClickException):
    """What was asked for could not be done. Exit status 1."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's own signature
        """Print it as a line."""
        text.warn(self.message)


class WrongSettings(Failure):
    """A setting is missing or wrong. Exit status 2."""

    exit_code = 2


class Settings(NamedTuple):
    """What the options before a command say.

    Attributes:
        organization: slug of the organization; None to take the environment's.
        base_url: address of the API; None to take the environment's, or the service's.
        oidc: whether to take OIDC tokens of the Buildkite agent.
        registry: slug of the registry that the command is about; None where it is about no particular one.
        allow_http: whether to talk plain HTTP to another machine.
        timeout: seconds that a single wait may take; None for the client's own bounds.
        attempts: how often a request is tried at most; None for the client's own bound.
        quiet: whether to print results and errors only.
        verbose: whether to print each wait.
    """

    organization: str | None = None
    base_url: str | None = None
    oidc: bool = False
    registry: str | None = None
    allow_http: bool = False
    timeout: float | None = None
    attempts: int | None = None
    quiet: bool = False
    verbose: bool = False

    @contextmanager
    def client(self, on_wait: "Callable[[Wait], None] | None" = None) -> "Generator[PackageRegistries, None, None]":
        """Make a client, whose errors become sentences.

        Args:
            on_wait: called before each wait, in the thread that waits; by default a line is printed on a terminal.

        Raises:
            Failure: as the body of the `with` fails.
            WrongSettings: a setting is missing or wrong.
        """
        from ..agent import AgentToken  # noqa: PLC0415
        from ..http.retries import Retry  # noqa: PLC0415
        from ..package_registries import PackageRegistries  # noqa: PLC0415 - slow to import, and --help does without

        given: dict[str, Any] = {
            name: value
            for name in ("organization", "base_url", "timeout")
            if (value := getattr(self, name)) is not None
        }
        if self.oidc:
            organization = self.organization or os.environ.get(ORGANIZATION, "")
            given["token"] = AgentToken(organization, self.registry or "")
        retry = Retry(on_wait=on_wait or self.tell_wait)
        if self.attempts is not None:
            retry = Retry(attempts=self.attempts, on_wait=retry.on_wait)
        with told():
            if self.verbose:
                log_to_stderr()
            made = PackageRegistries.from_env(allow_http=self.allow_http, retry=retry, **given)
            check_environment(made)
            with made:
                yield made

    def tell_wait(self, wait: "Wait") -> None:
        """Tell that the command waits, where it might seem to hang; the log does it where that is wanted."""
        if not self.quiet and not self.verbose and text.is_terminal(sys.stderr):
            text.tell(f"waiting {wait.seconds:.0f} s to try again: {text.safe(sentence(wait.reason))}")


@contextmanager
def told() -> Generator[None, None, None]:
    """Turn errors that are no bugs of this package into sentences.

    Raises:
        Failure: it went wrong.
        WrongSettings: a setting is missing or wrong.
    """
    import httpx  # noqa: PLC0415 - slow to import

    from ..errors import ConfigurationError, PackageRegistriesError  # noqa: PLC0415

    try:
        yield
    except ConfigurationError as error:
        raise WrongSettings(sentence(error)) from None
    except BrokenPipeError:
        raise  # the output is closed; click ends quietly
    except (PackageRegistriesError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        raise Failure(sentence(error)) from None


def check_environment(client: "PackageRegistries") -> None:
    """Check that the proxies and certificates of the environment can be used. What they say may hold a password.

    Raises:
        WrongSettings: they cannot.
    """
    import httpx  # noqa: PLC0415 - slow to import

    try:
        client.client.get_httpx_client()
    except OSError:  # that of TLS is one too
        raise WrongSettings(f"the certificates cannot be read; see {named(CERTIFICATES)}") from None
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        why = "SOCKS needs httpx[socks] to be installed" if isinstance(error, ImportError) else "it should be a URL"
        raise WrongSettings(f"the proxy cannot be used, {why}; see {named(PROXIES)}") from None


def named(variables: tuple[str, ...]) -> str:
    """Name those variables that are set, in the letters in which they are."""
    return ", ".join(name for name in os.environ if name.upper() in variables and os.environ[name])


def sentence(error: BaseException) -> str:
    """Say in a line what an error says."""
    import httpx  # noqa: PLC0415 - slow to import

    from ..errors import PackageRegistriesError  # noqa: PLC0415

    said = " ".join(str(error).split())
    if isinstance(error, httpx.RequestError):
        try:
            where = f" from {error.request.url.scheme}://{error.request.url.netloc.decode('ascii', 'replace')}"
        except RuntimeError:  # it has no request
            where = ""
        said = f"no answer{where}: {said or type(error).__name__}"
    elif isinstance(error, OSError) and error.strerror:
        said = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    elif isinstance(error, PackageRegistriesError):
        for name, variable in VARIABLES.items():
            said = said.replace(f"{variable}: {name} ", f"{variable} ")
        for name, spoken in SPOKEN.items():
            said = said.replace(name, spoken)
    notes = getattr(error, "__notes__", [])
    return "; ".join([said or type(error).__name__, *notes])


def log_to_stderr() -> None:
    """Let the client's log lines through."""
    logger = logging.getLogger(PACKAGE)
    if not any(isinstance(handler, StderrLog) for handler in logger.handlers):
        logger.addHandler(StderrLog())
    logger.setLevel(logging.INFO)


class StderrLog(logging.Handler):
    """Prints log lines as everything else is printed."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line."""
        text.tell(text.safe(record.getMessage()))


def interrupted(message: str) -> NoReturn:
    """End after Ctrl-C, saying what was done."""
    text.tell(f"\nInterrupted. {message}".rstrip(" "))
    raise click.exceptions.Exit(INTERRUPTED)


def is_interactive() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
