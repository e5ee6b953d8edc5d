"""Values in the paths of requests."""

import datetime
from urllib.parse import quote


def path_segment(name: str, value: object) -> str:
    """Encode a path parameter so that it stays one segment of the path.

    Args:
        name: name of the parameter.
        value: its value, written as JSON has it, without quotes.

    Raises:
        ValueError: the value is empty, which would name something else.
        TypeError: there is none.
    """
    if value is None:
        raise TypeError(f"{name} is None; it should name something")
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, datetime.date):  # a datetime is one too
        value = value.isoformat()
    segment = quote(str(value), safe="")
    if not segment:
        raise ValueError(f"{name} is empty; it should name something")
    return segment.replace(".", "%2E") if segment.strip(".") == "" else segment
