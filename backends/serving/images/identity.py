"""A name for an image that stays the same from click to click.

Label Studio and storage services sign addresses anew for every page, so the address itself is no
key for a cache. Two kinds of identity:

- of the place, known without asking anybody (`of`): `gs://bucket/name`, a Label Studio address, or
  an http(s) address without what only signs it;
- of the content, known after the fetch: the place, `#`, and Cloud Storage's generation number, or
  the start of the SHA-256 of the file's bytes for everything else. ETags are not used: Label
  Studio's differ from user to user, and many servers send none.
"""

import hashlib
import re
from urllib.parse import parse_qsl, urlencode

from backends.serving.images.sources import Reader, Source, StorageObject, resolved_uri

# As `of_content` writes it; a generation number has 16 digits.
_DIGEST = re.compile("[0-9a-f]{32}")
_DEFAULT_PORTS = {"http": 80, "https": 443}

_SIGNATURE = re.compile(
    r"x-(goog|amz)-.*|signature|expires|googleaccessid|awsaccesskeyid|key-pair-id|sig|hdnts|jwt"
    r"|token|access_token|auth_token"
)
# Words that only sign an address in the company of a signature; alone they may choose a picture.
_COMPANIONS = {
    "sig": re.compile(r"s[eprtv]|spr|sip|s[is]|srt|sdd|sk(oid|tid|[tesv])"),
    "key-pair-id": re.compile(r"policy"),
}


def of(source: Source, reader: Reader) -> str:
    """The identity of the place, without a network trip."""
    if isinstance(source, StorageObject):
        return f"gs://{source.bucket}/{source.name}"
    url = source.url
    if source.label_studio:
        resolved = resolved_uri(reader.path_below(url), url.query or "")
        if resolved is not None:
            return resolved
    default = url.port is None or url.port == _DEFAULT_PORTS.get(url.scheme or "")
    query = _unsigned(url.query or "")
    return (
        f"{url.scheme}://{url.host}{'' if default else f':{url.port}'}{url.path or '/'}"
        f"{'?' if query else ''}{query}"
    )


def of_content(place: str, content: bytes | memoryview) -> str:
    """The identity of bytes that came from `place`."""
    return f"{place}#{hashlib.sha256(content).hexdigest()[:32]}"


def of_generation(place: str, generation: int) -> str:
    """The identity of one generation of a Cloud Storage object."""
    return f"{place}#{generation}"


def of_content_alone(content: str) -> str:
    """What of the identity of a content stays the same when the same bytes lie elsewhere.

    A generation number is unique in its place only, so there it is the whole identity.
    """
    digest = content.rpartition("#")[2]
    return digest if _DIGEST.fullmatch(digest) else content


def _unsigned(query: str) -> str:
    """`query` without the arguments that only sign it; order kept, for it may matter to the
    server.
    """
    arguments = parse_qsl(query, keep_blank_values=True)
    keys = {key.lower() for key, _ in arguments}
    signing = [_SIGNATURE, *(words for sign, words in _COMPANIONS.items() if sign in keys)]
    return urlencode(
        [
            (key, value)
            for key, value in arguments
            if not any(words.fullmatch(key.lower()) for words in signing)
        ]
    )
