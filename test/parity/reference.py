"""The published objective on transformers' models in fp32: losses and gradients of given samples.

    python test/parity/reference.py objective --model DIR … --cases CASES.json --out DIR …
    python test/parity/reference.py views --cases CASES.json --out FILE.json

Teacher and student are two rows of the whole sequence (nothing is dropped), the student with a 2-D
attention mask, padded on the right, eager attention, positions 0, 1, 2, … in every row.

CASES.json: {"bosId": int|null, "eosId": int, "specialTokens": {token: id}, "cases": [case, …]};
case: {"name", "distillWeight"?: 1, "temperature"?: 1, "microBatches": [[sample, …], …]};
sample: {"tokens", "type", "strategy", "rate", "blockOrder"?, "mask"?: [0|1, …]} (see views.py).

`objective` writes, for each model, DIR/results.json, one entry a case, DIR/logits.safetensors, the
logits of the first case's first sample without any mask, and DIR/<name>.<part>.safetensors with the
gradients by Hugging Face parameter name. The parts `teacher` (plain samples included), `student`
and `kl` are what these terms contribute to the loss of the step: `total` is their sum. The means
of results.json are over all positions of a kind in the step.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.utils import logging

from views import IGNORED, Vocabulary, distilled_positions, sample_views

PARTS = ("teacher", "student", "kl", "total")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["objective", "views"])
    parser.add_argument("--model", type=Path, nargs="*")
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    document = json.loads(options.cases.read_text())
    vocabulary = Vocabulary(document["specialTokens"], document["eosId"], document["bosId"])
    if options.mode == "views":
        [out] = options.out
        out.write_text(json.dumps([views_of(c, vocabulary) for c in document["cases"]]))
        return
    for folder, out in zip(options.model, options.out, strict=True):
        write_objective(load_model(folder), document["cases"], vocabulary, out)


def write_objective(
    model: torch.nn.Module, cases: list[dict], vocabulary: Vocabulary, out: Path
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for case in cases:
        result, gradients = compute_case(model, case, vocabulary)
        results.append(result)
        for part, tensors in gradients.items():
            save_file(tensors, out / f"{case['name']}.{part}.safetensors")
    (out / "results.json").write_text(json.dumps(results))
    tokens = torch.tensor([cases[0]["microBatches"][0][0]["tokens"]])
    forget_longer_sequences(model)
    with torch.no_grad():
        save_file({"logits": model(tokens).logits[0].contiguous()}, out / "logits.safetensors")


def load_model(folder: Path, attention: str = "eager") -> torch.nn.Module:
    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation=attention
    )
    model.config.use_cache = False
    return model.train()


def views_of(case: dict, vocabulary: Vocabulary) -> list[list[list[dict]]]:
    """Per micro-batch, per sample, per row: view, visible, labels, distilled positions."""
    return [
        [
            [
                {
                    "view": name,
                    "visible": view.visible,
                    "labels": view.labels,
                    "distilled": []
                    if name == "plain"
                    else distilled_positions(sample["tokens"], vocabulary),
                }
                for name, view in sample_views(sample, vocabulary)
            ]
            for sample in samples
        ]
        for samples in case["microBatches"]
    ]


def compute_case(
    model: torch.nn.Module, case: dict, vocabulary: Vocabulary
) -> tuple[dict, dict[str, dict[str, torch.Tensor]]]:
    batches = [
        compute_micro_batch(model, samples, vocabulary, case) for samples in case["microBatches"]
    ]
    terms = {
        part: sum(batch[part] for batch in batches) / len(batches)
        for part in ("teacher", "student", "kl")
    }
    terms["total"] = terms["teacher"] + terms["student"] + terms["kl"]
    gradients = {part: gradients_of(model, terms[part]) for part in PARTS}
    totals = {key: sum(batch["sums"][key] for batch in batches) for key in batches[0]["sums"]}
    result = {
        "name": case["name"],
        "contributions": {part: terms[part].item() for part in PARTS},
        "loss": terms["total"].item(),
        "crossEntropy": ratio(
            totals["teacher"] + totals["student"] + totals["plain"],
            totals["teacherLabels"] + totals["studentLabels"] + totals["plainLabels"],
        ),
        "teacherCrossEntropy": ratio(totals["teacher"], totals["teacherLabels"]),
        "studentCrossEntropy": ratio(totals["student"], totals["studentLabels"]),
        "klDivergence": ratio(totals["kl"], totals["distilled"]),
        "counts": {
            key: totals[key]
            for key in ("teacherLabels", "studentLabels", "plainLabels", "distilled")
        },
    }
    return result, gradients


def compute_micro_batch(
    model: torch.nn.Module, samples: list[dict], vocabulary: Vocabulary, case: dict
) -> dict:
    """Terms of (Σ CE)/(labels of both halves) + weight · KL/(positions), with their plain sums."""
    views = [dict(sample_views(sample, vocabulary)) for sample in samples]
    distilling = "student" in views[0]
    first = [view["teacher" if distilling else "plain"] for view in views]
    second = [view["student"] for view in views] if distilling else []
    rows = first + second
    length = max(len(sample["tokens"]) for sample in samples)

    def pad(values: list[list[int]], filler: int) -> torch.Tensor:
        return torch.tensor([list(v) + [filler] * (length - len(v)) for v in values])

    forget_longer_sequences(model)
    tokens = [sample["tokens"] for sample in samples] * (2 if distilling else 1)
    labels = pad([row.labels for row in rows], IGNORED)
    output = model(
        input_ids=pad(tokens, vocabulary.eos),
        attention_mask=pad([row.visible for row in rows], 0),
        position_ids=torch.arange(length).expand(len(rows), length),
        labels=labels,
    )
    logits = output.logits.float()
    if not torch.isfinite(logits).all():
        raise FloatingPointError("a row of queries without visible keys gave a non-finite logit")
    teacher, teacher_count = cross_entropy_sum(logits[: len(first)], labels[: len(first)])
    student, student_count = cross_entropy_sum(logits[len(first) :], labels[len(first) :])
    count = teacher_count + student_count
    torch.testing.assert_close((teacher + student) / count, output.loss, rtol=1e-6, atol=1e-6)
    kl, distilled = torch.zeros(()), 0
    if distilling:
        kept = pad([student_distilled(sample, vocabulary) for sample in samples], 0).bool()
        distilled = int(kept.sum())
        divergence = kl_divergence(
            logits[: len(first)][kept], logits[len(first) :][kept], case.get("temperature", 1.0)
        )
        kl = case.get("distillWeight", 1.0) * divergence
    return {
        "teacher": teacher / count,
        "student": student / count,
        "kl": kl,
        "sums": {
            "teacher": teacher.item() if distilling else 0.0,
            "plain": 0.0 if distilling else teacher.item(),
            "student": student.item(),
            "kl": divergence.item() * distilled if distilling else 0.0,
            "teacherLabels": teacher_count if distilling else 0,
            "plainLabels": 0 if distilling else teacher_count,
            "studentLabels": student_count,
            "distilled": distilled,
        },
    }


def forget_longer_sequences(model: torch.nn.Module) -> None:
    """Dynamic rotary scaling keeps the frequencies of the longest sequence since a short one."""
    rotary = model.model.rotary_emb
    rotary.max_seq_len_cached = rotary.original_max_seq_len
    rotary.register_buffer("inv_freq", rotary.original_inv_freq, persistent=False)


def student_distilled(sample: dict, vocabulary: Vocabulary) -> list[int]:
    positions = set(distilled_positions(sample["tokens"], vocabulary))
    return [int(index in positions) for index in range(len(sample["tokens"]))]


def cross_entropy_sum(logits: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Next-token cross-entropy over the labelled targets: the sum and their number."""
    if labels.numel() == 0:
        return torch.zeros(()), 0
    targets = labels[:, 1:].reshape(-1)
    total = F.cross_entropy(
        logits[:, :-1].reshape(len(targets), -1), targets, ignore_index=IGNORED, reduction="sum"
    )
    return total, int((targets != IGNORED).sum())


def kl_divergence(teacher: torch.Tensor, student: torch.Tensor, temperature: float) -> torch.Tensor:
    """KL(teacher ‖ student) per position, the teacher held constant; both [positions, vocabulary]."""
    return F.kl_div(
        F.log_softmax(student / temperature, dim=-1),
        F.softmax(teacher / temperature, dim=-1).detach(),
        reduction="batchmean",
    )


def gradients_of(model: torch.nn.Module, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    names, parameters = zip(*trained, strict=True)
    if not loss.requires_grad:
        return {n: torch.zeros_like(p) for n, p in zip(names, parameters, strict=True)}
    found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return {
        name: (torch.zeros_like(parameter) if gradient is None else gradient).contiguous()
        for name, parameter, gradient in zip(names, parameters, found, strict=True)
    }


def ratio(total: float, count: int) -> float | None:
    return total / count if count else None


if __name__ == "__main__":
    main()
