"""Where jobs over an archive find an L4: the regions of Cloud Run and of Dataflow."""

from collections.abc import Mapping

from infra.settings.gpu_zones import GPU_ZONES
from infra.settings.gpu_zones import READ_ON as ZONES_READ_ON

# docs.cloud.google.com/run/docs/configuring/jobs/gpu, "Supported regions", from stored copies of
# it; in asia-south1 on Google's invitation only.
_CLOUD_RUN = (
    "asia-south1",
    "asia-southeast1",
    "europe-west1",
    "europe-west4",
    "us-central1",
    "us-east4",
)
_CLOUD_RUN_READ_ON = "2026-11-29"

NAMES: Mapping[str, str] = {"cloudrun": "Cloud Run", "dataflow": "Dataflow"}
# Dataflow's workers are machines of Compute Engine, with the GPUs of its zones:
# docs.cloud.google.com/dataflow/docs/gpu/gpu-support, "Availability".
REGIONS: Mapping[str, tuple[str, ...]] = {
    "cloudrun": _CLOUD_RUN,
    "dataflow": tuple(dict.fromkeys(zone.rpartition("-")[0] for zone in GPU_ZONES["L4"])),
}
READ_ON: Mapping[str, str] = {"cloudrun": _CLOUD_RUN_READ_ON, "dataflow": ZONES_READ_ON}
