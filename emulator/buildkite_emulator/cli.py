"""The command `buildkite-emulator`."""

import argparse
import re
import signal
import socket
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import NoReturn

from buildkite_emulator.spec import Spec

USAGE_ERROR = 2
HIGHEST_PORT = 65_535


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the error and exit with status 2."""
        fail(message)


def fail(message: str) -> NoReturn:
    """Print one line on standard error and exit with status 2."""
    print(f"buildkite-emulator: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(USAGE_ERROR)


def organization(text: str) -> str:
    """Read the slug of an organization."""
    if not re.fullmatch("[a-z0-9_-]{1,100}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no slug; use lower-case letters, digits, - and _")
    return text


def token(text: str) -> tuple[str, frozenset[str], frozenset[str] | None]:
    """Read ``TOKEN``, ``TOKEN=SCOPE,SCOPE``, ``TOKEN=SCOPE,SCOPE@ORGANIZATION,...`` or ``TOKEN=@ORGANIZATION,...``."""
    name, equals, rest = text.partition("=")
    listed, at, slugs = rest.partition("@")
    known = Spec.load().scopes
    scopes = known if not equals or (at and not listed) else frozenset(filter(None, listed.split(",")))
    if not re.fullmatch(r"[!-<>-~]+", name):
        raise argparse.ArgumentTypeError("a token needs at least one printable character, and no space or =")
    if unknown := ", ".join(sorted(scopes - known)):
        raise argparse.ArgumentTypeError(f"unknown scope {unknown}; the scopes are {', '.join(sorted(known))}")
    return name, scopes, frozenset(map(organization, slugs.split(","))) if at else None


def host_name(text: str) -> str:
    """Read a name or an address of a host, without a port."""
    try:
        return str(ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?", text):
            raise argparse.ArgumentTypeError(f"{text!r} is no host; use a name or an address without a port") from None
        return text


def size(text: str) -> int:
    """Read a number of bytes."""
    if not re.fullmatch("[0-9]{1,18}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes above 0")
    return int(text)


def count(text: str) -> int:
    """Read how many processes there are to be."""
    if not re.fullmatch("[0-9]{1,3}", text) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; use 1 to 999")
    return int(text)


def rate_limit(text: str) -> tuple[int, int]:
    """Read ``ORG/USER``, two numbers of requests."""
    found = re.fullmatch("([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate limit; use ORG/USER, requests a minute, such as 200/50")
    return int(found[1]), int(found[2])


def oidc_issuer(text: str) -> tuple[str, str]:
    """Read ``URL=JWKS_FILE_OR_URL``."""
    url, equals, location = text.partition("=")
    if not re.fullmatch(r"https?://[!-~]+", url) or not equals or not location:
        raise argparse.ArgumentTypeError(f"{text!r} is no issuer; use URL=FILE or URL=URL of its JSON Web Key Set")
    return url, location


def port(text: str) -> int:
    """Read the number of a port."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; use 0 to {HIGHEST_PORT}")
    return int(text)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(prog="buildkite-emulator", description="Emulates the Buildkite Package Registries REST API.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=port, default=8787, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--allow-host",
        type=host_name,
        action="append",
        default=[],
        metavar="NAME",
        help="a further name or address that requests may be sent to, and whose pages may send some; may be repeated",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder to keep all in (default: in memory)")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="sqlite:///PATH or postgresql://USER@HOST/NAME (default: in the folder of --data)",
    )
    parser.add_argument(
        "--blobs",
        metavar="URL",
        help="file:///FOLDER, s3://BUCKET/PREFIX or memory:/// for packages' bytes (default: in the folder of --data)",
    )
    parser.add_argument(
        "--workers",
        type=count,
        default=1,
        metavar="N",
        help="processes; more than one need PostgreSQL and lasting blobs (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=Path,
        metavar="FILE",
        help="YAML file of what there is at the start and after a reset (default: an organization and a token)",
    )
    parser.add_argument(
        "--organization",
        type=organization,
        action="append",
        metavar="SLUG",
        help="an organization that exists; may be repeated (default: my-org)",
    )
    parser.add_argument(
        "--token",
        type=token,
        action="append",
        metavar="TOKEN[=[SCOPE,...][@SLUG,...]]",
        help="an access token, with every scope and for every organization unless some are listed; may be repeated "
        "(default: emulator)",
    )
    parser.add_argument(
        "--max-upload-size",
        type=size,
        metavar="BYTES",
        help="what an uploaded file may have (default: 5 GiB)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse properties, parameters and form fields that the spec does not know",
    )
    parser.add_argument(
        "--rate-limit",
        type=rate_limit,
        metavar="ORG/USER",
        help="requests a minute that an organization and a user may make, such as 200/50 (default: no limit)",
    )
    parser.add_argument(
        "--oidc-issuer",
        type=oidc_issuer,
        action="append",
        default=[],
        metavar="URL=JWKS_FILE_OR_URL",
        help="an issuer whose OIDC tokens are accepted, with the file or URL of its keys; may be repeated (default: "
        "those that the emulator makes)",
    )
    return parser.parse_args(arguments)


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the emulator until SIGTERM or SIGINT.

    Returns:
        0 after an orderly end, and 1 where one of several processes could not start. What is wrong with the command
        line, the port or the folder ends with status 2 and one line on standard error.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the server has its own way to end
    options = parse(arguments)
    try:
        from buildkite_emulator.errors import StoreError  # noqa: PLC0415
        from buildkite_emulator.oidc.issuers import IssuerError, read_issuers  # noqa: PLC0415
        from buildkite_emulator.seeds import SeedError  # noqa: PLC0415
        from buildkite_emulator.server import DEFAULT_MAX_UPLOAD_SIZE, Server, build, prepare_seed  # noqa: PLC0415 - what the extra brings
        from buildkite_emulator.workers import Workers, log_to_stderr  # noqa: PLC0415
    except ModuleNotFoundError as error:
        fail(f"{error.name} is missing; install buildkite-packages[emulator]")
    log_to_stderr()
    try:
        issuers = read_issuers(options.oidc_issuer)
    except IssuerError as error:
        fail(str(error))
    try:
        listener = listen(options.host, options.port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such host"
        fail(f"cannot listen on {options.host[:80]} port {options.port}: {reason}")
    settings = {
        "data": options.data,
        "database": options.database,
        "blobs": options.blobs,
        "max_upload_size": options.max_upload_size or DEFAULT_MAX_UPLOAD_SIZE,
        "strict": options.strict,
        "rate_limit": options.rate_limit,
        "allowed_hosts": options.allow_host,
        "listens_on": options.host,
        "oidc_issuers": issuers,
    }
    try:
        tokens = {name: scopes for name, scopes, _ in options.token} if options.token else None
        slugs = {name: slugs for name, _, slugs in options.token or () if slugs is not None}
        settings["seed"] = prepare_seed(options.seed, options.organization, tokens, token_organizations=slugs)
        emulator = build(**settings)
    except (SeedError, StoreError) as error:
        fail(str(error))
    if emulator.database.is_lasting != emulator.blobs.is_lasting:
        fail("--database and --blobs should both last or both be in memory; give the other one, too, or --data")
    host, bound = listener.getsockname()[:2]
    url = f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
    if options.workers > 1:
        if not (emulator.database.is_shared and emulator.blobs.is_lasting):
            fail("several processes need a PostgreSQL --database and --blobs in a folder or on S3")
        emulator.close()  # it has shown that all can be opened
        workers = Workers(options.workers, listener, settings, lambda: print(url, flush=True))
        workers.run()
        return int(workers.has_failed)
    try:
        Server(emulator.app, lambda: print(url, flush=True)).run([listener])
    finally:
        emulator.close()
    return 0
