"""What the models of a stack need."""

from infra.settings.fields import Settings
from infra.settings.load import load
from infra.settings.models import CHOICES, FOR_IMAGES_GB, limit_gb, models, needed_gb
from tests.infra.settings import configs

INTERACTIVE, SEGMENTATION = CHOICES


def stack(**config: object) -> Settings:
    return load(
        {"adminPassword": configs.PASSWORD, "preset": "cpu", "machineType": "e2-standard-8"}
        | config,
        project=configs.PROJECT,
        stack="dev",
    )


def test_of_prebuilt_images_nobody_knows_the_models() -> None:
    assert models(stack()).keys() == {"interactive", "segmentation"}
    prebuilt = stack(images="prebuilt", prebuilt=configs.PREBUILT)
    assert models(prebuilt) == {}
    assert needed_gb(prebuilt, INTERACTIVE) == 0


def test_a_larger_cache_is_room_for_the_interactive_model_alone() -> None:
    usual, large = stack(), stack(backends={"SAM_CACHE_MB": 8704})
    assert needed_gb(large, INTERACTIVE) == needed_gb(usual, INTERACTIVE) + 8
    assert limit_gb(usual, INTERACTIVE) == INTERACTIVE.memory_gb
    assert limit_gb(large, INTERACTIVE) >= needed_gb(large, INTERACTIVE) + FOR_IMAGES_GB
    assert limit_gb(large, SEGMENTATION) == SEGMENTATION.memory_gb
