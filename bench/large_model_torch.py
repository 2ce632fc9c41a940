"""PyTorch sides of the large-model benchmark: executes a plan, prints one JSON document.

    python bench/large_model_torch.py --side plain|best --model DIR --plan DIR --threads 2

plain: teacher and student concatenated and padded, logits everywhere, SDPA, AdamW as it comes.
best:  hidden tokens dropped, rows packed without padding, SDPA on each row by itself, logits at
       label positions in chunks of rows with their gradient made in the same pass (it goes straight
       into the gradient of the matrix), no gradient of the embedding as a matrix of its own, fused
       AdamW.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file
from transformers import AttentionInterface

from train_torch import attend_by_rows, backward_plain, load_model, parameter_groups

CHUNK = 256  # rows of logits; 256 pairs are two chunks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", choices=["plain", "best"], required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    manifest = json.loads((options.plan / "manifest.json").read_text())
    settings = manifest["optimizer"]
    arrays = load_file(options.plan / "tokens.safetensors")
    samples = torch.tensor_split(arrays["tokens"].long(), arrays["offsets"][1:-1])
    AttentionInterface.register("rows", attend_by_rows)
    model = load_model(options.model, "sdpa" if options.side == "plain" else "rows")
    optimizer = torch.optim.AdamW(
        parameter_groups(model, settings["weightDecay"]),
        betas=tuple(settings["betas"]),
        eps=settings["epsilon"],
        fused=options.side == "best",
    )
    backward = backward_plain if options.side == "plain" else backward_chunked
    steps = []
    for line in (options.plan / "steps.jsonl").read_text().splitlines():
        step = json.loads(line)
        started, worked = time.perf_counter(), time.process_time()
        for group in optimizer.param_groups:
            group["lr"] = step["learningRate"]
        loss = backward(model, step, samples)
        seconds, processor = time.perf_counter() - started, time.process_time() - worked
        norm = gradient_norm(model)
        started, worked = time.perf_counter(), time.process_time()
        torch.nn.utils.clip_grad_norm_(
            model.parameters(), settings["maxGradientNorm"], foreach=options.side == "best"
        )
        optimizer.step()
        optimizer.zero_grad()
        steps.append(
            {
                "loss": loss,
                "gradientNorm": norm,
                "maskRate": step["maskRate"],
                "seconds": seconds + time.perf_counter() - started,
                "processorSeconds": processor + time.process_time() - worked,
            }
        )
    print(
        json.dumps(
            {
                "steps": steps,
                "peakRssMiB": peak_rss_mib(),
                "versions": {
                    "python": platform.python_version(),
                    "torch": torch.__version__,
                    "transformers": transformers.__version__,
                },
            }
        )
    )


def gradient_norm(model: torch.nn.Module) -> float:
    """In double precision, and not part of the time: what torch clips by is off by 1e-4."""
    squares = 0.0
    for parameter in model.parameters():
        for part in parameter.grad.view(-1).split(2**22):
            squares += part.double().square().sum().item()
    return squares**0.5


def backward_chunked(model: torch.nn.Module, step: dict, samples: tuple) -> float:
    """One micro-batch of one reflection sample, as the benchmark's plans have it."""
    [micro_batch] = step["microBatches"]
    teacher, student = (prepare_row(row, samples) for row in micro_batch["rows"])
    lengths = [len(teacher["kept"]), len(student["kept"])]
    ids = torch.cat([teacher["ids"], student["ids"]])
    matrix = model.model.embed_tokens.weight
    embedded = matrix.detach()[ids].requires_grad_()
    hidden = model.model(
        inputs_embeds=embedded[None],
        position_ids=torch.cat([teacher["kept"], student["kept"]])[None],
        row_lengths=lengths,
        use_cache=False,
    ).last_hidden_state[0]
    matrix.grad = torch.zeros_like(matrix)
    loss, d_hidden = head(
        matrix, hidden.detach(), teacher, student, lengths[0], micro_batch
    )
    hidden.backward(d_hidden)
    matrix.grad.index_add_(0, ids, embedded.grad)
    return loss


def prepare_row(row: dict, samples: tuple) -> dict:
    tokens = samples[row["sample"]]
    kept = torch.cat([torch.arange(a, b) for a, b in row["spans"]])
    place = torch.full((len(tokens),), -1)
    place[kept] = torch.arange(len(kept))
    targets = torch.zeros(len(tokens), dtype=torch.long)
    weight = torch.zeros(len(tokens))
    for a, b in row["labels"]:
        targets[a - 1 : b - 1] = tokens[a:b]
        weight[a - 1 : b - 1] = 1
    start, end = row["distill"]
    inside = torch.zeros(len(tokens), dtype=torch.bool)
    inside[start:end] = True
    alone = ((weight > 0) & ~inside).nonzero()[:, 0]
    both = torch.arange(start, end)
    return {
        "kept": kept,
        "ids": tokens[kept],
        "alone": (place[alone], targets[alone], weight[alone]),
        "both": (place[both], targets[both], weight[both]),
    }


@torch.no_grad()
def head(matrix, hidden, teacher, student, offset, micro_batch) -> tuple[float, torch.Tensor]:
    entropy_scale, distill_scale = micro_batch["crossEntropyScale"], micro_batch["distillScale"]
    d_hidden = torch.zeros_like(hidden)
    total = 0.0

    def run(at, targets, weight, pairs):
        nonlocal total
        rows = hidden[at]
        logits = rows @ matrix.T
        logits.sub_(logits.logsumexp(-1, keepdim=True))
        nll = -logits.gather(1, targets[:, None])[:, 0]
        total += (nll * weight).sum().item() * entropy_scale
        probabilities = logits.exp()
        if pairs:
            shares = probabilities[:pairs]
            difference = logits[:pairs].sub_(logits[pairs:])
            total += difference.mul_(shares).sum().item() * distill_scale
            pull = (probabilities[pairs:] - shares).mul_(distill_scale)
        del logits
        scale = (weight * entropy_scale)[:, None]
        probabilities.mul_(scale).scatter_add_(1, targets[:, None], -scale)
        if pairs:
            probabilities[pairs:].add_(pull)
        matrix.grad.addmm_(probabilities.T, rows)
        d_hidden[at] = probabilities @ matrix

    alone = [
        torch.cat([t, s + (offset if i == 0 else 0)])
        for i, (t, s) in enumerate(zip(teacher["alone"], student["alone"], strict=True))
    ]
    for start in range(0, len(alone[0]), CHUNK):
        run(*(part[start : start + CHUNK] for part in alone), 0)
    count = len(teacher["both"][0])
    for start in range(0, count, CHUNK // 2):
        chunk = slice(start, start + CHUNK // 2)
        parts = [
            torch.cat([t[chunk], s[chunk] + (offset if i == 0 else 0)])
            for i, (t, s) in enumerate(zip(teacher["both"], student["both"], strict=True))
        ]
        run(*parts, len(parts[0]) // 2)
    return total, d_hidden


def peak_rss_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmHWM in /proc/self/status")


if __name__ == "__main__":
    main()
