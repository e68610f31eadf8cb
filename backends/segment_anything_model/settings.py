"""The environment of the Segment Anything backend."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from backends.serving.settings import MIB, ModelSettings

ModelType = Literal[
    "small",
    "vit_b",
    "vit_l",
    "vit_h",
    "sam2.1-tiny",
    "sam2.1-small",
    "sam2.1-base-plus",
    "sam2.1-large",
    "edgetam",
]


class SegmentAnythingSettings(ModelSettings):
    """Which checkpoint to serve, how much to remember, where pre-labels come from."""

    sam_checkpoint: Path
    sam_model_type: ModelType | Literal["auto"] = "auto"
    sam_refine: Literal["auto", "grabcut", "none"] = "auto"
    sam_cache_mb: int = Field(default=512, ge=16, le=1024 * 1024)
    # Embeddings that outlive the process; without a folder there are none.
    sam_disk_folder: Path | None = None
    sam_disk_mb: int = Field(default=4096, ge=0, le=1024 * 1024)
    segmentation_url: str | None = Field(default=None, pattern=r"^https?://")
    segmentation_user: str | None = None
    segmentation_pass: SecretStr | None = None
    # Below Label Studio's own 100 s, so that its user gets our sentence and not a time-out.
    segmentation_timeout_seconds: float = Field(default=90, gt=0)

    def refines(self, is_demo: bool) -> bool:
        """Whether masks are sharpened with GrabCut, which `auto` leaves to the demo's weights."""
        return self.sam_refine == "grabcut" or (self.sam_refine == "auto" and is_demo)

    @property
    def cache_bytes(self) -> int:
        return self.sam_cache_mb * MIB

    @property
    def disk_bytes(self) -> int:
        return self.sam_disk_mb * MIB
