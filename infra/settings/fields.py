"""`Settings`: what can be chosen about a stack, and what follows from it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from infra.settings import machines, schedule
from infra.settings.facts import BATCH_IMAGE, EVERYWHERE, IMAGE_NAMES
from infra.settings.machines import Machine, Preset
from infra.settings.schedule import InstanceSchedule, WorkingHours

# Lists come as lists, and stay as tuples, which nobody can change.
Strings = Annotated[tuple[str, ...], Field(strict=False)]

# Addresses that are nobody's: RFC 2606.
_NOBODYS = re.compile(r"(?i)[@.](example\.(com|net|org)|test|example|invalid|localhost)$")


class Settings(BaseModel):
    """Everything that can be chosen about one stack. `load` makes it; nothing changes it.

    The fields are the config keys of the namespace `atelier`, in snake case. Sizes are in GB as
    Google counts them (GiB), money is in US dollars.
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

    zone: str = Field(
        "us-central1-a",
        description="Zone of the machine, for example us-central1-a. Must have the preset's GPU.",
    )
    zones: Strings = Field(
        (),
        description="Zones of the same region in which `make up` goes on, in this order, when"
        " Google has no machine free in zone. It sets zone to the one that has.",
    )
    preset: Preset = Field(
        "l4",
        description="The machine: l4 is a g2-standard-4, l4-large a g2-standard-8 (both with one"
        " L4 GPU), t4 an n1-standard-4 with one T4, cpu an e2-standard-4 without a GPU.",
    )
    machine_type: str = Field(
        "",
        description="A machine type in place of the preset's that takes the same GPU: g2-standard"
        " for l4, n1 for t4, any x86 type for cpu. Empty: the preset's.",
    )
    spot: bool = Field(
        False,
        description="Rent at the Spot price, about half: Google may stop the machine at any"
        " time, and data is kept, but labelers wait until it is started again.",
    )
    boot_image: str = Field(
        "",
        description="Image or family of the boot disk, as in projects/…/global/images/family/….",
    )
    boot_disk_gb: int = Field(60, ge=30, le=65536, description="Boot disk: system and images.")
    data_disk_gb: int = Field(
        20,
        ge=10,
        le=65536,
        description="Data disk: accounts, tasks and annotations. It may grow later, never shrink.",
    )
    restore_from: str = Field(
        "newest",
        description="What a new data disk is made from: newest (the newest snapshot of this"
        " stack's disk, if there is one), none, or a snapshot's name.",
    )
    access: Literal["public", "iap"] = Field(
        "public",
        description="public opens the web port to allowedRanges; iap opens no port at all:"
        " labelers come through Google's Identity-Aware Proxy.",
    )
    allowed_ranges: Strings = Field(
        ("0.0.0.0/0",), description="IPv4 ranges that may open the studio, as in 203.0.113.0/24."
    )
    tls: Literal["address", "domain", "off"] = Field(
        "address",
        description="The certificate: for the machine's address, for your own domain, or none (for"
        " access iap and private networks: passwords are not encrypted).",
    )
    domain: str = Field("", description="The studio's name with tls domain: label.example.org.")
    acme_email: str = Field(
        "", description="Where the certificate's issuer (Let's Encrypt) writes about problems."
    )
    source_bucket: str = Field(
        "",
        description="Bucket of the images to label. One that is there before the stack stays as it"
        " is, but for the studio's roles and one CORS rule. Empty: PROJECT-STACK-source.",
    )
    target_bucket: str = Field(
        "",
        description="Bucket of the annotations, which may be there too. Empty:"
        " PROJECT-STACK-target.",
    )
    bucket_location: str = Field(
        "", description="Place of new buckets: a region, EU, US, … Empty: the zone's region."
    )
    cors_origins: Strings = Field(
        (),
        description="Web pages that may read the buckets' images, as in https://label.example.org,"
        ' or ["*"] for all. Empty: the studio alone.',
    )
    media_access: Literal["presigned", "proxy"] = Field(
        "presigned",
        description="presigned: browsers fetch images from the bucket by signed links; proxy:"
        " through the machine.",
    )
    keep_data: bool = Field(
        True,
        description="Whether `pulumi destroy` leaves the buckets. With false it deletes those that"
        " the stack made, with everything in them.",
    )
    versioning: Literal["own", "all"] = Field(
        "own",
        description="Where older versions of objects are kept: in the buckets that the stack makes"
        " (own), or also in those that were there before it (all), which keep every version until"
        " their owner says otherwise.",
    )
    kept_versions: int = Field(
        3, ge=1, le=1000, description="How many older versions of an object its own buckets keep."
    )
    kept_version_days: int = Field(
        30, ge=1, le=3650, description="For how many days its own buckets keep older versions."
    )
    auth: Literal["key", "keyless"] = Field(
        "key",
        description="key: a service account key in the machine's metadata; keyless: the machine's"
        " own identity, for organizations that forbid keys.",
    )
    key_version: int = Field(
        1, ge=1, le=1_000_000, description="Raise it to replace the service account key."
    )
    images: Literal["docker", "cloudbuild", "prebuilt"] = Field(
        "docker",
        description="Who builds the container images: docker on this computer, cloudbuild at"
        " Google, or nobody (prebuilt).",
    )
    prebuilt: Mapping[str, str] = Field(
        {},
        description="With images prebuilt: the references of frontend, segmentation and"
        " segment_anything_model (with batch, of batch too), each with its @sha256: digest.",
    )
    interactive_model: str = Field(
        "sam-vit-b",
        description="The model that answers clicks and boxes: a name from docs/models.md, demo (it"
        " knows no photographs), or your own: a file as ADDRESS#sha256=HASH, a folder as"
        " ADDRESS#config.json=HASH&model.safetensors=HASH.",
    )
    segmentation_model: str = Field(
        "segformer-b2-clothes",
        description="The model that pre-labels whole images: a name from docs/models.md, demo, or"
        " your own folder as ADDRESS#config.json=HASH&model.safetensors=HASH"
        "&preprocessor_config.json=HASH.",
    )
    weights_mirror: str = Field(
        "",
        description="Where copies of all weights are, if their own hosts cannot be reached from"
        " where images are built: https://HOST/PATH is then read at MIRROR/HOST/PATH. An https or"
        " gs address.",
    )
    backends: Mapping[str, Any] = Field(
        {},
        description="The backends' own settings, such as IMAGE_HOSTS (where else images may come"
        " from) and MAX_BODY_MB. docs/settings.md lists them.",
    )
    batch: Literal["off", "cloudrun", "dataflow"] = Field(
        "off",
        description="Where jobs over a whole archive run (docs/batch.md): on Cloud Run or on"
        " Dataflow, with L4 GPUs of the zone's region, or nowhere. Nothing runs or costs while no"
        " job does.",
    )
    project_file: str = Field(
        "templates/projects/garments-bucket.yaml",
        description="The labeling project, a file of this repository.",
    )
    admin_email: str = Field("admin@example.com", description="Name of the first account.")
    admin_password: SecretStr = Field(
        description="Password of the first account, 8 characters or more."
    )
    max_run_hours: int = Field(
        72,
        ge=0,
        le=2880,
        description="The machine is stopped after this many hours without a stop. With workHours"
        " the schedule stops it before; this is for the day on which it does not. 0: no limit.",
    )
    idle_minutes: int = Field(
        60,
        ge=0,
        le=1440,
        description="The machine turns itself off when nobody has labeled for so long, though never"
        " in the first hour after a start or of a working day. Its schedule or make start starts"
        " it again. 0: never.",
    )
    ready_minutes: int = Field(
        20,
        ge=0,
        le=240,
        description="How long `pulumi up` waits until labelers can log in. 0: not at all.",
    )
    work_days: str = Field(
        "Mon-Fri", description="Days on which the machine is started and stopped: Mon-Wed,Sat."
    )
    work_hours: str = Field(
        "08:00-20:00",
        description="When it is started and stopped, or off: then it runs until maxRunHours.",
    )
    time_zone: str = Field("UTC", description="Time zone of workHours, as in Europe/Rome.")
    unlisted: Strings = Field(
        (),
        description="Names that Google has and this program's lists have not yet: zones, regions,"
        " boot images, time zones, and a machine type that its zone has by now. They are taken as"
        " they are.",
    )
    sprint_days: int = Field(
        5, ge=1, le=366, description="Working days of a sprint, for the cost estimate."
    )
    alerts: bool = Field(
        True,
        description="Whether Google writes to adminEmail when the studio does not answer while its"
        " machine runs, when it stops the machine, or cannot start it, and shows a page of its"
        " figures. Not at an address that is an example's, such as admin@example.com.",
    )
    billing_account: str = Field(
        "", description="If set, a budget with alerts is created: 012345-6789AB-CDEF01."
    )
    budget_usd: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="That budget a month, in the billing account's own currency.",
    )
    deletion_protection: bool = Field(
        False, description="Refuse to delete the machine until this is false again."
    )
    labels: Mapping[str, str] = Field(
        {}, description="Labels of every resource, beside atelier-stack and managed-by."
    )

    @property
    def name(self) -> str:
        """The name that the stack's resources begin with, at most 20 characters."""
        return f"atelier-{self.stack}"

    @property
    def data_disk_prefix(self) -> str:
        """What its data disks' names begin with; Pulumi adds seven hexadecimal digits."""
        return f"{self.name}-data-"

    @property
    def region(self) -> str:
        """The zone's region: us-central1 for us-central1-a."""
        return self.zone.rpartition("-")[0]

    @property
    def machine(self) -> Machine:
        """The preset's machine, with the own machine type and boot image where they are given."""
        preset = machines.PRESETS[self.preset]
        machine = machines.FITTING[self.preset][self.machine_type or preset.machine_type]
        return replace(machine, boot_image=self.boot_image or machine.boot_image)

    @property
    def image_names(self) -> tuple[str, ...]:
        """The images that the stack needs."""
        return IMAGE_NAMES if self.batch == "off" else (*IMAGE_NAMES, BATCH_IMAGE)

    @property
    def source_bucket_name(self) -> str:
        """The bucket that the images to label are read from."""
        return self.source_bucket or f"{self.project}-{self.stack}-source"

    @property
    def target_bucket_name(self) -> str:
        """The bucket that the annotations are written to."""
        return self.target_bucket or f"{self.project}-{self.stack}-target"

    @property
    def staging_bucket_name(self) -> str:
        """The bucket for what jobs over an archive need while they run."""
        return f"{self.project}-{self.stack}-staging"

    @property
    def labels_all(self) -> dict[str, str]:
        """The labels of every resource: the stack's own and the user's."""
        return {**self.own_labels, **self.labels}

    @property
    def own_labels(self) -> dict[str, str]:
        """The labels by which the stack knows what it made, in whichever state's time."""
        return {"atelier-stack": self.stack, "managed-by": "atelier"}

    @property
    def alert_email(self) -> str:
        """Where alerts go; empty where there are none."""
        is_read = not _NOBODYS.search(self.admin_email)
        return self.admin_email if self.alerts and is_read else ""

    @property
    def is_open(self) -> bool:
        """Whether everybody may open the studio, and so Google's checkers, whose list changes."""
        return self.access == "public" and EVERYWHERE in self.allowed_ranges

    @property
    def working_hours(self) -> WorkingHours | None:
        """The days and times of the schedule, or None when `workHours` is off."""
        if self.work_hours == schedule.OFF:
            return None
        start, stop = schedule.parse_hours(self.work_hours)
        return WorkingHours(schedule.parse_days(self.work_days), start, stop)

    @property
    def instance_schedule(self) -> InstanceSchedule | None:
        """The working hours as cron lines, or None when `workHours` is off."""
        hours = self.working_hours
        return hours.cron(self.time_zone) if hours else None


CONFIG_FIELDS = tuple(name for name in Settings.model_fields if name not in ("project", "stack"))
