"""Values of a task's data, named as labeling configs name them: $image, $photo.url, $pages[0]."""

import re
from collections.abc import Mapping
from typing import Any

# The pattern of Label Studio's editor (web/libs/editor/src/utils/data.js, parseValue).
_VARIABLE = re.compile(r"\$[\w\[\].{}]+")
_KEYS = re.compile(r"[^.\[\]]+")


def resolve(value: str, data: Mapping[str, Any]) -> Any:
    """Return what a tag's attribute shows of a task's data.

    A value that is one variable gives what is there, of whatever type, or None. Other values are
    text in which each variable is replaced ("https://host/$name.jpg").
    """
    if _VARIABLE.fullmatch(value):
        return _get(value[1:], data)
    return _VARIABLE.sub(lambda found: str(_get(found[0][1:], data) or ""), value)


def _get(path: str, data: Mapping[str, Any]) -> Any:
    """lodash's `get`, with which the editor reads: a key that is spelt like the whole path counts
    before the path.
    """
    if path in data:
        return data[path]
    found: Any = data
    for key in _KEYS.findall(path):
        if isinstance(found, Mapping) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found
