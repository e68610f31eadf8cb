"""What the image access needs to know, checked once when the service starts."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_ALLOWED_HOST = re.compile(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True)
class ImageSettings:
    """Where images may come from and how much of them.

    label_studio_url: address of Label Studio as this process reaches it; a path is kept
        (`https://host/sub`). None: only `gs://` and allowed hosts work.
    label_studio_api_key: legacy token or personal access token. Shown as stars.
    allowed_hosts: `host` (ports 80 and 443) or `host:port`, exact, lower case. A name must resolve
        to public addresses. An address literal such as `127.0.0.1:9000` may be private: whoever
        wrote it there meant it. Metadata and link-local addresses are refused all the same.
    max_bytes: of one file, declared and after decompression.
    max_pixels: width x height, read from the header before anything is decoded.
    timeout_seconds: for one image in all: look-ups, redirects, retries and the pauses between them.
    retries: further tries after 429, 5xx or a broken connection.
    label_studio_aliases: further addresses by which task data names the same Label Studio (its
        public address, say, where this process reaches it by an inner one).

    Raises ValueError that names every bad setting.
    """

    label_studio_url: str | None
    label_studio_api_key: str | None = field(repr=False)
    allowed_hosts: frozenset[str]
    max_bytes: int
    max_pixels: int
    timeout_seconds: float
    retries: int = 3
    label_studio_aliases: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if faults := self._refused():
            raise ValueError("; ".join(faults))

    def _refused(self) -> list[str]:
        faults = []
        own = [] if self.label_studio_url is None else [("label_studio_url", self.label_studio_url)]
        for name, url in own + [("label_studio_aliases", url) for url in self.label_studio_aliases]:
            parts = urlsplit(url)
            plain = not (parts.query or parts.fragment or "@" in parts.netloc)
            if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
                shown = url.rpartition("@")[2].partition("?")[0]
                faults.append(f"{name} must be http(s)://host[:port][/path], not {shown!r}")
        for host in sorted(self.allowed_hosts):
            if not _ALLOWED_HOST.fullmatch(host):
                faults.append(
                    f"allowed_hosts holds {host!r}: write host or host:port in lower case, "
                    "without scheme, path or wildcard"
                )
        for name in ("max_bytes", "max_pixels", "timeout_seconds"):
            if getattr(self, name) <= 0:
                faults.append(f"{name} must be more than 0, not {getattr(self, name)}")
        if self.retries < 0:
            faults.append(f"retries must be 0 or more, not {self.retries}")
        return faults

    def __repr__(self) -> str:
        key = None if self.label_studio_api_key is None else "***"
        return (
            f"ImageSettings(label_studio_url={self.label_studio_url!r}, "
            f"label_studio_api_key={key!r}, allowed_hosts={sorted(self.allowed_hosts)}, "
            f"max_bytes={self.max_bytes}, max_pixels={self.max_pixels}, "
            f"timeout_seconds={self.timeout_seconds}, retries={self.retries}, "
            f"label_studio_aliases={sorted(self.label_studio_aliases)})"
        )
