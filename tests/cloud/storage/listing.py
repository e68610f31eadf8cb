"""Listing objects: by pages, prefix, delimiter and glob."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.cloud.storage.objects import Version

PAGE_SIZE = 1000
GLOB = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}


@dataclass
class Page:
    """Part of a listing; `next_token` is "" on the last one."""

    versions: list[Version] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next_token: str = ""


def page(versions: Sequence[Version], query: Mapping[str, str]) -> Page:
    """Return the page of `versions` (by name) that a query asks for."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    glob = glob_pattern(query["matchGlob"]) if query.get("matchGlob") else None
    # The Python client writes the truth with a capital.
    noncurrent = query.get("versions", "").lower() == "true"
    size = min(int(query.get("maxResults", PAGE_SIZE)), PAGE_SIZE)
    first = int(query.get("pageToken", "0"))
    found = Page()
    for number, version in enumerate(versions):
        name = version.name
        if number < first or not name.startswith(prefix) or (version.deleted and not noncurrent):
            continue
        if glob and not glob.fullmatch(name):
            continue
        folder, cut, _ = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if cut and found.prefixes[-1:] == [prefix + folder + cut]:
            continue
        if len(found.versions) + len(found.prefixes) == size:
            found.next_token = str(number)
            break
        if cut:
            found.prefixes.append(prefix + folder + cut)
        else:
            found.versions.append(version)
    return found


def glob_pattern(glob: str) -> re.Pattern[str]:
    """Return a glob as a regular expression: ** crosses slashes, * and ? do not."""
    tokens = re.findall(r"\*\*|\[[^]]*\]|.", glob)
    return re.compile(
        "".join(GLOB.get(t) or (t if t.startswith("[") else re.escape(t)) for t in tokens)
    )
