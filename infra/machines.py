"""The machines that a stack may run on: presets and machine types with their size.

Pure tables and look-ups. Zones are in `infra.gpu_zones`; prices are in `infra.render`, since they
change more often.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from infra.findings import listed

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

# Family and class: GiB a vCPU, and the numbers of vCPUs.
# Source: cloud.google.com/compute/docs/machine-resource, 2026-11.
_CPU_SIZES: Mapping[str, tuple[float, tuple[int, ...]]] = {
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
# One L4; the larger g2 types bring 2, 4 or 8, which nothing here would use.
_L4_SIZES: Mapping[str, tuple[float, tuple[int, ...]]] = {"g2-standard": (4, (4, 8, 12, 16, 32))}
# One T4 takes an n1 of at most 24 vCPUs.
_T4_SIZES: Mapping[str, tuple[float, tuple[int, ...]]] = {
    "n1-standard": (3.75, (1, 2, 4, 8, 16)),
    "n1-highmem": (6.5, (2, 4, 8, 16)),
    "n1-highcpu": (0.9, (2, 4, 8, 16)),
}
_SIZES: Mapping[Preset, Mapping[str, tuple[float, tuple[int, ...]]]] = {
    "l4": _L4_SIZES,
    "l4-large": _L4_SIZES,
    "t4": _T4_SIZES,
    "cpu": _CPU_SIZES,
}


class MachineTypeError(ValueError):
    """A machine type does not fit a preset; the message says which ones do."""


def machine_types(preset: Preset) -> tuple[str, ...]:
    """Return the machine types that fit a preset and have the memory, the smallest first."""
    return tuple(
        f"{name}-{count}"
        for name, (memory_gb, counts) in _SIZES[preset].items()
        for count in counts
        if count * memory_gb >= MIN_MEMORY_GB
    )


def machine(preset: Preset, machine_type: str = "") -> Machine:
    """Return the preset's machine, with another machine type if one is given.

    Raises:
        MachineTypeError: if the type does not fit the preset's GPU, is unknown, or is too small.
    """
    chosen = PRESETS[preset]
    if not machine_type:
        return chosen
    name, _, number = machine_type.rpartition("-")
    sizes = _SIZES[preset]
    if name not in sizes or not number.isdecimal() or int(number) not in sizes[name][1]:
        families = listed(dict.fromkeys(f"{known.partition('-')[0]}-*" for known in sizes))
        raise MachineTypeError(f"is no type of the families {families} that fits it")
    memory_gb = int(number) * sizes[name][0]
    if memory_gb < MIN_MEMORY_GB:
        raise MachineTypeError(
            f"has {memory_gb:g} GiB of memory, of which {MIN_MEMORY_GB} are needed"
        )
    return replace(chosen, machine_type=machine_type, vcpus=int(number), memory_gb=memory_gb)
