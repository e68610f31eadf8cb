"""Figures of the backend alone with one labeler: warm clicks, the decoder's share, going back."""

from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.speed import servers
from benchmarks.speed.clicks import Labeler
from benchmarks.speed.official import official_sam
from benchmarks.speed.run import Run
from benchmarks.speed.timing import Samples, compared, pairs, spoken, timed

GROWTH = ("0.5", "2.8", "12")
# Places that no timed click has had: ours would answer those from memory.
ELSEWHERE = 10_000


def measure(run: Run) -> None:
    """Measure the group `clicks`."""
    kept = run.folder / "kept"
    with servers.peer(run.weights, run.folder) as peer:
        with servers.ours(run.weights, run.folder, run.pictures.host, **keeping(kept)) as ours:
            labelers = {
                size: tuple(
                    Labeler(server.url, run.pictures.address(size), size) for server in (peer, ours)
                )
                for size in GROWTH
            }
            lines = []
            for size in GROWTH:
                theirs, mine = labelers[size]
                cold = [timed(lambda who=who: who.click(-ELSEWHERE))[0] for who in (theirs, mine)]
                # On a cloud machine a click takes a fifth more for some seconds, by where the host
                # has the cores. 15 pairs are through in three seconds.
                ratio, peers, own = pairs(
                    theirs.click, mine.click, run.samples(60, 4), (peer.pid, ours.pid)
                )
                run.note(f"backend_warm_{size}", ratio, compared(peers, own))
                lines.append((f"{size} Mpx", *map(spoken, cold), peers.told(), own.told()))
            run.tabulate(
                "A click on the backend alone, as pictures grow",
                ("picture", "first: peer", "first: ours", "warm: peer", "warm: ours"),
                lines,
            )
            _over_decoder(run, labelers["12"][1], ours.pid)
            if not run.want("back_to_image", "back_after_restart"):
                return
            back = _back(run, labelers, (peer.pid, ours.pid))
        _after_restart(run, kept, back)


def keeping(folder: Path) -> dict[str, str]:
    """Settings with which our backend finds its embeddings again after a restart."""
    folder.mkdir(exist_ok=True)
    return {"SAM_DISK_FOLDER": str(folder)}


def _over_decoder(run: Run, mine: Labeler, pid: int) -> None:
    if run.want("backend_over_decoder"):
        ratio, own, bare = pairs(
            lambda number: mine.click(ELSEWHERE + number),
            bare_decoder(run),
            run.samples(15, 4),
            (pid, None),
        )
        run.note(
            "backend_over_decoder",
            ratio,
            f"ours {own.told()}, official decoder {bare.told()}, fp32",
        )


def bare_decoder(run: Run) -> Callable[[int], object]:
    """Return a call of the official prompt encoder and mask decoder, fp32, for one click."""
    sam = official_sam(run.weights.checkpoint, run.weights.model)
    device = sam.device
    encoder = sam.prompt_encoder
    features = torch.randn(1, encoder.embed_dim, *encoder.image_embedding_size, device=device)
    points = torch.full((1, 1, 2), 300.0, device=device), torch.ones(1, 1, device=device)

    @torch.inference_mode()
    def decode(number: int) -> None:
        sparse, dense = encoder(points=points, boxes=None, masks=None)
        logits, _ = sam.mask_decoder(
            image_embeddings=features,
            image_pe=encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=True,
        )
        logits.cpu()

    return decode


def _back(run: Run, labelers: dict[str, tuple[Labeler, ...]], pids: tuple[int, int]) -> Samples:
    """Go from one picture to another and back; return what it costs the peer."""

    def visit(who: int) -> Callable[[int], object]:
        return lambda number: labelers[GROWTH[number % 2]][who].click(2 * ELSEWHERE + number)

    ratio, peers, own = pairs(visit(0), visit(1), run.samples(2, 2), pids, warm_up=0)
    run.note("back_to_image", ratio, compared(peers, own))
    return peers


def _after_restart(run: Run, kept: Path, back: Samples) -> None:
    if run.want("back_after_restart"):
        with servers.ours(run.weights, run.folder, run.pictures.host, **keeping(kept)) as ours:
            mine = Labeler(ours.url, run.pictures.address("12"), "12")
            # What a first request to a new process costs is not what is asked for here.
            Labeler(ours.url, run.pictures.address("0.5"), "0.5").click(3 * ELSEWHERE)
            seconds, _ = timed(lambda: mine.click(3 * ELSEWHERE))
            encodes = ours.metric("atelier_encodes_total")
        run.note(
            "back_after_restart", back.median / seconds,
            f"peer {spoken(back.median)}, ours {spoken(seconds)}, encodes since {encodes:.0f}",
        )  # fmt: skip
