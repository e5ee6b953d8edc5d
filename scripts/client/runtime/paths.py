"""Values in the paths of requests."""

from urllib.parse import quote


def path_segment(name: str, value: object) -> str:
    """Encode a path parameter so that it stays one segment of the path.

    Args:
        name: name of the parameter.
        value: its value, written as `str` does.

    Raises:
        ValueError: the value is empty, which would name something else.
    """
    segment = quote(str(value), safe="")
    if not segment:
        raise ValueError(f"{name} is empty; it should name something")
    return segment.replace(".", "%2E") if segment.strip(".") == "" else segment
