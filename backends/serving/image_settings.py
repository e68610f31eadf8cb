"""The environment of a backend that reads images."""

from pydantic import Field, SecretStr

from backends.serving.images import ImageSettings
from backends.serving.settings import MIB, EnvironmentSettings


class ImageAccessSettings(EnvironmentSettings):
    """Where images may come from, and how large and how late they may be."""

    label_studio_url: str | None = None
    # Further addresses by which task data names the same Label Studio: its public one, where this
    # process reaches it by an inner one.
    label_studio_aliases: str = ""
    label_studio_api_key: SecretStr | None = None
    image_hosts: str = ""
    image_max_mb: int = Field(default=64, ge=1, le=1024)
    image_max_megapixels: int = Field(default=100, ge=1, le=1000)
    image_timeout_seconds: float = Field(default=10, gt=0, le=100)

    def for_access(self) -> ImageSettings:
        """Return the same facts as the image library takes them."""
        key = self.label_studio_api_key
        return ImageSettings(
            label_studio_url=self.label_studio_url,
            label_studio_api_key=key.get_secret_value() if key else None,
            label_studio_aliases=_listed(self.label_studio_aliases),
            allowed_hosts=_listed(self.image_hosts.lower()),
            max_bytes=self.image_max_mb * MIB,
            max_pixels=self.image_max_megapixels * 1_000_000,
            timeout_seconds=self.image_timeout_seconds,
        )


def _listed(text: str) -> frozenset[str]:
    return frozenset(item.strip() for item in text.split(",") if item.strip())
