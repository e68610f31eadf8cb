"""What a Docker build sees of a folder: the files that its ignore file does not keep out.

Rules: https://docs.docker.com/build/concepts/context/#dockerignore-files.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


class ContextError(Exception):
    """The context or the Dockerfile is not there."""


Rules = list[tuple[re.Pattern[str], bool, str]]  # (what it matches, whether it lets in, its text)


def context_hash(context: Path, dockerfile: Path) -> str:
    """Return a hash over the Dockerfile and each file's path, mode and content.

    Raises:
        ContextError: when either is not there.
    """
    for path, exists in ((context, context.is_dir()), (dockerfile, dockerfile.is_file())):
        if not exists:
            raise ContextError(f"{path} does not exist")
    total = hashlib.sha256(dockerfile.read_bytes())
    for file in files(context, dockerfile):
        full = context / file
        total.update(full.read_bytes())
        total.update(f"{file}\0{stat.filemode(full.stat().st_mode)}\0".encode())
    return total.hexdigest()


def files(context: Path, dockerfile: Path) -> Iterator[PurePosixPath]:
    """Yield the files of the context, relative to it, in order.

    The ignore file is the Dockerfile's own (`Dockerfile.dockerignore`) where there is one, else
    the context's.
    """
    own = dockerfile.with_name(dockerfile.name + ".dockerignore")
    ignore = own if own.exists() else context / ".dockerignore"
    rules = parse(ignore.read_text()) if ignore.exists() else []
    for folder, names, found in os.walk(context):
        here = Path(folder).relative_to(context)
        names[:] = sorted(name for name in names if enters(rules, PurePosixPath(here / name)))
        for name in sorted(found):
            if not ignored(rules, path := PurePosixPath(here / name)):
                yield path


def parse(text: str) -> Rules:
    """Return the rules of an ignore file: the last one that matches a path decides."""
    rules: Rules = []
    for line in text.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            lets_in = pattern.startswith("!")
            pattern = os.path.normpath(pattern.removeprefix("!").strip()).lstrip("/")
            rules.append((re.compile(expression(pattern)), lets_in, pattern))
    return rules


def expression(pattern: str) -> str:
    """Return a regular expression for a pattern: ** any folders, * and ? within one name."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", pattern)
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(
        signs.get(part) or (part if part.startswith("[") else re.escape(part)) for part in parts
    )
    return f"{body}(?:/.*)?"  # A folder stands for all that is in it.


def ignored(rules: Rules, path: PurePosixPath) -> bool:
    """Return whether the rules keep a path out."""
    out = False
    for pattern, lets_in, _ in rules:
        if out == lets_in and pattern.fullmatch(str(path)):
            out = not lets_in
    return out


def enters(rules: Rules, folder: PurePosixPath) -> bool:
    """Return whether something in a folder may be let in."""
    if not ignored(rules, folder):
        return True
    exceptions = [pattern for _, lets_in, pattern in rules if lets_in]
    below = f"{folder}/"
    return any(text.startswith(below) or re.match(r"[^/]*[*?\[]", text) for text in exceptions)
