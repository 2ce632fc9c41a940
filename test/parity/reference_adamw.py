"""Executes a plan with transformers and torch as the published code would: the full sequences,
student masks, clipping, AdamW and the learning-rate schedule.

    python test/parity/reference_adamw.py --model DIR --plan DIR --out DIR [--steps N]

Writes DIR/steps.json (per step: losses, gradient norm before clipping, learning rate) and
DIR/weights.safetensors (final weights by Hugging Face parameter name).
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from reference import load_model

IGNORED = -100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, help="default: all steps of the plan")
    options = parser.parse_args()
    torch.set_num_threads(1)
    manifest = json.loads((options.plan / "manifest.json").read_text())
    model = load_model(options.model)
    add_tokens(model, manifest)
    options.out.mkdir(parents=True, exist_ok=True)
    metrics = train(model, options.plan, manifest, options.steps)
    (options.out / "steps.json").write_text(json.dumps(metrics))
    weights = {name: p.detach().contiguous() for name, p in model.named_parameters()}
    save_file(weights, options.out / "weights.safetensors")


@torch.no_grad()
def add_tokens(model: torch.nn.Module, manifest: dict) -> None:
    """Rows of added tokens become the mean of the rows of the tokens their text had before."""
    tables = [model.get_input_embeddings(), model.get_output_embeddings()]
    originals = [table.weight.detach().clone() for table in tables]
    if manifest["vocabularySize"] > originals[0].shape[0]:
        model.resize_token_embeddings(manifest["vocabularySize"], mean_resizing=False)
    for table, original in zip(
        [model.get_input_embeddings(), model.get_output_embeddings()], originals, strict=True
    ):
        for added in manifest["addedTokens"]:
            table.weight[added["id"]] = original[added["sourceIds"]].mean(dim=0)


def train(model: torch.nn.Module, plan: Path, manifest: dict, limit: int | None) -> list[dict]:
    settings = manifest["optimizer"]
    arrays = load_file(plan / "tokens.safetensors")
    samples = torch.tensor_split(arrays["tokens"].long(), arrays["offsets"][1:-1])
    optimizer = torch.optim.AdamW(
        parameter_groups(model, settings["weightDecay"]),
        lr=settings["learningRate"],
        betas=tuple(settings["betas"]),
        eps=settings["epsilon"],
    )
    temperature = manifest["config"].get("temperature", 1.0)
    metrics = []
    for line in (plan / "steps.jsonl").read_text().splitlines()[:limit]:
        step = json.loads(line)
        rate = scheduled_rate(step["step"], manifest)
        for group in optimizer.param_groups:
            group["lr"] = rate
        sums = {"crossEntropy": 0.0, "klDivergence": 0.0}
        for micro_batch in step["microBatches"]:
            entropy, divergence = terms_of(model, micro_batch, samples, temperature)
            entropy = entropy * micro_batch["crossEntropyScale"]
            divergence = divergence * micro_batch["distillScale"]
            (entropy + divergence).backward()
            sums["crossEntropy"] += entropy.item()
            sums["klDivergence"] += divergence.item()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), settings["maxGradientNorm"])
        optimizer.step()
        optimizer.zero_grad()
        metrics.append(
            {
                "step": step["step"],
                "loss": sums["crossEntropy"] + sums["klDivergence"],
                **sums,
                "gradientNorm": norm.item(),
                "learningRate": rate,
                "plannedLearningRate": step["learningRate"],
            }
        )
    return metrics


def parameter_groups(model: torch.nn.Module, decay: float) -> list[dict]:
    """As the Hugging Face trainer: biases and norms are not decayed."""
    plain = [p for n, p in model.named_parameters() if "norm" in n or n.endswith("bias")]
    decayed = [p for n, p in model.named_parameters() if not ("norm" in n or n.endswith("bias"))]
    return [{"params": decayed, "weight_decay": decay}, {"params": plain, "weight_decay": 0.0}]


def scheduled_rate(step: int, manifest: dict) -> float:
    """Linear warm-up from 0, then by the schedule to the end of the plan."""
    settings, total = manifest["optimizer"], manifest["steps"]
    base, warmup = settings["learningRate"], settings["warmupSteps"]
    if step < warmup:
        return base * step / warmup
    progress = (step - warmup) / max(1, total - warmup)
    if settings["schedule"] == "cosine":
        return base * 0.5 * (1 + math.cos(math.pi * progress))
    if settings["schedule"] == "linear":
        return base * (1 - progress)
    return base


def terms_of(
    model: torch.nn.Module, micro_batch: dict, samples: tuple[torch.Tensor, ...], temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """ΣCE over the label targets of all rows and ΣKL over the distilled positions."""
    rows = micro_batch["rows"]
    length = max(len(samples[row["sample"]]) for row in rows)
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    visible = torch.zeros(len(rows), length, dtype=torch.long)
    labels = torch.full((len(rows), length), IGNORED)
    for index, row in enumerate(rows):
        tokens = samples[row["sample"]]
        ids[index, : len(tokens)] = tokens
        for start, end in row["spans"]:
            visible[index, start:end] = 1
        for start, end in row["labels"]:
            labels[index, start:end] = tokens[start:end]
    logits = model(input_ids=ids, attention_mask=visible).logits.float()
    entropy = F.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED, reduction="sum"
    )
    divergence = torch.zeros(())
    teachers = {row["sample"]: i for i, row in enumerate(rows) if row["view"] == "teacher"}
    for index, row in enumerate(rows):
        if row["view"] != "student" or not row.get("distill"):
            continue
        start, end = row["distill"]
        teacher = logits[teachers[row["sample"]], start:end]
        divergence = divergence + F.kl_div(
            F.log_softmax(logits[index, start:end] / temperature, dim=-1),
            F.softmax(teacher / temperature, dim=-1).detach(),
            reduction="sum",
        )
    return entropy, divergence


if __name__ == "__main__":
    main()
