"""Which row is about which image: their keys compared, strictly first and then ever more loosely.

A looser rule takes only keys that no image has by a stricter one, and only where a single key fits.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from studio.project.project_file import KeyRule

# In the order in which they are tried, with what is said of each.
SAID: Mapping[KeyRule, str] = {
    "suffix": "but for the suffix",
    "case": "but for capital letters",
    "zeros": "but for zeros before a number",
}
AS_WRITTEN = "as written"
SAME_TEXT = "but for the form of accents or spaces"
# Of the files that tables speak of: a table may name the masters of the images that are labeled.
SUFFIX = re.compile(
    r"\s*\.(?:jpe?g|jp2|png|gif|bmp|webp|avif|tiff?|heic|heif|dng|nef|cr2|cr3|arw|psd|raw)$", re.I
)
ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


@dataclass(frozen=True)
class ImageKey:
    """What a row may call an image: its key, its file's name, or its place in the source."""

    key: str
    file_name: str
    source: str


@dataclass
class KeyMatch:
    """What came of it.

    Attributes:
        keys: image source -> key of its rows.
        rules: what is said of a rule -> how many images it matched.
        ambiguous: image source -> the keys that fit equally well.
    """

    keys: dict[str, str] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    ambiguous: dict[str, list[str]] = field(default_factory=dict)


def match_keys(
    images: Iterable[ImageKey], keys: Collection[str], allowed: Collection[KeyRule]
) -> KeyMatch:
    """Find each image's key among ``keys``."""
    found = KeyMatch()
    open_images = [image for image in images if image.key]
    known = set(keys)
    for image in open_images:
        if image.key in known:
            _note(found, image, image.key, AS_WRITTEN)
    rules: tuple[KeyRule, ...] = ()
    tried: tuple[KeyRule | None, ...] = (None, *(rule for rule in SAID if rule in allowed))
    for rule in tried:
        rules = (*rules, rule) if rule else rules
        said = SAID[rule] if rule else SAME_TEXT
        left = [image for image in open_images if image.source not in found.keys]
        taken = set(found.keys.values())
        free = [key for key in keys if key and key not in taken]
        if not left or not free:
            break
        with_suffix: tuple[KeyRule, ...] = tuple(one for one in rules if one != "suffix")
        whole, stems = _index(free, with_suffix), _index(free, rules)
        for image in left:
            fitting = stems.get(fold(image.key, rules), [])
            if "suffix" in rules:
                # Of a1.jpg and a1.png, each has the row that names it in full.
                named = [
                    whole.get(fold(image.source, with_suffix), []),
                    whole.get(fold(image.file_name, with_suffix), []),
                    stems.get(fold(image.source, rules), []),
                ]
                fitting = next((keys for keys in named if len(keys) == 1), fitting)
            if len(fitting) == 1:
                found.ambiguous.pop(image.source, None)
                _note(found, image, fitting[0], said)
            elif fitting:
                found.ambiguous.setdefault(image.source, fitting)
    return found


def fold(text: str, rules: Collection[KeyRule]) -> str:
    """Return ``text`` without the differences that ``rules`` disregard."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if "suffix" in rules:
        text = SUFFIX.sub("", text)
    if "case" in rules:
        text = unicodedata.normalize("NFC", text.casefold())
    return ZEROS.sub("", text) if "zeros" in rules else text


def _index(keys: Iterable[str], rules: Collection[KeyRule]) -> dict[str, list[str]]:
    index: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        index[fold(key, rules)].append(key)
    return index


def _note(found: KeyMatch, image: ImageKey, key: str, said: str) -> None:
    found.keys[image.source] = key
    found.rules[said] = found.rules.get(said, 0) + 1
