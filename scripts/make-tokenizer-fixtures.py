"""Writes src/nn/tokenizer/__fixtures__: small tokenizers of the kinds that code models use, trained by
Hugging Face's Rust library, and the ids that it gives to texts with special tokens read as text.

Needs the Python package tokenizers; texts.json is kept by hand and is read, not written.
"""

import glob
import json
import sysconfig
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

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
    tokenizer.add_tokens([AddedToken("<|User|>", normalized=True, special=False)])
    return tokenizer, {"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"}


def gpt2():
    tokenizer = train(
        models.BPE(), None, byte_level(use_regex=True), decoders.ByteLevel(), ["<|endoftext|>"], ALPHABET
    )
    return tokenizer, {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}


def codellama():
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
    return Tokenizer.from_str(json.dumps(data)), {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


for build in (qwen2, llama3, deepseek, gpt2, codellama):
    tokenizer, config = build()
    target = folder / build.__name__
    target.mkdir(exist_ok=True)
    tokenizer.save(str(target / "tokenizer.json"), pretty=False)
    (target / "tokenizer_config.json").write_text(json.dumps(config, ensure_ascii=False) + "\n")
    tokenizer.encode_special_tokens = True
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    (target / "ids.json").write_text(json.dumps(ids, separators=(",", ":")) + "\n")
