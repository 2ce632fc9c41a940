"""Labels and student masks of a sample, written down from the published training code.

Independent of the TypeScript planner on purpose: it works on the full sequence, token by token, as
the published processor and mask collator do. Where the published code departs from its own intent
(rate of the step, tokenizers without BOS, strategy names), the intent is followed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

IGNORED = -100
BLOCK_TYPES = {"text": "<|text|>", "code": "<|code|>", "execution": "<|execution|>"}
DEFAULT_BLOCK_ORDER = ["text", "code", "execution"]


@dataclass(frozen=True)
class Vocabulary:
    """The ids that the objective needs to know."""

    special: dict[str, int]
    eos: int
    bos: int | None = None

    def __getitem__(self, token: str) -> int:
        return self.special[token]


@dataclass(frozen=True)
class View:
    """One row of the batch: `visible` and `labels` have the length of the sample."""

    visible: list[int]
    labels: list[int]


def teacher_labels(tokens: list[int], vocabulary: Vocabulary) -> list[int]:
    """Everything but BOS, user messages and execution blocks; a scan from left to right."""
    labels = list(tokens)
    if vocabulary.bos is not None:
        labels[0] = IGNORED
    closing = None
    for index, token in enumerate(tokens):
        if closing is None:
            if token == vocabulary["<|user|>"]:
                closing = vocabulary["<|endofmessage|>"]
            elif token == vocabulary["<|execution|>"]:
                closing = vocabulary["<|endofblock|>"]
        if closing is not None:
            labels[index] = IGNORED
            if token == closing:
                closing = None
    return labels


def student_labels(tokens: list[int], vocabulary: Vocabulary) -> list[int]:
    """The last assistant message with its role token, without the final EOS."""
    start = last_assistant(tokens, vocabulary)
    return [IGNORED] * start + list(tokens[start:-1]) + [IGNORED]


def distilled_positions(tokens: list[int], vocabulary: Vocabulary) -> list[int]:
    """Positions whose logits are compared (unshifted): those that carry a student label."""
    return list(range(last_assistant(tokens, vocabulary), len(tokens) - 1))


def last_assistant(tokens: list[int], vocabulary: Vocabulary) -> int:
    return max(i for i, token in enumerate(tokens) if token == vocabulary["<|assistant|>"])


def reflection_range(tokens: list[int], vocabulary: Vocabulary) -> tuple[int, int]:
    """Half-open range of the reflection's tokens, block tokens included."""
    start = tokens.index(vocabulary["<|assistant|>"]) + 1
    return start, tokens.index(vocabulary["<|endofmessage|>"], start)


def student_visibility(
    tokens: list[int],
    vocabulary: Vocabulary,
    strategy: str,
    rate: float,
    block_order: list[str] | None = None,
) -> list[int]:
    """1 where the student may look; for the strategies that draw nothing."""
    if strategy == "none":
        return [1] * len(tokens)
    start, end = reflection_range(tokens, vocabulary)
    reflection = tokens[start:end]
    order = block_order or DEFAULT_BLOCK_ORDER
    if strategy == "all":
        mask = [0] * len(reflection)
    elif strategy == "sequential-token":
        hidden = math.ceil(len(reflection) * rate)
        mask = [0] * hidden + [1] * (len(reflection) - hidden)
    elif strategy == "sequential-block":
        blocks = split_blocks(reflection, vocabulary)
        hidden = math.ceil(len(blocks) * rate)
        mask = [0 if i < hidden else 1 for i, block in enumerate(blocks) for _ in block]
    elif strategy == "block-type":
        types = {order[0]}
        if rate >= 0.33:
            types.add(order[1])
        if rate >= 0.67:
            types.add(order[2])
        hidden_starts = {vocabulary[BLOCK_TYPES[name]] for name in types}
        blocks = split_blocks(reflection, vocabulary)
        mask = [0 if block[0] in hidden_starts else 1 for block in blocks for _ in block]
    else:
        raise ValueError(f"the strategy {strategy!r} draws at random: give its mask")
    return [0] * start + mask + [0] + [1] * (len(tokens) - end - 1)


def check_drawn_visibility(
    tokens: list[int], vocabulary: Vocabulary, strategy: str, rate: float, visible: list[int]
) -> str | None:
    """What a drawn mask violates, or None: the hidden set is free, its size and grain are not."""
    start, end = reflection_range(tokens, vocabulary)
    if any(visible[:start]):
        return "BOS, the reflection instruction or the first role token is visible"
    if visible[end] or not all(visible[end + 1 :]):
        return "the mask after the reflection is not [0, 1, 1, …]"
    mask = visible[start:end]
    if strategy == "random-token":
        expected, found = math.ceil(len(mask) * rate), mask.count(0)
        return None if expected == found else f"{found} tokens are hidden instead of {expected}"
    if strategy != "random-block":
        return f"the strategy {strategy!r} draws nothing"
    hidden, offset = 0, 0
    blocks = split_blocks(tokens[start:end], vocabulary)
    for block in blocks:
        values = set(mask[offset : offset + len(block)])
        offset += len(block)
        if len(values) != 1:
            return "a block is hidden in part"
        hidden += values == {0}
    expected = math.ceil(len(blocks) * rate)
    return None if expected == hidden else f"{hidden} blocks are hidden instead of {expected}"


def split_blocks(reflection: list[int], vocabulary: Vocabulary) -> list[list[int]]:
    """Runs that end in `<|endofblock|>`."""
    blocks: list[list[int]] = [[]]
    for token in reflection:
        blocks[-1].append(token)
        if token == vocabulary["<|endofblock|>"]:
            blocks.append([])
    return [block for block in blocks if block]


def sample_views(sample: dict, vocabulary: Vocabulary) -> list[tuple[str, View]]:
    """Rows of one sample: `plain`, or `teacher` and `student`.

    A sample is {tokens, type, strategy, rate, blockOrder?, mask?}; `mask` (1 = visible), when
    given, stands for the strategy.
    """
    tokens = sample["tokens"]
    seen = View([1] * len(tokens), teacher_labels(tokens, vocabulary))
    if sample["type"] == "generation":
        return [("plain", seen)]
    visible = sample.get("mask") or student_visibility(
        tokens, vocabulary, sample["strategy"], sample["rate"], sample.get("blockOrder")
    )
    return [("teacher", seen), ("student", View(visible, student_labels(tokens, vocabulary)))]
