"""Refusals of jobs over an archive, and what is taken."""

from tests.infra.settings import configs

STAGING = f"{configs.PROJECT}-dev-staging"
REFUSALS: dict[str, tuple[dict[str, object], str]] = {
    "Cloud Run where it has no GPUs and Dataflow has": (
        {"batch": "cloudrun", "preset": "cpu", "zone": "europe-west3-a"},
        "batch: Cloud Run has no L4 GPUs in europe-west3 (Google's regions as of 2026-11-29). Set"
        " zone to one of europe-west1, europe-west4, asia-south1 or asia-southeast1, or set batch"
        " to dataflow, which has them there. If Google has it by now, add it to unlisted:"
        " [europe-west3].",
    ),
    "Dataflow where there are no GPUs": (
        {"batch": "dataflow", "preset": "cpu", "zone": "us-south1-a"},
        "batch: Dataflow has no L4 GPUs in us-south1 (Google's regions as of 2026-11-22). Set zone"
        " to one of us-central1, us-east1, us-east4 or us-west1. If Google has it by now, add it to"
        " unlisted: [us-south1].",
    ),
    "the jobs' own bucket as another": (
        {"batch": "cloudrun", "targetBucket": STAGING},
        f'targetBucket: "{STAGING}" is the bucket of the jobs, in which every object is deleted'
        " after days. Name another bucket, or set batch to off.",
    ),
    "prebuilt images without the jobs' one": (
        {"batch": "dataflow", "images": "prebuilt", "prebuilt": configs.PREBUILT},
        "prebuilt: images prebuilt needs a reference for batch. Set prebuilt.batch as in"
        " us-docker.pkg.dev/project/repository/name@sha256:…, or set images to docker.",
    ),
}

TAKEN: dict[str, dict[str, object]] = {
    "a region that is newer than the list": {
        "batch": "cloudrun",
        "preset": "cpu",
        "zone": "europe-west3-a",
        "unlisted": ["europe-west3"],
    },
    "prebuilt images with the jobs' one": {
        "batch": "cloudrun",
        "images": "prebuilt",
        "prebuilt": {**configs.PREBUILT, "batch": configs.PREBUILT["segmentation"]},
    },
}
