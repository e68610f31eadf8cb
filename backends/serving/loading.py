"""`module:Class` -> the one model object that all threads share."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from backends.serving.errors import SettingsError

if TYPE_CHECKING:  # Importing it imports torch, for seconds in which /health has to answer.
    from label_studio_ml.model import LabelStudioMLBase


def model_factory(model_class: str, label_config: Path | None) -> Callable[[], LabelStudioMLBase]:
    """Return a function that imports the class and makes its one object.

    The import happens in that function and not here, because importing torch takes seconds in which
    /health has to answer already.

    Args:
        model_class: `package.module:Class`, a subclass of LabelStudioMLBase.
        label_config: a labeling config for models that need one when they are made; ours do not.
    """

    def make() -> LabelStudioMLBase:
        from label_studio_ml.model import LabelStudioMLBase

        module_name, _, class_name = model_class.partition(":")
        found = getattr(importlib.import_module(module_name), class_name, None)
        if not isinstance(found, type) or not issubclass(found, LabelStudioMLBase):
            raise SettingsError(
                f"MODEL_CLASS={model_class} is no subclass of label_studio_ml's LabelStudioMLBase"
            )
        config = label_config.read_text() if label_config else None
        return found(label_config=config)

    return make
