"""What the commands of contract runs do where they cannot run."""

from pathlib import Path
from types import ModuleType

import pytest

from buildkite_emulator.spec import Spec
from scripts.contract import __main__ as contract
from scripts.contract.live import __main__ as live
from scripts.contract.live import cleanup_command
from scripts.contract.live.settings import read_settings
from scripts.contract.mutants import MutantsError, load
from scripts.contract.mutants.declaring import pick
from scripts.contract.settings import BadSetting
from scripts.contract.units import all_units, picked

LIVE = {
    "BUILDKITE_API_TOKEN": "access-token-0123456789",
    "BUILDKITE_ORGANIZATION_SLUG": "my-org",
    "BUILDKITE_REST_API_ENDPOINT": "http://127.0.0.1:9",
}


@pytest.mark.parametrize(("name", "command"), {"contract": contract, "live": live, "clean-up": cleanup_command}.items())
def test_reports_that_cannot_be_written_are_no_drift(
    name: str, command: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a folder cannot be made the exit status is 2, and a sentence names the folder."""
    occupied = tmp_path / "reports"
    occupied.write_text("a file")
    for variable, value in {**(LIVE if name != "contract" else {}), "RESULTS": str(occupied)}.items():
        monkeypatch.setenv(variable, value)
    assert command.main() == 2
    told = capsys.readouterr().err
    assert str(occupied) in told
    assert "Traceback" not in told


WRONG = {
    "MAX_EXAMPLES": ("0", "-1", "1.5", "", " ", "\u0663", "nonsense"),
    "SEED": ("-1", "1e3", "", "nonsense"),
    "SHARD": ("9/8", "0/8", "", "nonsense"),
    "FUZZ_MINUTES": ("0", "0.0", "-1", "nan", "inf", ""),
    "FAIL_FAST": ("yes", "2", ""),
    "STORES": ("postgresql", ""),
    "ONLY": ("nope", ",", ""),
    "RESULTS": ("",),
}
SETTINGS = [(name, text) for name, texts in WRONG.items() for text in texts]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text"), SETTINGS)
def test_a_wrong_setting_is_refused_by_name(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value of a setting that cannot be right, be it empty, gives 2, with its name and what would be right."""
    for each in WRONG:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("RESULTS", str(tmp_path))
    monkeypatch.setenv(name, text)
    assert contract.main() == 2
    assert capsys.readouterr().err.startswith(f"make contract: {name} should ")
    assert not (tmp_path / "results").exists() or not list((tmp_path / "results").iterdir())


EMPTY = ("BUILDKITE_API_TOKEN", "BUILDKITE_REST_API_ENDPOINT", "BUILDKITE_API_TOKEN_READ_PACKAGES", "WRITE", "RATE")
WRONG_LIVE = [
    *((name, text, f"{name} should be .*, and is empty; leave it out") for name in EMPTY for text in ("", " \n")),
    *(
        ("RATE", text, f"RATE should be a number of requests a minute above 0, and is '{text}'")
        for text in ("0", "nan")
    ),
    ("SEED", "x", "SEED should be a whole number from 0, and is 'x'"),
    ("MAX_EXAMPLES", "0", "MAX_EXAMPLES should be a whole number from 1, and is '0'"),
    ("WRITE", "yes", "WRITE should be 1 or 0, and is 'yes'"),
    ("BUILDKITE_API_TOKEN", "a\nb", "BUILDKITE_API_TOKEN .*; it should be an API access token"),
    ("BUILDKITE_API_TOKEN_READ_PACKAGES", "a b", "BUILDKITE_API_TOKEN_READ_PACKAGES .*"),
    ("BUILDKITE_ORGANIZATION_SLUG", "my-org/x", "BUILDKITE_ORGANIZATION_SLUG should be a slug, such as my-org, and is"),
    ("BUILDKITE_REST_API_ENDPOINT", "http://api.buildkite.com", ".*plain http would show the token"),
    ("BUILDKITE_REST_API_ENDPOINT", "api", ".*should be the address of the API"),
    ("BUILDKITE_REST_API_ENDPOINT", "https://proxy.internal/x", ".*should have no path"),
]


@pytest.mark.parametrize(("name", "text", "told"), WRONG_LIVE)
def test_a_wrong_setting_of_a_live_run_is_refused_by_name(name: str, text: str, told: str) -> None:
    """The same holds of the settings of a live run, before anything is sent, and no message shows the token."""
    with pytest.raises(BadSetting, match=f"^{told}") as error:
        read_settings({**LIVE, name: text})
    assert LIVE["BUILDKITE_API_TOKEN"] not in str(error.value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "BUILDKITE_API_TOKEN and BUILDKITE_ORGANIZATION_SLUG are missing"),
        (["BUILDKITE_ORGANIZATION_SLUG"], "BUILDKITE_API_TOKEN is missing"),
    ],
)
def test_a_setting_that_is_missing_is_named(given: list[str], told: str) -> None:
    """A variable that a live run needs and that is not set is named."""
    with pytest.raises(BadSetting, match=told):
        read_settings({name: LIVE[name] for name in given})


def test_what_is_not_set_is_as_documented() -> None:
    """A live run reads the service itself at 40 requests a minute, unless it is told otherwise."""
    given = {name: value for name, value in LIVE.items() if name != "BUILDKITE_REST_API_ENDPOINT"}
    settings = read_settings({**given, "BUILDKITE_API_TOKEN_READ_PACKAGES": "one-scope"})
    assert settings.endpoint == Spec.load().document["servers"][0]["url"]
    assert (settings.writes, settings.per_minute, settings.resumes) == (False, 40, True)
    assert settings.scoped == {frozenset({"read_packages"}): "one-scope"}
    assert not any(secret in repr(settings) for secret in (LIVE["BUILDKITE_API_TOKEN"], "one-scope"))


def test_a_name_that_is_not_known_is_compared_with_those_that_are() -> None:
    """ONLY suggests the units, and the mutants, whose names are like the one that it names."""
    with pytest.raises(BadSetting, match="'flow registry_is_delted' is like 'flow registry_is_deleted'"):
        picked(all_units(), {"ONLY": "flow registry_is_delted"})
    with pytest.raises(BadSetting, match=r"'get_package' is like .*'fuzz get_package'"):
        picked(all_units(), {"ONLY": "get_package"})
    with pytest.raises(MutantsError, match="no mutant delete_package_keep_it; there are delete_package_keeps_it"):
        pick(load(), "delete_package_keep_it")
