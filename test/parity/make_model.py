"""Writes a tiny random model of the Llama or Qwen family, with a tokenizer if asked for.

    python test/parity/make_model.py --out DIR --architecture qwen2 --layers 2 --hidden 64 \
        --heads 4 --kv-heads 2 --vocab 300 --tied --tokenizer

With --many FILE.json, one model for each list of arguments in the file.

Biases and norms are random too, so that every parameter has a gradient that is not trivial.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging

SPECIAL_TOKENS = [
    "<|user|>",
    "<|assistant|>",
    "<|text|>",
    "<|code|>",
    "<|execution|>",
    "<|endofblock|>",
    "<|endofmessage|>",
]
CORPUS = [
    "def add(first, second):\n    return first + second\n",
    "assert add(1, 2) == 3\nprint(add(4, 5))\n",
    "for index in range(10):\n    print(index)\n",
    "The function should return the sum of the two numbers in the list.\n",
    "Traceback (most recent call last):\n  File \"<cell>\", line 1\nAssertionError\n",
]


def main() -> None:
    logging.disable_progress_bar()
    if sys.argv[1:2] == ["--many"]:
        for arguments in json.loads(Path(sys.argv[2]).read_text()):
            write_model(parse_options(arguments))
    else:
        write_model(parse_options(sys.argv[1:]))


def write_model(options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed)
    rope = {"rope_type": "default", "rope_theta": options.rope_theta}
    config = AutoConfig.for_model(
        options.architecture,
        vocab_size=options.vocab,
        hidden_size=options.hidden,
        intermediate_size=options.intermediate or options.hidden * 2,
        num_hidden_layers=options.layers,
        num_attention_heads=options.heads,
        num_key_value_heads=options.kv_heads,
        max_position_embeddings=options.max_positions,
        rope_parameters={**rope, **options.rope},
        tie_word_embeddings=options.tied,
        bos_token_id=None if options.no_bos else 0,
        eos_token_id=1,
        dtype=torch.float32,
        **options.config,
    )
    model = AutoModelForCausalLM.from_config(config)
    randomise(model, options.scale)
    model.save_pretrained(options.out)
    if options.tokenizer:
        write_tokenizer(options)


def parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--architecture", choices=["llama", "mistral", "qwen2", "qwen3"], default="qwen2"
    )
    parser.add_argument("--config", type=json.loads, default={}, help="more keys, as JSON")
    parser.add_argument("--rope", type=json.loads, default={}, help="rotary scaling, as JSON")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--intermediate", type=int, help="default: twice --hidden")
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--vocab", type=int, default=300, help="rows of the embedding")
    parser.add_argument("--tied", action="store_true", help="one matrix for input and output")
    parser.add_argument("--rope-theta", type=float, default=10_000.0)
    parser.add_argument("--max-positions", type=int, default=4096)
    parser.add_argument("--scale", type=float, default=0.1, help="deviation of random weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tokenizer", action="store_true", help="also a byte-level BPE tokenizer")
    parser.add_argument("--no-bos", action="store_true", help="a tokenizer without BOS, as Qwen's")
    parser.add_argument(
        "--no-special", action="store_true", help="a tokenizer that lacks the seven special tokens"
    )
    parser.add_argument(
        "--special", type=int, default=7, help="how many of the special tokens the tokenizer has"
    )
    parser.add_argument("--tokens", type=int, help="tokens of the tokenizer; default: --vocab")
    return parser.parse_args(arguments)


@torch.no_grad()
def randomise(model: torch.nn.Module, scale: float) -> None:
    for name, parameter in model.named_parameters():
        centre = 1.0 if "norm" in name else 0.0
        parameter.normal_(centre, scale)


def write_tokenizer(options: argparse.Namespace) -> None:
    """Ids: BOS 0, EOS 1, the special tokens 2 to 8 unless left out, then bytes and merges."""
    special = [] if options.no_special else SPECIAL_TOKENS[: options.special]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=options.tokens or options.vocab,
        min_frequency=1,
        special_tokens=["<|begin|>", "<|end|>", *special],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=None if options.no_bos else "<|begin|>",
        eos_token="<|end|>",
        pad_token="<|end|>",
    ).save_pretrained(options.out)


if __name__ == "__main__":
    main()
