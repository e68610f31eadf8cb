from pathlib import Path

import pytest

from backends.segmentation.settings import CLOTHES, CLOTHES_LABEL_MAP, SegmentationSettings


def settings(**environment: str) -> SegmentationSettings:
    return SegmentationSettings.from_environment(environment)


@pytest.mark.parametrize("name", [None, "mattmdjaga/segformer_b2_clothes", CLOTHES])
def test_the_clothes_model_is_the_default_pinned_and_brings_its_map(name: str | None) -> None:
    made = settings(SEGMENTATION_MODEL=name) if name else settings()
    assert made.model == CLOTHES
    assert made.label_map == CLOTHES_LABEL_MAP


def test_another_revision_of_it_keeps_the_map() -> None:
    made = settings(SEGMENTATION_MODEL="mattmdjaga/segformer_b2_clothes@main")
    assert made.model == "mattmdjaga/segformer_b2_clothes@main"
    assert made.label_map == CLOTHES_LABEL_MAP


def test_a_folder_brings_the_map_beside_its_weights(tmp_path: Path) -> None:
    assert settings(SEGMENTATION_MODEL=str(tmp_path)).label_map is None
    (tmp_path / "label_map.yaml").write_text("labels: {}")
    assert settings(SEGMENTATION_MODEL=str(tmp_path)).label_map == tmp_path / "label_map.yaml"


def test_a_given_map_wins(tmp_path: Path) -> None:
    made = settings(SEGMENTATION_LABEL_MAP=str(tmp_path / "mine.yaml"))
    assert made.label_map == tmp_path / "mine.yaml"


def test_another_name_has_no_map() -> None:
    assert (
        settings(SEGMENTATION_MODEL="nvidia/segformer-b0-finetuned-ade-512-512").label_map is None
    )
