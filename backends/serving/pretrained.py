"""Checkpoints in Hugging Face's layout, read whole or refused."""

from typing import Any

import torch
import transformers

from backends.serving.errors import SettingsError


def load_pretrained(
    model_class: Any, repository: str, revision: str = "main", wanted: str = ""
) -> torch.nn.Module:
    """Return a model of transformers in evaluation mode, float32, on the CPU.

    A `.bin` file is read as plain weights; what else it holds is not run.

    Args:
        model_class: a model class or an Auto class of transformers.
        repository: a folder with config.json and model.safetensors, or a name on the hub.
        revision: of a name on the hub.
        wanted: what to give instead, for the message.

    Raises:
        SettingsError: it cannot be read, weights are missing, or they have another shape than
            config.json says. transformers itself fills both kinds of gap with random numbers.
    """
    transformers.utils.logging.disable_progress_bar()
    try:
        network, report = model_class.from_pretrained(
            repository,
            revision=revision,
            dtype=torch.float32,
            output_loading_info=True,
            weights_only=True,
        )
    except Exception as error:
        reason = " ".join(str(error).split())[:300]
        raise SettingsError(f"{repository} cannot be loaded: {reason}{wanted}") from error
    gaps = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}
    if gaps:
        names = ", ".join(sorted(gaps)[:3])
        raise SettingsError(f"{repository} lacks weights that its config.json names: {names}")
    return network.eval()
