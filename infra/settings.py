"""A stack's config as one frozen, validated `Settings`; everything else is given this object."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from infra.machines import PRESETS, Machine, Preset

IMAGE_NAMES = ("frontend", "segmentation", "segment_anything_model")

Strings = Annotated[tuple[str, ...], Field(strict=False)]


class InstanceSchedule(NamedTuple):
    """When the machine is started and stopped: two cron lines, in `time_zone`."""

    start: str
    stop: str
    time_zone: str


class Settings(BaseModel):
    """Everything that can be chosen about one stack. `load` makes it; nothing changes it.

    The fields are the config keys of the namespace `atelier`, in snake case.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )

    project: str
    stack: str

    zone: str = "us-central1-a"
    preset: Preset = "l4"
    machine_type: str = ""
    spot: bool = False
    boot_image: str = ""
    boot_disk_gb: int = 60
    data_disk_gb: int = 20
    restore_from: str = "newest"
    access: Literal["public", "iap"] = "public"
    allowed_ranges: Strings = ("0.0.0.0/0",)
    tls: Literal["address", "domain", "off"] = "address"
    domain: str = ""
    acme_email: str = ""
    source_bucket: str = ""
    target_bucket: str = ""
    bucket_location: str = ""
    cors_origins: Strings = ()
    media_access: Literal["presigned", "proxy"] = "presigned"
    keep_data: bool = True
    kept_versions: int = 3
    kept_version_days: int = 30
    auth: Literal["key", "keyless"] = "key"
    key_version: int = 1
    images: Literal["docker", "cloudbuild", "prebuilt"] = "docker"
    prebuilt: Mapping[str, str] = {}
    project_file: str = "templates/projects/garments.yaml"
    admin_email: str = "admin@example.com"
    admin_password: SecretStr
    max_run_hours: int = 12
    work_days: str = "Mon-Fri"
    work_hours: str = "08:00-20:00"
    time_zone: str = "UTC"
    sprint_days: int = 5
    billing_account: str = ""
    budget_usd: int = 100
    deletion_protection: bool = False
    labels: Mapping[str, str] = {}

    @classmethod
    def load(cls, raw: Mapping[str, object], *, project: str, stack: str) -> "Settings":
        """Return the settings of one stack.

        Args:
            raw: The config keys without their namespace, in camel case, with Python values.
            project: The Google Cloud project's id (`gcp:project`).
            stack: The Pulumi stack's name.

        Raises:
            SettingsError: with every fault at once.
        """
        return cls.model_validate({**raw, "project": project, "stack": stack})

    @property
    def name(self) -> str:
        """The name that the stack's resources begin with."""
        return f"atelier-{self.stack}"

    @property
    def region(self) -> str:
        """The zone's region: us-central1 for us-central1-a."""
        return self.zone.rpartition("-")[0]

    @property
    def machine(self) -> Machine:
        """The preset's machine, with the own machine type and boot image where they are given."""
        machine = PRESETS[self.preset]
        return replace(machine, boot_image=self.boot_image or machine.boot_image)

    @property
    def source_bucket_name(self) -> str:
        """The bucket that the images to label are read from."""
        return self.source_bucket or f"{self.project}-{self.stack}-source"

    @property
    def target_bucket_name(self) -> str:
        """The bucket that the annotations are written to."""
        return self.target_bucket or f"{self.project}-{self.stack}-target"

    @property
    def labels_all(self) -> dict[str, str]:
        """The labels of every resource: the stack's own and the user's."""
        return {"atelier-stack": self.stack, "managed-by": "atelier", **self.labels}

    @property
    def web_port(self) -> int:
        """The port that labelers open: 443 with TLS, 8080 without."""
        return 8080 if self.tls == "off" else 443

    @property
    def instance_schedule(self) -> InstanceSchedule | None:
        """The working hours as cron lines, or None when `workHours` is off."""
        if self.work_hours == "off":
            return None
        days = self.work_days.lower()
        (start_hour, start_minute), (stop_hour, stop_minute) = (
            map(int, time.split(":")) for time in self.work_hours.split("-")
        )
        return InstanceSchedule(
            f"{start_minute} {start_hour} * * {days}",
            f"{stop_minute} {stop_hour} * * {days}",
            self.time_zone,
        )

    @property
    def image_names(self) -> tuple[str, ...]:
        """The images of a stack, as the keys of `prebuilt` name them."""
        return IMAGE_NAMES
