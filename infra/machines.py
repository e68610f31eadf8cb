"""The machines that a stack may run on: presets, machine types, GPUs and the zones that have them.

Pure tables and look-ups. Prices are elsewhere (`infra.render`): they change more often.
"""

from dataclasses import dataclass
from typing import Literal

Preset = Literal["l4", "l4-large", "t4", "cpu"]

CPU_IMAGE = "projects/debian-cloud/global/images/family/debian-13"
GPU_IMAGE = (
    "projects/ubuntu-os-accelerator-images/global/images/family/"
    "ubuntu-accelerator-2404-amd64-with-nvidia-580"
)


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


PRESETS: dict[Preset, Machine] = {
    "l4": Machine("g2-standard-4", None, True, GPU_IMAGE, 4, 16),
    "l4-large": Machine("g2-standard-8", None, True, GPU_IMAGE, 8, 32),
    "t4": Machine("n1-standard-4", "nvidia-tesla-t4", True, GPU_IMAGE, 4, 15),
    "cpu": Machine("e2-standard-4", None, False, CPU_IMAGE, 4, 16),
}
