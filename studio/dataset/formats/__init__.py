"""The formats by name, in the order in which the help lists them."""

from studio.dataset.formats.coco import Coco
from studio.dataset.formats.format import Format
from studio.dataset.formats.instances import Instances
from studio.dataset.formats.label_studio import LabelStudioTasks
from studio.dataset.formats.masks import Masks
from studio.dataset.formats.panoptic import Panoptic
from studio.dataset.formats.voc import Voc
from studio.dataset.formats.yolo import Yolo

FORMATS: dict[str, type[Format]] = {
    one.NAME: one for one in (Masks, Instances, Coco, Panoptic, Yolo, Voc, LabelStudioTasks)
}
