"""Speed, memory and equality of the interactive models, full size with random weights.

python -m benchmarks.interactive [--models vit_b edgetam ...] [--device cuda] [--rounds 5]

Each is read from a file in its official format. The first Segment Anything's masks are compared
with SamPredictor's, on the same device. CPU seconds stay comparable on a busy machine.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from segment_anything import SamPredictor

from backends.segment_anything_model.model import InteractiveModel
from backends.segment_anything_model.models import load_model
from backends.segment_anything_model.prompts import Click
from backends.segment_anything_model.sam import SegmentAnything
from benchmarks.equality import SIZES, agreement, officials, ours, picture
from benchmarks.official import SAM, SAM2, write_checkpoint
from benchmarks.speed.official import official_sam

SIZE = (768, 1024)


def timed(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the medians of CPU seconds and of wall milliseconds, after one call to warm up."""
    call()
    seconds, wall = [], []
    for _ in range(rounds):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        cpu, since = time.process_time(), time.perf_counter()
        call()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        wall.append((time.perf_counter() - since) * 1000)
        seconds.append(time.process_time() - cpu)
    return statistics.median(seconds), statistics.median(wall)


def least_agreement(model: InteractiveModel, checkpoint: Path, name: str) -> float | None:
    """Return the least IoU with SamPredictor over all sizes and prompts; None for other models."""
    if not isinstance(model, SegmentAnything):
        return None
    # Built anew: ours has exchanged parts of its network.
    predictor = SamPredictor(official_sam(checkpoint, name).to(model.device))
    return min(
        min(agreement(list(ours(model, size)), list(officials(predictor, size)))) for size in SIZES
    )


def row(name: str, device: str, rounds: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = write_checkpoint(name, Path(folder))
        model = load_model(checkpoint, device=device)
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        image = picture(0, SIZE)
        encode_cpu, encode = timed(lambda: model.encode(image), rounds)
        embedding = model.encode(image)
        click = [Click(400.0, 300.0)]
        decode_cpu, decode = timed(lambda: model.decode(embedding, click), 4 * rounds)
        gpu = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0
        least = least_agreement(model, checkpoint, name)
    return (
        f"| {name} | {encode_cpu:.2f} | {encode:.0f} | {decode_cpu * 1000:.0f} | {decode:.1f} "
        f"| {embedding.nbytes / 1e6:.1f} | {gpu:.2f} | {'' if least is None else f'{least:.4f}'} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interactive")
    parser.add_argument("--models", nargs="+", choices=[*SAM, *SAM2], default=[*SAM, *SAM2])
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"
    print(f"{where}, {torch.get_num_threads()} threads, fp32, torch {torch.__version__}, {SIZE}\n")
    print("| model | encode CPU s | encode ms | decode CPU ms | decode ms | embedding MB |", end="")
    print(" GPU GB | least IoU to SamPredictor |\n|" + "---|" * 8)
    for name in options.models:
        print(row(name, options.device, options.rounds), flush=True)


if __name__ == "__main__":
    main()
