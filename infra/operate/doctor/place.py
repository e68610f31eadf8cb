"""The zone, what it has, the boot image, and how much of it the project may have.

Answers: docs.cloud.google.com/compute/docs/reference/rest/v1 (zones.get, machineTypes.get,
acceleratorTypes.get, images.getFromFamily, regions.get, projects.get).
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from infra.operate.causes.capacity import quota_request
from infra.operate.doctor.finding import Finding, bad, doubtful, good
from infra.operate.doctor.subject import Subject, not_looked_at
from infra.operate.table.kinds import ADDRESS, DISK, NETWORK
from infra.settings.gpu_zones import near
from infra.settings.machines import GPU_OF
from infra.settings.regions import ZONES

_ACCELERATORS = {"L4": "nvidia-l4", "T4": "nvidia-tesla-t4"}
# The quota of a family's CPUs; the others' are not in the list that `regions.get` gives.
_CPUS = {
    "c2": "C2_CPUS",
    "c2d": "C2D_CPUS",
    "c3": "C3_CPUS",
    "e2": "CPUS",
    "n1": "CPUS",
    "n2": "N2_CPUS",
    "n2d": "N2D_CPUS",
    "t2d": "T2D_CPUS",
}


def zone(subject: Subject) -> Iterator[Finding]:
    """It exists, is in service, and has the machine type and the GPU."""
    settings = subject.settings
    base = f"projects/{subject.project}/zones/{settings.zone}"
    found = subject.google.ask("compute", base)
    if found.missing:
        yield bad(
            f"there is no zone {settings.zone}",
            "Choose one:",
            *(_set("zone", name) for name in ZONES.get(settings.region, ())[:4]),
        )
        return
    if not found.ok:
        yield not_looked_at(f"zone {settings.zone}", found)
        return
    if found.body.get("status") == "DOWN":
        yield doubtful(f"Google says that zone {settings.zone} is down", "Wait, or choose another.")
    wrong = False
    machine_type = settings.machine.machine_type
    there = subject.google.ask("compute", f"{base}/machineTypes/{machine_type}")
    if there.missing:
        wrong = True
        yield bad(
            f"{settings.zone} has no machine type {machine_type}",
            "Choose another zone, or another type:",
            _set("zone", "ZONE"),
            _set("machineType", "TYPE"),
        )
    elif not there.ok:
        wrong = True
        yield not_looked_at(f"machine type {machine_type}", there)
    elif there.body.get("architecture") == "ARM64":
        wrong = True
        yield bad(
            f"{machine_type} is an Arm machine, and the images are built for x86",
            _set("machineType", "TYPE"),
        )
    gpu = GPU_OF[settings.preset]
    if gpu:
        card = subject.google.ask("compute", f"{base}/acceleratorTypes/{_ACCELERATORS[gpu]}")
        if card.missing:
            wrong = True
            yield bad(
                f"{settings.zone} has no {gpu}, which preset {settings.preset} needs",
                "Zones that have it:",
                *(_set("zone", name) for name in near(settings.zone, gpu, most=3)),
            )
        elif not card.ok:
            wrong = True
            yield not_looked_at(f"{gpu} in {settings.zone}", card)
    if not wrong:
        yield good(f"{settings.zone} has {machine_type}{f' with one {gpu}' if gpu else ''}")


def image(subject: Subject) -> Iterator[Finding]:
    """The boot image exists, is for x86 and fits on its disk."""
    settings = subject.settings
    name = settings.machine.boot_image
    found = subject.google.ask("compute", name)
    if found.missing:
        yield bad(
            f"there is no boot image {name}",
            "Families come and go with the driver's version. To look for one, and to set it:",
            f"gcloud compute images list --project {name.split('/')[1]} --no-standard-images",
            _set("bootImage", "projects/.../global/images/..."),
        )
        return
    if not found.ok:
        yield not_looked_at("the boot image", found)
        return
    has = found.body
    size = int(str(has.get("diskSizeGb") or 0))
    if has.get("architecture") == "ARM64":
        yield bad(f"{name} is for Arm machines", "pulumi config rm atelier:bootImage")
    elif size > settings.boot_disk_gb:
        yield bad(
            f"the boot image is {size} GB, and bootDiskGb {settings.boot_disk_gb}",
            _set("bootDiskGb", str(size + 20)),
        )
    else:
        age = cast("Mapping[str, Any]", has.get("deprecated", {})).get("state")
        if age in ("DEPRECATED", "OBSOLETE"):
            yield doubtful(f"boot image {name} is {str(age).lower()}", "Choose a newer one.")
        else:
            yield good(f"{has.get('name', name)}, {size} GB")


def quota(subject: Subject) -> Iterator[Finding]:
    """What the project may still have of GPUs, CPUs, addresses, networks and disks.

    What is in the stack's state has its share already; a machine with another GPU, or in another
    region, needs one of that.
    """
    everywhere_wanted, regional_wanted = _everywhere(subject), _regional(subject)
    if not everywhere_wanted and not regional_wanted:
        yield good("not looked at: this stack's machine has its share")
        return
    region = subject.settings.region
    regional, everywhere = (
        subject.google.ask("compute", f"projects/{subject.project}{place}")
        for place in (f"/regions/{region}", "")
    )
    short = False
    for found, where, wanted in (
        (everywhere, "", everywhere_wanted),
        (regional, region, regional_wanted),
    ):
        if not found.ok:
            short = True
            yield not_looked_at(f"quota{f' in {where}' if where else ''}", found)
            continue
        quotas = {
            str(it["metric"]): it
            for it in cast("list[Mapping[str, Any]]", found.body.get("quotas", []))
        }
        for metric, count in wanted.items():
            # "In regions where you don't have preemptible quota, you can use standard quota to
            # launch Spot VMs": docs.cloud.google.com/compute/docs/instances/spot.
            if not float(quotas.get(metric, {}).get("limit", 0)):
                metric = metric.removeprefix("PREEMPTIBLE_")
            has = quotas.get(metric)
            if has is None or float(has.get("usage", 0)) + count <= float(has["limit"]):
                continue
            short = True
            yield _short(subject, metric, where, has, count)
    if not short:
        yield good("enough of GPUs, CPUs, addresses, networks and disks")


def _everywhere(subject: Subject) -> dict[str, int]:
    machine = subject.settings.machine
    # The present machine goes before another is made, and gives its GPU back.
    has_one = subject.is_up and (not subject.machine or _gpu_of(subject.machine))
    wanted = {"GPUS_ALL_REGIONS": 1} if machine.gpu and not has_one else {}
    if not subject.is_up:
        wanted["CPUS_ALL_REGIONS"] = machine.vcpus
        if NETWORK not in subject.standing:
            wanted["NETWORKS"] = 1
    return wanted


def _regional(subject: Subject) -> dict[str, int]:
    settings = subject.settings
    wanted: dict[str, int] = {}
    gpu = GPU_OF[settings.preset]
    if gpu and _is_new(gpu, subject):
        wanted[f"{'PREEMPTIBLE_' if settings.spot else ''}NVIDIA_{gpu}_GPUS"] = 1
    if subject.is_up:
        return wanted
    wanted["IN_USE_ADDRESSES"] = 1
    if ADDRESS not in subject.standing:
        wanted["STATIC_ADDRESSES"] = 1
    data = 0 if DISK in subject.standing else settings.data_disk_gb
    wanted["SSD_TOTAL_GB"] = settings.boot_disk_gb + data
    metric = _CPUS.get(settings.machine.machine_type.partition("-")[0])
    if metric:
        wanted[metric] = settings.machine.vcpus
    return wanted


def _is_new(gpu: str, subject: Subject) -> bool:
    """Return whether the stack has no such GPU in this region yet."""
    has = subject.machine
    if not has:
        return not subject.is_up
    region = str(has.get("zone", "")).rpartition("-")[0]
    return _gpu_of(has) != gpu or region != subject.settings.region


def _gpu_of(machine: Mapping[str, object]) -> str:
    """Return the GPU of a machine of the state; empty for none."""
    if str(machine.get("machineType", "")).startswith("g2-"):
        return "L4"
    cards = str(machine.get("guestAccelerators") or "")
    return next((gpu for gpu, card in _ACCELERATORS.items() if card in cards), "")


def _short(
    subject: Subject, metric: str, region: str, has: Mapping[str, Any], count: int
) -> Finding:
    used, limit = float(has.get("usage", 0)), float(has["limit"])
    where = f" in {region}" if region else ""
    todo = [
        "Ask for more, which takes minutes to days:",
        quota_request(metric, region, subject.project, f"{used + count:g}"),
    ]
    if "GPU" in metric:
        todo += [
            "Free-trial accounts get none: upgrade the billing account first. Until then:",
            _set("preset", "cpu"),
        ]
    return bad(
        f"quota {metric}{where} is {limit:g}, {used:g} in use, and the studio needs {count}", *todo
    )


def _set(key: str, value: str) -> str:
    return f"pulumi config set atelier:{key} {value}"
