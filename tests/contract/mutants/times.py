"""Times that are told in another zone or in another form, the same everywhere."""

from collections.abc import Callable
from datetime import datetime, timedelta

from scripts.contract.mutants import Answer, Call, moment, mutant, put

PACKAGES = ("publish_package", "list_packages", "get_package", "copy_package")
TOKENS = ("create_registry_token", "list_registry_tokens", "get_registry_token", "update_registry_token")


def written(time: datetime) -> str:
    """Write a time as the API does."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moved(call: Call, name: str = "created_at", **by: int) -> Answer:
    """Tell each time as another one."""
    return put(call.forward(), name, lambda text: written(moment(text) + timedelta(**by)))


def spelt(call: Call, spell: Callable[[str], str], name: str = "created_at") -> Answer:
    """Write each time in another form."""
    return put(call.forward(), name, spell)


@mutant(PACKAGES, "The time of publication is that of another zone, with a Z.")
def publish_package_tells_time_elsewhere(call: Call) -> Answer:
    return moved(call, hours=10)


@mutant(TOKENS, "The time of a token's creation is that of another zone, with a Z.")
def create_registry_token_tells_time_elsewhere(call: Call) -> Answer:
    return moved(call, hours=-7)


@mutant(PACKAGES, "The time of publication is a day late.")
def publish_package_is_a_day_late(call: Call) -> Answer:
    return moved(call, days=1)


@mutant(PACKAGES, "The time of publication is told to the minute.")
def publish_package_tells_minutes(call: Call) -> Answer:
    return spelt(call, lambda text: f"{text[:17]}00.000Z")


@mutant(TOKENS, "The time of a token's creation is told to the hour.")
def create_registry_token_tells_hours(call: Call) -> Answer:
    return spelt(call, lambda text: f"{text[:14]}00:00.000Z")


@mutant(PACKAGES, "The time of publication is summer time, half an hour and more ahead.")
def publish_package_has_a_quarter_zone(call: Call) -> Answer:
    return moved(call, minutes=45)


@mutant(PACKAGES, "The time of publication has +00:00 rather than Z.")
def publish_package_writes_an_offset(call: Call) -> Answer:
    return spelt(call, lambda text: text.replace("Z", "+00:00"))


@mutant(TOKENS, "The time of a token's creation has +00:00 rather than Z.")
def create_registry_token_writes_an_offset(call: Call) -> Answer:
    return spelt(call, lambda text: text.replace("Z", "+00:00"))


@mutant(TOKENS, "The time when the creator of a token came has +00:00 rather than Z.")
def create_registry_token_writes_an_offset_of_users(call: Call) -> Answer:
    return spelt(call, lambda text: text.replace("Z", "+00:00"), "created_by.created_at")


@mutant(PACKAGES, "The time of publication is right, and told with the offset of another zone.")
def publish_package_writes_another_offset(call: Call) -> Answer:
    def shift(text: str) -> str:
        return (moment(text) + timedelta(hours=2)).isoformat(timespec="milliseconds").replace("+00:00", "+02:00")

    return spelt(call, shift)


@mutant(PACKAGES, "The time of publication has microseconds.")
def publish_package_tells_microseconds(call: Call) -> Answer:
    return spelt(call, lambda text: text.replace("Z", "000Z"))


@mutant(TOKENS, "The time of a token's creation has no milliseconds.")
def create_registry_token_tells_seconds(call: Call) -> Answer:
    return spelt(call, lambda text: f"{text[:19]}Z")


@mutant(PACKAGES, "The time of publication is written in lower case.")
def publish_package_writes_small_letters(call: Call) -> Answer:
    return spelt(call, str.lower)


@mutant(TOKENS, "Between the day and the time of a token's creation is a blank.")
def create_registry_token_separates_by_a_blank(call: Call) -> Answer:
    return spelt(call, lambda text: text.replace("T", " "))
