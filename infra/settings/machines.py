"""The machines that a stack may run on: presets and machine types with their size.

Pure tables. Zones are in `infra.settings.gpu_zones`, prices in `infra.render`, since they
change more often.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

Preset = Literal["l4", "l4-large", "t4", "cpu"]

CPU_IMAGE = "projects/debian-cloud/global/images/family/debian-13"
GPU_IMAGE = (
    "projects/ubuntu-os-accelerator-images/global/images/family/"
    "ubuntu-accelerator-2404-amd64-with-nvidia-580"
)
# Label Studio, its database and two models share the memory.
MIN_MEMORY_GB = 8


@dataclass(frozen=True)
class Machine:
    """What is rented: `memory_gb` in GiB; `accelerator` only where it is attached by name (T4).

    A g2 machine type brings its L4 along: `gpu` is true and `accelerator` is None.
    """

    machine_type: str
    accelerator: str | None
    gpu: bool
    boot_image: str
    vcpus: int
    memory_gb: float


PRESETS: Mapping[Preset, Machine] = {
    "l4": Machine("g2-standard-4", None, True, GPU_IMAGE, 4, 16),
    "l4-large": Machine("g2-standard-8", None, True, GPU_IMAGE, 8, 32),
    "t4": Machine("n1-standard-4", "nvidia-tesla-t4", True, GPU_IMAGE, 4, 15),
    "cpu": Machine("e2-standard-4", None, False, CPU_IMAGE, 4, 16),
}
GPU_OF: Mapping[Preset, str | None] = {"l4": "L4", "l4-large": "L4", "t4": "T4", "cpu": None}

# Family and class: GiB a vCPU, and the numbers of vCPUs. Left out on purpose: Arm (the images are
# built for x86), and families that take Hyperdisks alone (n4, c4 and their kin).
# Source: cloud.google.com/compute/docs/machine-resource, 2026-11.
_Sizes = Mapping[str, tuple[float, tuple[int, ...]]]
_CPU: _Sizes = {
    "e2-standard": (4, (2, 4, 8, 16, 32)),
    "e2-highmem": (8, (2, 4, 8, 16)),
    "e2-highcpu": (1, (2, 4, 8, 16, 32)),
    "n1-standard": (3.75, (1, 2, 4, 8, 16, 32, 64, 96)),
    "n1-highmem": (6.5, (2, 4, 8, 16, 32, 64, 96)),
    "n1-highcpu": (0.9, (2, 4, 8, 16, 32, 64, 96)),
    "n2-standard": (4, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)),
    "n2-highmem": (8, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    "n2-highcpu": (1, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    "n2d-standard": (4, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
    "n2d-highmem": (8, (2, 4, 8, 16, 32, 48, 64, 80, 96)),
    "n2d-highcpu": (1, (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224)),
    "t2d-standard": (4, (1, 2, 4, 8, 16, 32, 48, 60)),
    "c2-standard": (4, (4, 8, 16, 30, 60)),
    "c2d-standard": (4, (2, 4, 8, 16, 32, 56, 112)),
    "c2d-highmem": (8, (2, 4, 8, 16, 32, 56, 112)),
    "c2d-highcpu": (2, (2, 4, 8, 16, 32, 56, 112)),
    "c3-standard": (4, (4, 8, 22, 44, 88, 176)),
    "c3-highmem": (8, (4, 8, 22, 44, 88, 176)),
    "c3-highcpu": (2, (4, 8, 22, 44, 88, 176)),
    "c3d-standard": (4, (4, 8, 16, 30, 60, 90, 180, 360)),
    "c3d-highmem": (8, (4, 8, 16, 30, 60, 90, 180, 360)),
    "c3d-highcpu": (2, (4, 8, 16, 30, 60, 90, 180, 360)),
}
# One L4 each; the larger ones bring 2, 4 or 8, of which one would be used.
_L4: _Sizes = {"g2-standard": (4, (4, 8, 12, 16, 32))}
# One T4 takes an n1 of at most 24 vCPUs.
_T4: _Sizes = {
    "n1-standard": (3.75, (1, 2, 4, 8, 16)),
    "n1-highmem": (6.5, (2, 4, 8, 16)),
    "n1-highcpu": (0.9, (2, 4, 8, 16)),
}


def _fitting(preset: Preset, sizes: _Sizes) -> Mapping[str, Machine]:
    return {
        f"{name}-{vcpus}": replace(
            PRESETS[preset],
            machine_type=f"{name}-{vcpus}",
            vcpus=vcpus,
            memory_gb=vcpus * gb_a_vcpu,
        )
        for name, (gb_a_vcpu, numbers) in sizes.items()
        for vcpus in numbers
        if vcpus * gb_a_vcpu >= MIN_MEMORY_GB
    }


# What `machineType` may be, by preset.
FITTING: Mapping[Preset, Mapping[str, Machine]] = {
    "l4": _fitting("l4", _L4),
    "l4-large": _fitting("l4-large", _L4),
    "t4": _fitting("t4", _T4),
    "cpu": _fitting("cpu", _CPU),
}
MACHINE_TYPES = frozenset(name for types in FITTING.values() for name in types)
