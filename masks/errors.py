"""What can be wrong with what Label Studio hands over; each message is one plain sentence."""


class MasksError(Exception):
    """A labeling config, a task or a region cannot be used."""


class LabelingConfigError(MasksError):
    """The text is not a labeling config, or has no control for masks."""


class TaskError(MasksError):
    """A task's data lacks what the labeling config shows."""


class RegionError(MasksError):
    """A region holds no mask that can be read."""


class RleError(MasksError):
    """The numbers are not a brush RLE of the stated size."""


class BitmaskError(MasksError):
    """The text is not a PNG data URL of the stated size."""
