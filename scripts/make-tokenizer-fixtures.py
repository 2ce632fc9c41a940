"""Writes src/nn/tokenizer/__fixtures__: small tokenizers of the kinds that code models use, trained by
Hugging Face's Rust library, and the ids that it gives to texts with special tokens read as text.

Needs the Python packages tokenizers and transformers; texts.json is kept by hand and is read, not written.
"""

import glob
import json
import sysconfig
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers.convert_slow_tokenizer import generate_merges

folder = Path(__file__).parent.parent / "src/nn/tokenizer/__fixtures__"
texts = json.loads((folder / "texts.json").read_text())

library = sysconfig.get_paths()["stdlib"]
corpus = [Path(name).read_text() for name in sorted(glob.glob(f"{library}/[a-d]*.py"))]
corpus += ["naïve café 你好，世界 Привет мир こんにちは 안녕하세요 🙂👩‍👩‍👧 " * 50, *texts]

QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def split(pattern):
    return pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False)


def byte_level(use_regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def train(model, normalizer, pre_tokenizer, decoder, special, alphabet, size=700):
    tokenizer = Tokenizer(model)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


PLAIN = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
ALPHABET = pre_tokenizers.ByteLevel.alphabet()


def qwen2():
    tokenizer = train(
        models.BPE(),
        normalizers.NFC(),
        pre_tokenizers.Sequence([split(QWEN2), byte_level()]),
        decoders.ByteLevel(),
        [],
        ALPHABET,
    )
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False, special=False)])
    return tokenizer, {"bos_token": None, "eos_token": "<|endoftext|>"}


def llama3():
    tokenizer = train(
        models.BPE(ignore_merges=True),
        None,
        pre_tokenizers.Sequence([split(LLAMA3), byte_level()]),
        decoders.ByteLevel(),
        [],
        ALPHABET,
    )
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
    return tokenizer, {"bos_token": "<|begin_of_text|>", "eos_token": {"__type": "AddedToken", "content": "<|end_of_text|>", **PLAIN}}


def deepseek():
    tokenizer = train(
        models.BPE(),
        None,
        pre_tokenizers.Sequence(
            [
                split(r"[\r\n]"),
                split(r"\s?\p{L}+"),
                split(r"\s?\p{P}+"),
                split(r"[一-龥ࠀ-一가-퟿]+"),
                pre_tokenizers.Digits(individual_digits=True),
                byte_level(),
            ]
        ),
        decoders.ByteLevel(),
        ["<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"],
        ALPHABET,
    )
    # The published files have single characters of the byte alphabet as tokens, found in plain text.
    plain = ["õ", "÷", "ü", "ÿ", "<|User|>", "<|EOT|>"]
    tokenizer.add_tokens([AddedToken(token, normalized=True, special=False) for token in plain])
    return tokenizer, {"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"}


def gpt2():
    tokenizer = train(
        models.BPE(), None, byte_level(use_regex=True), decoders.ByteLevel(), ["<|endoftext|>"], ALPHABET
    )
    return tokenizer, {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}


def sentence_pieces():
    """A vocabulary as SentencePiece makes it: bytes for what is unknown, merges from scores."""
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = train(
        models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
        pre_tokenizers.Split(Regex(r"▁*[^▁\n]+|▁+|\n"), behavior="isolated"),
        decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        ),
        ["<unk>", "<s>", "</s>", *byte_tokens],
        ["▁"],
        900,
    )
    # As in the published files: bytes are part of the model only, and nothing is split beforehand.
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = data["added_tokens"][:3]
    data["pre_tokenizer"] = None
    pieces = {token: id for token, id in data["model"]["vocab"].items() if id >= 3 + 256}
    scores = {token: -float(id) for token, id in pieces.items()}
    data["model"]["merges"] = [list(pair) for pair in generate_merges(pieces, scores)]
    return data


def codellama():
    """Llama 2 and CodeLlama; CodeLlama has the marks of infilling as tokens that are not normalised."""
    tokenizer = Tokenizer.from_str(json.dumps(sentence_pieces()))
    marks = ["▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>"]
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks])
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def mistral():
    """Mistral's later files: no normaliser, a space only before the very first word, control tokens."""
    data = sentence_pieces()
    data["normalizer"] = None
    data["pre_tokenizer"] = {
        "type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False
    }
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.add_special_tokens(["[INST]", "[/INST]", "[TOOL_CALLS]"])
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def qwen3():
    """Qwen 2.5 and 3: as Qwen 2, with many more added tokens, special and not."""
    tokenizer, config = qwen2()
    tokenizer.add_special_tokens(["<|fim_prefix|>", "<|repo_name|>"])
    plain = ["</tool_call>", "<think>", "</think>"]
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=False) for token in plain])
    return tokenizer, {**config, "additional_special_tokens": ["<|im_start|>", "<|im_end|>"]}


for build in (qwen2, qwen3, llama3, deepseek, gpt2, codellama, mistral):
    tokenizer, config = build()
    target = folder / build.__name__
    target.mkdir(exist_ok=True)
    tokenizer.save(str(target / "tokenizer.json"), pretty=False)
    (target / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False) + "\n")
    tokenizer.encode_special_tokens = True
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    (target / "ids.json").write_text(json.dumps(ids, separators=(",", ":")) + "\n")
