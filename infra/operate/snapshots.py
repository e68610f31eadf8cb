"""The snapshots that `restore` can go back to."""

from infra.dynamic.compute import Compute
from infra.dynamic.compute_errors import ComputeError
from infra.dynamic.credentials import Access
from infra.dynamic.restore import Stack, own_snapshots
from infra.dynamic.restore_point import ASKED as ASKED
from infra.operate.errors import OperateError
from infra.settings.fields import Settings


def lines(settings: Settings, access: Access) -> list[str]:
    """Return what to say to who names no snapshot: those of the stack's data, the newest first.

    Raises:
        OperateError: Google refuses.
    """
    stack = Stack(settings.name, settings.data_disk_prefix, settings.labels_all)
    try:
        found = own_snapshots(Compute(settings.project, access=access), stack)
    except ComputeError as fault:
        raise OperateError(str(fault)) from fault
    if not found:
        return [f"There is no snapshot of the data of stack {settings.stack} yet."]
    return [
        "Name the snapshot to go back to, as in: make restore SNAPSHOT=" + found[0].name,
        *(f"  {one.name}  of {one.created:%Y-%m-%d %H:%M %Z}" for one in found),
    ]
