"""The environment of the segmentation backend."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from backends.serving.settings import ModelSettings

HERE = Path(__file__).parent

# The clothes model of the tutorial; its name alone means this revision, so that its weights do not
# change under a project.
CLOTHES_REPOSITORY = "mattmdjaga/segformer_b2_clothes"
CLOTHES = f"{CLOTHES_REPOSITORY}@584abc1e1d260e23c0fc627c5217a09b2b461046"
CLOTHES_LABEL_MAP = HERE / "label_maps" / "segformer_b2_clothes.yaml"


class SegmentationSettings(ModelSettings):
    """Which segmentation model to serve and how its classes become regions."""

    segmentation_model: str = CLOTHES
    segmentation_label_map: Path | None = None
    segmentation_regions: Literal["label", "component"] = "label"
    segmentation_min_area: float = Field(default=0.0005, ge=0, lt=1)
    segmentation_batch: int = Field(default=4, ge=1, le=64)

    @property
    def model(self) -> str:
        """The folder, or name@revision."""
        pinned = self.segmentation_model == CLOTHES_REPOSITORY
        return CLOTHES if pinned else self.segmentation_model

    @property
    def label_map(self) -> Path | None:
        """The label map: as set, else the one beside the checkpoint, else the clothes model's."""
        if self.segmentation_label_map is not None:
            return self.segmentation_label_map
        beside = Path(self.segmentation_model) / "label_map.yaml"
        if beside.is_file():
            return beside
        return CLOTHES_LABEL_MAP if self.model.startswith(f"{CLOTHES_REPOSITORY}@") else None
