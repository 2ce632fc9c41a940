"""PyTorch sides of the training benchmark: executes a plan and prints times as one JSON document.

    python bench/train_torch.py --side plain|best --model DIR --plan DIR --threads 2

plain: as the published code: teacher and student concatenated and padded, logits everywhere, SDPA.
best:  hidden tokens dropped, the rows of all micro-batches packed without padding, SDPA on each row
       by itself with the causal kernel (no mask in memory), logits at label positions only, fused
       AdamW.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file
from transformers import AttentionInterface

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "test" / "parity"))
from reference import load_model  # noqa: E402
from reference_adamw import parameter_groups, terms_of  # noqa: E402

Rows = list[tuple[dict, dict]]


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
    backward = backward_plain if options.side == "plain" else backward_packed
    steps = []
    for line in (options.plan / "steps.jsonl").read_text().splitlines():
        step = json.loads(line)
        started = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = step["learningRate"]
        loss = backward(model, step, samples)
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings["maxGradientNorm"])
        optimizer.step()
        optimizer.zero_grad()
        steps.append({"loss": loss, "seconds": time.perf_counter() - started})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {
                "steps": steps,
                "peakRssMiB": peak / 1024,
                "versions": {
                    "python": platform.python_version(),
                    "torch": torch.__version__,
                    "transformers": transformers.__version__,
                },
            }
        )
    )


def backward_plain(model: torch.nn.Module, step: dict, samples: tuple[torch.Tensor, ...]) -> float:
    total = 0.0
    for micro_batch in step["microBatches"]:
        entropy, divergence = terms_of(model, micro_batch, samples, 1.0)
        loss = micro_batch["crossEntropyScale"] * entropy + micro_batch["distillScale"] * divergence
        loss.backward()
        total += loss.item()
    return total


def backward_packed(model: torch.nn.Module, step: dict, samples: tuple[torch.Tensor, ...]) -> float:
    ids, positions, lengths = [], [], []
    label_at, targets, label_scale = [], [], []
    teacher_at, student_at, distill_scale = [], [], []
    offset = 0
    for micro_batch in step["microBatches"]:
        for row in micro_batch["rows"]:
            tokens = samples[row["sample"]]
            kept = torch.cat([torch.arange(a, b) for a, b in row["spans"]])
            index = torch.full((len(tokens),), -1)
            index[kept] = torch.arange(offset, offset + len(kept))
            wanted = torch.cat([torch.arange(a, b) for a, b in row["labels"]])
            ids.append(tokens[kept])
            positions.append(kept)
            lengths.append(len(kept))
            label_at.append(index[wanted - 1])
            targets.append(tokens[wanted])
            label_scale.append(torch.full((len(wanted),), micro_batch["crossEntropyScale"]))
            if row.get("distill"):
                start, end = row["distill"]
                of_view = teacher_at if row["view"] == "teacher" else student_at
                of_view.append(index[start:end])
                if row["view"] == "student":
                    distill_scale.append(torch.full((end - start,), micro_batch["distillScale"]))
            offset += len(kept)
    hidden = model.model(
        input_ids=torch.cat(ids)[None],
        position_ids=torch.cat(positions)[None],
        row_lengths=lengths,
        use_cache=False,
    ).last_hidden_state[0]

    # One row of logits per position that any term needs.
    needed = torch.cat([*label_at, *teacher_at, *student_at]).unique()
    place = torch.full((offset,), -1)
    place[needed] = torch.arange(len(needed))
    log_probabilities = F.log_softmax(model.lm_head(hidden[needed]), dim=-1)
    scale = torch.cat(label_scale)
    chosen = log_probabilities[place[torch.cat(label_at)], torch.cat(targets)]
    loss = -(chosen * scale).sum()
    if student_at:
        teacher = log_probabilities[place[torch.cat(teacher_at)]].detach()
        student = log_probabilities[place[torch.cat(student_at)]]
        each = F.kl_div(student, teacher, log_target=True, reduction="none").sum(-1)
        loss = loss + (each * torch.cat(distill_scale)).sum()
    loss.backward()
    return loss.item()


def attend_by_rows(module, query, key, value, attention_mask, row_lengths, **_):
    """Causal attention of each packed row by itself; query [1, heads, tokens, width]."""
    results = [
        F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=module.scaling, enable_gqa=True)
        for q, k, v in zip(
            query.split(row_lengths, 2),
            key.split(row_lengths, 2),
            value.split(row_lengths, 2),
            strict=True,
        )
    ]
    return torch.cat(results, dim=2).transpose(1, 2).contiguous(), None


if __name__ == "__main__":
    main()
