"""How the metadata server writes its tree: listings, values, recursive JSON and text.

https://cloud.google.com/compute/docs/metadata/querying-metadata
"""

import hashlib
import json
import re
from typing import Any

Tree = dict[str, Any] | list[Any]


class NoSuchPathError(Exception):
    """There is nothing at that path."""


def at(tree: Any, path: str) -> Any:
    """Return the part of the tree that a path below computeMetadata/v1/ names."""
    for part in (part for part in path.split("/") if part):
        try:
            tree = tree[int(part)] if isinstance(tree, list) else tree[part]
        except (KeyError, IndexError, ValueError, TypeError) as missing:
            raise NoSuchPathError(path) from missing
    return tree


def listing(tree: Tree) -> str:
    """Return a directory: one name a line, those of directories with a slash."""
    if isinstance(tree, dict):
        named = list(tree.items())
    else:
        named = [(str(index), value) for index, value in enumerate(tree)]
    return "".join(f"{name}{'/' if is_folder(name, value) else ''}\n" for name, value in named)


def is_folder(name: str, value: Any) -> bool:
    """Return whether a value is listed as a directory; a token is one file of JSON."""
    return isinstance(value, dict | list) and name not in ("token", "scopes", "aliases", "tags")


def as_json(tree: Any, below: str = "") -> Any:
    """Return the tree with keys in camel case, except the names that users chose."""
    if isinstance(tree, dict):
        keep = below in ("attributes", "guest-attributes", "service-accounts")
        return {key if keep else camel(key): as_json(value, key) for key, value in tree.items()}
    return [as_json(value) for value in tree] if isinstance(tree, list) else tree


def camel(key: str) -> str:
    return re.sub(r"-([a-z0-9])", lambda found: found[1].upper(), key)


def as_text(tree: Any, path: str = "") -> str:
    """Return every leaf as a line: its path, a space, its value."""
    if isinstance(tree, dict):
        return "".join(as_text(value, f"{path}{key}/") for key, value in tree.items())
    if isinstance(tree, list):
        return "".join(as_text(value, f"{path}{index}/") for index, value in enumerate(tree))
    return f"{path.rstrip('/')} {tree}\n"


def etag(value: Any) -> str:
    """Return a tag that changes when, and only when, the value does."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
