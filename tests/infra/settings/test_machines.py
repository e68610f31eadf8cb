"""Presets, machine types and the zones that have their GPUs."""

import re

import pytest

from infra.settings.gpu_zones import GPU_ZONES, near
from infra.settings.machines import FITTING, GPU_OF, MACHINE_TYPES, MIN_MEMORY_GB, PRESETS


def test_every_preset_is_one_of_its_own_machine_types() -> None:
    assert PRESETS.keys() == FITTING.keys() == GPU_OF.keys()
    for preset, machine in PRESETS.items():
        assert FITTING[preset][machine.machine_type] == machine
        assert machine.gpu is (GPU_OF[preset] is not None)


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_gb"),
    [
        ("g2-standard-16", 16, 64),
        ("n1-highmem-4", 4, 26),
        ("n1-highcpu-16", 16, 14.4),
        ("e2-highcpu-8", 8, 8),
        ("c3d-standard-30", 30, 120),
    ],
)
def test_sizes_are_googles(name: str, vcpus: int, memory_gb: float) -> None:
    (machine, *_) = [types[name] for types in FITTING.values() if name in types]
    assert machine.vcpus == vcpus
    assert machine.memory_gb == pytest.approx(memory_gb)


def test_no_machine_type_is_too_small_of_arm_or_without_ordinary_disks() -> None:
    assert all(
        machine.memory_gb >= MIN_MEMORY_GB
        for types in FITTING.values()
        for machine in types.values()
    )
    families = {name.partition("-")[0] for name in MACHINE_TYPES}
    assert families.isdisjoint({"t2a", "c4a", "n4a", "n4", "c4", "a2", "a3", "f1"})
    assert "e2-standard-2" in MACHINE_TYPES
    assert "e2-highcpu-4" not in MACHINE_TYPES


def test_a_t4_is_attached_and_an_l4_comes_with_its_machine() -> None:
    assert {machine.accelerator for machine in FITTING["t4"].values()} == {"nvidia-tesla-t4"}
    assert {machine.accelerator for machine in FITTING["l4"].values()} == {None}
    assert max(machine.vcpus for machine in FITTING["t4"].values()) <= 24


def test_zones_have_googles_form_and_each_stands_once() -> None:
    for zones in GPU_ZONES.values():
        assert len(set(zones)) == len(zones)
        assert all(re.fullmatch(r"[a-z]+-[a-z]+\d-[a-z]", zone) for zone in zones)
    assert {"us-central1-a", "europe-west4-b", "asia-south1-c"} <= set(GPU_ZONES["L4"])
    assert "us-central1-f" in GPU_ZONES["T4"]
    assert "us-central1-f" not in GPU_ZONES["L4"]


@pytest.mark.parametrize(
    ("zone", "gpu", "first"),
    [
        ("us-central1-f", "L4", "us-central1-a"),
        ("europe-west1-d", "L4", "europe-west1-b"),
        ("europe-north1-a", "L4", "europe-west1-b"),
        ("australia-southeast2-a", "T4", "australia-southeast1-a"),
        ("australia-southeast1-a", "L4", "asia-east1-a"),
        ("southamerica-west1-a", "L4", "us-central1-a"),
        ("africa-south1-a", "T4", "europe-central2-b"),
        ("me-west1-a", "L4", "me-central2-a"),
        ("moon-base1-a", "L4", "us-central1-a"),
    ],
)
def test_the_nearest_zones_come_first(zone: str, gpu: str, first: str) -> None:
    found = near(zone, gpu)
    assert found[0] == first
    assert len(found) == 6
    assert set(found) <= set(GPU_ZONES[gpu])
    assert near(zone, gpu, most=1) == found[:1]
