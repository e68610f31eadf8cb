"""Train the small Segment Anything on drawn scenes.

python -m demo.training.data FOLDER
python -m demo.training.train_segment_anything FOLDER sam_small.safetensors --minutes 50

The image encoder first learns classes and contours alone, which needs no decoder; then encoder and
decoder learn masks from points, boxes and up to five clicks that correct the mask before.
"""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from segment_anything.modeling import Sam
from torch import Tensor, nn
from torch.nn import functional

from backends.segment_anything_model.demo.small_sam import EMBEDDING, build_small_sam
from demo.scenes import CLASSES
from demo.training import data, loop, losses, prompts

RATE = 1.6e-3
PROMPTS = 4
ENCODER_ONLY = 0.12
BALANCED_UNTIL, PLAIN_FROM = 0.3, 0.55
# Labels of tokens as the official prompt encoder numbers its embeddings, and padding.
PADDING, NEGATIVE, POSITIVE, CORNER_ONE, CORNER_TWO = -1, 0, 1, 2, 3


class Trainee(nn.Module):
    """The model with a head, for training only, that reads class and contour off the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.sam: Sam = build_small_sam().train()
        self.sam.image_encoder.to(memory_format=torch.channels_last)
        self.dense = nn.Conv2d(EMBEDDING, 16 * (len(CLASSES) + 1), 1)

    def dense_loss(self, embedding: Tensor, batch: prompts.Batch) -> Tensor:
        logits = functional.pixel_shuffle(self.dense(embedding), 4)
        classes = torch.from_numpy(batch.classes).long()
        contours = torch.from_numpy(batch.contours).float()
        kind = functional.cross_entropy(logits[:, :-1], classes)
        edge = functional.binary_cross_entropy_with_logits(
            logits[:, -1], contours, pos_weight=torch.tensor(3.0)
        )
        return kind + losses.class_dice(logits[:, :-1], classes) + edge


@dataclass
class Asked:
    """Prompts of M masks: coordinates (M, N, 2) and labels (M, N); a token each."""

    points: NDArray[np.float32]
    labels: NDArray[np.int64]
    box: bool

    def with_click(self, clicks: list[tuple[NDArray[np.float32], int]]) -> Asked:
        points = np.stack([click for click, _ in clicks])[:, None]
        labels = np.array([[label] for _, label in clicks])
        return Asked(
            np.concatenate([points, self.points], 1), np.concatenate([labels, self.labels], 1),
            self.box,
        )  # fmt: skip


def ask(rng: np.random.Generator, targets: NDArray[np.bool_], kind: str) -> Asked:
    """First prompts for masks (M, 128, 128): kind is point, box or both."""
    points, labels = [], []
    for target in targets:
        tokens: list[tuple[NDArray[np.float32], int]] = []
        if kind != "box":
            tokens.append((prompts.point_in(rng, target, rng.random() < 0.5), POSITIVE))
        if kind != "point":
            box = prompts.box_around(rng, target)
            tokens += [(box[:2], CORNER_ONE), (box[2:], CORNER_TWO)]
        points.append(np.stack([token[0] for token in tokens]))
        labels.append([token[1] for token in tokens])
    return Asked(np.stack(points), np.array(labels), kind != "point")


def tokens_of(sam: Sam, asked: Asked, extra_padding: int) -> Tensor:
    """Sparse embeddings (M, N, 64), equal to the official prompt encoder's for the same prompts."""
    encoder = sam.prompt_encoder
    # The official encoder pads points when no box follows; more padding teaches any token count.
    padding = extra_padding + (0 if asked.box else 1)
    points = np.pad(asked.points, ((0, 0), (0, padding), (0, 0)))
    labels = torch.from_numpy(
        np.pad(asked.labels, ((0, 0), (0, padding)), constant_values=PADDING)
    )[..., None]
    side = (prompts.INPUT_SIDE, prompts.INPUT_SIDE)
    coded = encoder.pe_layer.forward_with_coords(torch.from_numpy(points) + 0.5, side)
    coded = torch.where(labels == PADDING, torch.zeros_like(coded), coded)
    coded = coded + (labels == PADDING) * _weight(encoder.not_a_point_embed)
    for label in (NEGATIVE, POSITIVE, CORNER_ONE, CORNER_TWO):
        coded = coded + (labels == label) * _weight(encoder.point_embeddings[label])
    return coded


