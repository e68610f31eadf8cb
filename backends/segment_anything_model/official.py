"""The official package's models, without what it imports beside them.

`import segment_anything` also imports its predictor and its automatic masks, which nothing here
uses, and with them torchvision, torch's compiler and sympy: 97 MB of memory and a thousand modules
in each backend. So its own modules are imported before it is, and the rest when somebody asks the
package for it.
"""

import importlib.util
import sys
from types import ModuleType
from typing import Any

PACKAGE = "segment_anything"


def _package() -> ModuleType:
    """Return the package with its place and without its content, which comes when asked for."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named '{PACKAGE}'", name=PACKAGE)
    package, loader = importlib.util.module_from_spec(spec), spec.loader

    def content(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        package.__dict__.pop("__getattr__", None)
        loader.exec_module(package)
        return getattr(package, name)

    package.__getattr__ = content
    return package


if PACKAGE not in sys.modules:
    sys.modules[PACKAGE] = _package()

from segment_anything.build_sam import sam_model_registry  # noqa: E402
from segment_anything.modeling import (  # noqa: E402
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
    image_encoder,
)
from segment_anything.modeling.transformer import Attention  # noqa: E402

__all__ = [
    "Attention",
    "MaskDecoder",
    "PromptEncoder",
    "Sam",
    "TwoWayTransformer",
    "image_encoder",
    "sam_model_registry",
]
