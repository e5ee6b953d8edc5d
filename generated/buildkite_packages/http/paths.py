"""Values in the paths of requests."""

import datetime
from urllib.parse import quote


def path_segment(name: str, value: object) -> str:
    """Encode a path parameter so that it stays one segment of the path.

    Args:
        name: name of the parameter.
        value: its value, written as JSON has it, without quotes.

    Raises:
        ValueError: the value is empty, `.` or `..`, which would name something else: proxies and servers remove such
            segments, also encoded ones, as section 5.2.4 of RFC 3986 has it.
        TypeError: there is none.
    """
    if value is None:
        raise TypeError(f"{name} is None; it should name something")
    if isinstance(value, bool):
        value = str(value).lower()
    elif isinstance(value, datetime.date):  # a datetime is one too
        value = value.isoformat()
    segment = quote(str(value), safe="")
    if segment in {"", ".", ".."}:
        raise ValueError(f"{name} is {segment!r}, which no path can hold; it should name something")
    return segment
