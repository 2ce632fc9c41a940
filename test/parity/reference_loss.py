"""The published objective of a file of dialogs, on transformers, from the files that a user has.

    python test/parity/reference_loss.py CASES.json

CASES.json: a list of {"model", "adapter"?, "data", "mask", "maskRate", "blockOrder"?, "klWeight"?,
"temperature"?, "maxLength"?, "plan"?, "out", "gradients"}. For each case `out` gets the figures of every
sample and their means, `gradients` the gradient of the mean loss (safetensors).

Everything is made here: the tokens of the template, block by block with transformers' tokenizer; the
rows of tokens that the model lacks, each the mean of the rows of its text's old tokens; labels and
masks (views.py; a mask that is drawn is read from the one step of `plan`, and its size, grain and
place are checked); the forward pass over whole sequences under an attention mask (reference.py).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from safetensors.torch import save_file
from transformers import PreTrainedTokenizerFast

from check_plan import mark
from make_model import SPECIAL_TOKENS
from reference import compute_micro_batch, gradients_of, load_model
from views import Vocabulary, check_drawn_visibility

FIGURES = ("crossEntropy", "teacherCrossEntropy", "studentCrossEntropy", "klDivergence", "loss")


def main() -> None:
    torch.set_num_threads(1)
    for case in json.loads(Path(sys.argv[1]).read_text()):
        measure(case)


def measure(case: dict) -> None:
    # AutoTokenizer would put Qwen2's own pre-tokenizer in place of the one in tokenizer.json.
    tokenizer = PreTrainedTokenizerFast.from_pretrained(case["model"])
    model = load_model(Path(case["model"]))
    vocabulary = add_special_tokens(model, tokenizer)
    if "adapter" in case:
        adapted = PeftModel.from_pretrained(model, case["adapter"], is_trainable=True)
        model = adapted.eval().base_model.model  # without the dropout of training
    settings = {"distillWeight": case.get("klWeight", 1), "temperature": case.get("temperature", 1)}
    drawn = drawn_masks(Path(case["plan"])) if "plan" in case else None
    samples, losses = [], []
    for number, line in enumerate(Path(case["data"]).read_text().splitlines(), start=1):
        dialog = json.loads(line)
        tokens = encode(dialog, tokenizer, vocabulary)
        if len(tokens) > case.get("maxLength", 4096):
            continue
        sample = {
            "tokens": tokens,
            "type": dialog["type"],
            "strategy": case["mask"],
            "rate": case["maskRate"],
            "blockOrder": case.get("blockOrder"),
        }
        if drawn is not None and dialog["type"] == "reflection":
            sample["mask"] = mark(drawn[len(samples)], len(tokens))
            problem = check_drawn_visibility(
                tokens, vocabulary, case["mask"], case["maskRate"], sample["mask"]
            )
            if problem:
                raise ValueError(f"sample {number} of {case['plan']}: {problem}")
        batch = compute_micro_batch(model, [sample], vocabulary, settings)
        loss = batch["teacher"] + batch["student"] + batch["kl"]
        losses.append(loss)
        samples.append({"id": dialog.get("id", number), **figures(batch, loss.item())})
    total = sum(losses) / len(losses)
    means = {name: mean([sample[name] for sample in samples]) for name in FIGURES}
    Path(case["out"]).write_text(json.dumps({"samples": samples, **means}))
    gradients = gradients_of(adapted if "adapter" in case else model, total)
    named = {name.replace(".default", ""): gradient for name, gradient in gradients.items()}
    save_file(named, case["gradients"])


def drawn_masks(plan: Path) -> dict[int, list[list[int]]]:
    """Spans that the students of a plan see, by the place of the sample among those that are read."""
    (step,) = [json.loads(line) for line in (plan / "steps.jsonl").read_text().splitlines()]
    rows = [row for micro_batch in step["microBatches"] for row in micro_batch["rows"]]
    return {row["sample"]: row["spans"] for row in rows if row["view"] == "student"}


@torch.no_grad()
def add_special_tokens(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast) -> Vocabulary:
    known = tokenizer.get_vocab()
    new = [token for token in SPECIAL_TOKENS if token not in known]
    sources = {token: plain(token, tokenizer) for token in new}
    tokenizer.add_special_tokens({"extra_special_tokens": new}, replace_extra_special_tokens=False)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    matrices = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
    rows = [{token: matrix[sources[token]].mean(0) for token in new} for matrix in matrices]
    if max(ids.values()) >= model.config.vocab_size:
        model.resize_token_embeddings(max(ids.values()) + 1, mean_resizing=False)
    matrices = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
    for matrix, means in zip(matrices, rows, strict=True):
        for token, row in means.items():
            matrix[ids[token]] = row
    return Vocabulary(ids, tokenizer.eos_token_id, tokenizer.bos_token_id)


def encode(dialog: dict, tokenizer: PreTrainedTokenizerFast, vocabulary: Vocabulary) -> list[int]:
    tokens = [] if vocabulary.bos is None else [vocabulary.bos]
    for message in dialog["messages"]:
        tokens.append(vocabulary[f"<|{message['role']}|>"])
        for block in message["content"]:
            tokens.append(vocabulary[f"<|{block['type']}|>"])
            tokens += plain(block["content"], tokenizer)
            tokens.append(vocabulary["<|endofblock|>"])
        tokens.append(vocabulary["<|endofmessage|>"])
    return [*tokens, vocabulary.eos]


def plain(text: str, tokenizer: PreTrainedTokenizerFast) -> list[int]:
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]


def figures(batch: dict, loss: float) -> dict:
    sums = batch["sums"]
    teacher, labels = sums["teacher"] + sums["plain"], sums["teacherLabels"] + sums["plainLabels"]
    students, distilled = sums["studentLabels"], sums["distilled"]
    return {
        "teacherPositions": labels,
        "studentPositions": students,
        "distillationPositions": distilled,
        "crossEntropy": (teacher + sums["student"]) / (labels + students),
        "teacherCrossEntropy": teacher / labels,
        "studentCrossEntropy": sums["student"] / students if students else None,
        "klDivergence": sums["kl"] / distilled if distilled else None,
        "loss": loss,
    }


def mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


if __name__ == "__main__":
    main()
