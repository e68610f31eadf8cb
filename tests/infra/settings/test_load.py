"""What a stack's settings are when nothing, or something, is chosen."""

import traceback

import pytest
from pydantic import ValidationError

from infra.settings.fields import Settings
from infra.settings.findings import SettingsError
from infra.settings.load import load as load_settings
from infra.settings.machines import CPU_IMAGE, GPU_IMAGE, Machine
from infra.settings.rules.machine import MIN_IDLE_MINUTES
from infra.settings.schedule import InstanceSchedule
from tests.infra.settings import configs


def load(stack: str = "dev", **config: object) -> Settings:
    return load_settings(
        {"adminPassword": configs.PASSWORD} | config, project=configs.PROJECT, stack=stack
    )


def test_the_defaults_are_the_cheapest_gpu_machine_stopped_at_night() -> None:
    settings = load()
    assert settings.machine == Machine("g2-standard-4", None, True, GPU_IMAGE, 4, 16)
    assert settings.instance_schedule == InstanceSchedule(
        "0 8 * * 1,2,3,4,5", "0 20 * * 1,2,3,4,5", "UTC"
    )
    assert (settings.name, settings.region) == ("atelier-dev", "us-central1")
    assert settings.source_bucket_name == "demo-project-dev-source"
    assert settings.target_bucket_name == "demo-project-dev-target"
    assert settings.labels_all == {"atelier-stack": "dev", "managed-by": "atelier"}


def test_what_is_chosen_replaces_what_is_derived() -> None:
    image = "projects/demo-project/global/images/with-weights"
    settings = load(
        preset="t4",
        zone="europe-west4-a",
        machineType="n1-highmem-8",
        bootImage=image,
        sourceBucket="photos",
        targetBucket="masks",
        tls="off",
        allowedRanges=["203.0.113.0/24"],
        workHours="off",
        labels={"team": "garments"},
    )
    assert settings.machine == Machine("n1-highmem-8", "nvidia-tesla-t4", True, image, 8, 52)
    assert (settings.source_bucket_name, settings.target_bucket_name) == ("photos", "masks")
    assert settings.region == "europe-west4"
    assert settings.instance_schedule is None
    assert settings.labels_all["team"] == "garments"


def test_a_machine_without_a_gpu_starts_from_debian() -> None:
    assert load(preset="cpu").machine == Machine("e2-standard-4", None, False, CPU_IMAGE, 4, 16)


def test_keyless_and_signed_links_go_together() -> None:
    settings = load(auth="keyless", mediaAccess="presigned")
    assert (settings.auth, settings.media_access) == ("keyless", "presigned")


def test_lists_come_as_lists_and_cannot_be_changed() -> None:
    assert load(allowedRanges=["10.0.0.0/8"]).allowed_ranges == ("10.0.0.0/8",)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(load(), "zone", "us-central1-b")  # noqa: B010 - as an outsider would


def test_the_longest_stack_leaves_room_for_resource_names() -> None:
    assert len(load(stack="a" * 12).name) == 20
    with pytest.raises(SettingsError, match="at most 12"):
        load(stack="a" * 13)


def test_the_password_is_stars_wherever_settings_are_printed() -> None:
    settings = load()
    assert settings.admin_password.get_secret_value() == configs.PASSWORD
    for text in (str(settings), repr(settings), settings.model_dump_json(), f"{settings!r:>99}"):
        assert configs.PASSWORD not in text


def test_the_password_is_in_no_traceback() -> None:
    password = "".join(["h", "u", "s", "h"])
    with pytest.raises(SettingsError) as refused:
        load(adminPassword=password, zone=7, adminPasswrod=password)
    text = "".join(traceback.format_exception(refused.value))
    assert "adminPasswrod: there is no such setting" in text
    assert "hush" not in text


@pytest.mark.parametrize("minutes", [0, MIN_IDLE_MINUTES])
def test_a_machine_may_wait_for_the_shortest_time_or_for_ever(minutes: int) -> None:
    assert load(idleMinutes=minutes).idle_minutes == minutes
