"""The second domain: its project file, its labels and the label map that fills them."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
import skimage.data
import yaml
from label_studio_sdk.label_interface.interface import LabelInterface

from backends.segmentation.label_map import read_label_map
from studio.project.load import load_project
from tests.examples.ade20k import CLASSES

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "examples" / "picture-archive" / "project.yaml"
LABEL_MAP = ROOT / "backends" / "segmentation" / "label_maps" / "ade20k_archive.yaml"
PHOTOGRAPHS = Path(skimage.data.__file__).parent
