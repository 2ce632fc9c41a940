"""Compares every row of a plan folder with the transcription of the published code in views.py.

    python test/parity/check_plan.py --plan DIR … [--dialogs FILE.jsonl --model DIR …]

Prints a JSON list with one entry a plan: {"rows": {view: count}, "strategies": {name: count}, "rates": [...],
"problems": [text, …]}. For strategies that draw, the size and the grain of the hidden set are
checked; for the others the set itself. Mask rates, learning rates and the published scales are
checked too. With the dialogs and the model folder of each plan, token ids are compared with those
of transformers' tokenizer on the rendered text.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from reference_adamw import scheduled_rate
from views import (
    IGNORED,
    Vocabulary,
    check_drawn_visibility,
    distilled_positions,
    student_labels,
    student_visibility,
    teacher_labels,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plan", type=Path, nargs="+", required=True)
    parser.add_argument("--model", type=Path, nargs="*", default=[])
    parser.add_argument("--dialogs", type=Path)
    options = parser.parse_args()
    reports = []
    for index, folder in enumerate(options.plan):
        report = check_plan(folder)
        if options.dialogs:
            report["problems"] += check_tokens(folder, options.model[index], options.dialogs)
        reports.append(report)
    print(json.dumps(reports))


def read_samples(folder: Path) -> list[list[int]]:
    arrays = load_file(folder / "tokens.safetensors")
    pieces = torch.tensor_split(arrays["tokens"], arrays["offsets"][1:-1])
    return [piece.tolist() for piece in pieces]


def check_tokens(folder: Path, model: Path, dialogs: Path) -> list[str]:
    manifest = json.loads((folder / "manifest.json").read_text())
    # AutoTokenizer would put Qwen2's own pre-tokenizer in place of the one in tokenizer.json.
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model)
    new = [added["token"] for added in manifest["addedTokens"]]
    if new:
        tokenizer.add_special_tokens({"extra_special_tokens": new})
    start = [] if manifest["bosId"] is None else [manifest["bosId"]]
    expected = []
    for line in dialogs.read_text().splitlines():
        text = render(json.loads(line))
        inner = tokenizer(text, add_special_tokens=False)["input_ids"]
        expected.append([*start, *inner, manifest["eosId"]])
    return [] if sorted(read_samples(folder)) == sorted(expected) else ["the token ids differ"]


def render(dialog: dict) -> str:
    return "".join(
        f"<|{message['role']}|>"
        + "".join(f"<|{b['type']}|>{b['content']}<|endofblock|>" for b in message["content"])
        + "<|endofmessage|>"
        for message in dialog["messages"]
    )


def check_plan(folder: Path) -> dict:
    manifest = json.loads((folder / "manifest.json").read_text())
    vocabulary = Vocabulary(manifest["specialTokens"], manifest["eosId"], manifest["bosId"])
    samples = read_samples(folder)
    order = manifest["config"].get("blockOrder")
    problems: list[str] = []
    views, strategies, rates = Counter(), Counter(), []
    for line in (folder / "steps.jsonl").read_text().splitlines():
        step = json.loads(line)
        rates.append(step["maskRate"])
        problems += check_step(step, manifest)
        for micro_batch in step["microBatches"]:
            for row in micro_batch["rows"]:
                views[row["view"]] += 1
                strategies[row.get("strategy", "")] += row["view"] == "student"
                found = check_row(row, samples[row["sample"]], vocabulary, step["maskRate"], order)
                where = f"step {step['step']}, sample {row['sample']}, {row['view']}"
                problems += [f"{where}: {problem}" for problem in found]
    strategies = {name: count for name, count in strategies.items() if count}
    return {"rows": views, "strategies": strategies, "rates": rates, "problems": problems}


def check_step(step: dict, manifest: dict) -> list[str]:
    problems = []
    weight = manifest["config"].get("klWeight", 1.0)
    expected = manifest["config"].get("maskRate")
    if expected is None:
        expected = min(1.0, (step["step"] + 1) / manifest["steps"])
    if step["maskRate"] != expected:
        problems.append(f"step {step['step']}: mask rate {step['maskRate']} is not {expected}")
    rate = scheduled_rate(step["step"], manifest)
    if abs(step["learningRate"] - rate) > 1e-12:
        problems.append(f"step {step['step']}: learning rate {step['learningRate']} is not {rate}")
    for index, micro_batch in enumerate(step["microBatches"]):
        share = 1 / len(step["microBatches"])
        targets = sum(b - a for row in micro_batch["rows"] for a, b in row["labels"])
        students = [row for row in micro_batch["rows"] if row["view"] == "student"]
        distilled = sum(row["distill"][1] - row["distill"][0] for row in students)
        scales = {
            "crossEntropyScale": share / targets,
            "distillScale": share * weight / distilled if distilled else 0.0,
        }
        for name, scale in scales.items():
            if abs(micro_batch[name] - scale) > 1e-12 and (distilled or name[0] == "c"):
                where = f"step {step['step']}, micro-batch {index}"
                problems.append(f"{where}: {name} {micro_batch[name]} is not {scale}")
    return problems


def check_row(
    row: dict, tokens: list[int], vocabulary: Vocabulary, rate: float, order: list[str] | None
) -> list[str]:
    problems = []
    visible = mark(row["spans"], len(tokens))
    student = row["view"] == "student"
    labels = (student_labels if student else teacher_labels)(tokens, vocabulary)
    if mark(row["labels"], len(tokens)) != [int(label != IGNORED) for label in labels]:
        problems.append("the labels differ")
    if not student:
        expected = [1] * len(tokens)
    elif row["strategy"] in ("random-token", "random-block"):
        expected = visible
        problem = check_drawn_visibility(tokens, vocabulary, row["strategy"], rate, visible)
        problems += [problem] if problem else []
    else:
        expected = student_visibility(tokens, vocabulary, row["strategy"], rate, order)
    if visible != expected:
        problems.append(f"the visible tokens differ ({row.get('strategy')}, rate {rate})")
    distilled = [] if row["view"] == "plain" else distilled_positions(tokens, vocabulary)
    if list(range(*row.get("distill") or (0, 0))) != distilled:
        problems.append("the distilled positions differ")
    return problems


def mark(spans: list[list[int]], length: int) -> list[int]:
    marks = [0] * length
    for start, end in spans:
        marks[start:end] = [1] * (end - start)
    return marks


if __name__ == "__main__":
    main()