def _weight(embedding: nn.Module) -> Tensor:
    assert isinstance(embedding, nn.Embedding)
    return embedding.weight


def decode(
    sam: Sam, embedding: Tensor, tokens: Tensor, earlier: Tensor | None
) -> tuple[Tensor, Tensor]:
    """The official decoder for M pairs of an image (M, 64, 32, 32) and its prompts.

    Returns logits (M, 4, 128, 128) and predicted IoU (M, 4). The official `forward` takes one
    image with many prompts; here each prompt brings its image.
    """
    decoder, encoder = sam.mask_decoder, sam.prompt_encoder
    out = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight])[None]
    tokens = torch.cat([out.expand(len(tokens), -1, -1), tokens], 1)
    if earlier is None:
        dense = encoder.no_mask_embed.weight.reshape(1, -1, 1, 1)
    else:
        dense = encoder.mask_downscaling(earlier)
    place = encoder.get_dense_pe().expand(len(tokens), -1, -1, -1)
    hidden, source = decoder.transformer(embedding + dense, place, tokens)
    source = source.transpose(1, 2).reshape(embedding.shape)
    upscaled = decoder.output_upscaling(source).float()
    weights = torch.stack(
        [mlp(hidden[:, 1 + i]) for i, mlp in enumerate(decoder.output_hypernetworks_mlps)], 1
    ).float()
    logits = torch.einsum("mkc,mchw->mkhw", weights, upscaled)
    return logits, decoder.iou_prediction_head(hidden[:, 0]).float()


def mask_loss(
    logits: Tensor, quality: Tensor, target: Tensor, balanced: float, single_point: bool
) -> Tensor:
    """Loss of the single mask and, for one point alone, of the best of the three."""
    target = target[:, None]
    kept = logits if single_point else logits[:, :1]
    each = losses.dice(kept, target) + losses.cross_entropy(kept, target.expand_as(kept), balanced)
    total = each[:, 0].mean()
    if single_point:
        total = total + each[:, 1:].min(1).values.mean() + 0.2 * each[:, 1:].mean()
    true = losses.overlap(kept.detach(), target.expand_as(kept))
    return total + 0.3 * functional.mse_loss(quality[:, : kept.shape[1]], true)


def rounds_of(rng: np.random.Generator, share: float) -> int:
    """How many prompts one after the other a step simulates."""
    if share < 0.25:
        return 1
    if share < 0.6:
        return int(rng.choice([1, 2, 3, 5], p=[0.55, 0.2, 0.15, 0.1]))
    return int(rng.choice([1, 2, 3, 5], p=[0.35, 0.25, 0.2, 0.2]))


def group_loss(
    rng: np.random.Generator,
    sam: Sam,
    embedding: Tensor,
    targets: NDArray[np.bool_],
    kind: str,
    share: float,
    precision: str,
) -> tuple[Tensor, float]:
    """Loss and mean IoU of one group of prompts of the same kind."""
    balanced = float(np.clip((PLAIN_FROM - share) / (PLAIN_FROM - BALANCED_UNTIL), 0, 1))
    asked, earlier = ask(rng, targets, kind), None
    truth = torch.from_numpy(targets).float()
    for _ in range(rounds_of(rng, share) - 1):
        with torch.no_grad(), loop.autocast(precision):
            logits, quality = decode(sam, embedding.detach(), tokens_of(sam, asked, 0), earlier)
        single = kind == "point" and asked.points.shape[1] == 1
        best = (
            1 + quality[:, 1:].argmax(1) if single else torch.zeros(len(logits), dtype=torch.long)
        )
        earlier = logits[torch.arange(len(logits)), best][:, None]
        masks = (earlier[:, 0] > 0).numpy()
        asked = asked.with_click(
            [
                prompts.correction(rng, mask, target)
                for mask, target in zip(masks, targets, strict=True)
            ]
        )
        if rng.random() < 0.25:
            earlier = torch.where(earlier > 0, 10.0, -10.0)
    if earlier is not None:
        earlier = None if rng.random() < 0.25 else earlier.clamp(-32, 32)
    with loop.autocast(precision):
        logits, quality = decode(
            sam, embedding, tokens_of(sam, asked, int(rng.integers(3))), earlier
        )
    single = kind == "point" and asked.points.shape[1] == 1
    loss = mask_loss(logits, quality, truth, balanced, single)
    return loss, float(losses.overlap(logits[:, 0].detach(), truth).mean())


def normalised(sam: Sam, batch: prompts.Batch) -> Tensor:
    pixels = torch.from_numpy(batch.images).permute(0, 3, 1, 2).float()
    inside = torch.from_numpy(batch.inside)[:, None]
    mean, deviation = sam.get_buffer("pixel_mean"), sam.get_buffer("pixel_std")
    pixels = (pixels - mean) / deviation * inside
    return pixels.contiguous(memory_format=torch.channels_last)


def main() -> None:
    options = loop.parser(__doc__ or "", "sam_small.pt").parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    trainee = Trainee()
    budget = loop.Budget(options.minutes)
    run = loop.Run(trainee, RATE, budget, options.checkpoint)
    rng = np.random.default_rng([options.seed, run.step])
    scenes = data.load(options.scenes)
    seen: dict[str, list[float]] = {}
    while budget.share < 1 and not options.export:
        share = budget.share
        batch = prompts.sample(rng, scenes, options.batch, PROMPTS)
        with loop.autocast(options.precision):
            embedding = trainee.sam.image_encoder(normalised(trainee.sam, batch))
        embedding = embedding.float()
        dense = trainee.dense_loss(embedding, batch)
        seen.setdefault("dense", []).append(dense.item())
        loss = dense
        if share >= ENCODER_ONLY:
            loss = dense * (0.5 if share < 0.5 else 0.25)
            half = PROMPTS // 2
            kinds = (str(rng.choice(["point", "point", "both"], p=[0.4, 0.4, 0.2])), "box")
            for group, kind in enumerate(kinds):
                part = slice(group * half, (group + 1) * half)
                targets = batch.targets[:, part].reshape(-1, *batch.targets.shape[2:])
                images = embedding.repeat_interleave(half, 0)
                extra, iou = group_loss(
                    rng, trainee.sam, images, targets, kind, share, options.precision
                )
                loss = loss + extra
                seen.setdefault(kind, []).append(iou)
        run.update(loss)
        if run.step % 50 == 0:
            told = " ".join(
                f"{name} {np.mean(values):.3f}" for name, values in sorted(seen.items())
            )
            print(f"{time.strftime('%H:%M:%S')} {share:5.1%} step {run.step} {told}", flush=True)
            seen.clear()
    if not options.export:
        run.save()
    weights = {
        name.removeprefix("sam."): value
        for name, value in loop.half(run.average).items()
        if name.startswith("sam.")
    }
    metadata = {
        "model_type": "small",
        "date": datetime.date.today().isoformat(),
        "command": f"python -m demo.training.train_segment_anything SCENES OUTPUT "
        f"--minutes {options.minutes:g} --batch {options.batch} --seed {options.seed}",
        "steps": str(run.step),
        "minutes": f"{budget.seconds / 60:.1f}",
    }
    save_file(weights, options.output, metadata)
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB, {run.step} steps")


if __name__ == "__main__":
    main()
