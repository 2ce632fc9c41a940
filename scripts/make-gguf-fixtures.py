"""Writes GGUF files with the Python package gguf, which is independent of the project's reader.

    python scripts/make-gguf-fixtures.py                        # the committed fixtures
    python scripts/make-gguf-fixtures.py --model DIR --out FILE.gguf [--type Q8_0]
    python scripts/make-gguf-fixtures.py --tokenizer DIR --out FILE.gguf

The fixtures are src/nn/weights/__fixtures__/types.gguf with one tensor of each type and
types.safetensors with its values, and one file for each tokenizer of src/nn/tokenizer/__fixtures__.
With --model, a folder of the Llama or Qwen family is converted as llama.cpp's converter does it:
names by the package's own table, rows of the query and key projections interleaved for Llama.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import load_file, save_file

root = Path(__file__).parent.parent
tokenizers = root / "src/nn/tokenizer/__fixtures__"
PRE = {"qwen2": "qwen2", "llama3": "llama-bpe", "deepseek": "deepseek-coder", "gpt2": "gpt-2"}
FAMILY = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
# Where the halves of a block lie that scale it; the other bytes may be anything.
HALVES = {Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path)
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--type", default="F32", help="type of the matrices")
    options = parser.parse_args()
    if options.model:
        write_model(options.model, options.out, Type[options.type])
    elif options.tokenizer:
        write_tokenizer(options.tokenizer, options.out)
    else:
        write_types(root / "src/nn/weights/__fixtures__")
        for name in [*PRE, "codellama"]:
            write_tokenizer(tokenizers / name, tokenizers / name / "tokenizer.gguf")


def write_types(folder: Path) -> None:
    random = np.random.default_rng(11)
    writer = gguf.GGUFWriter(folder / "types.gguf", "llama")
    writer.add_uint32("test.answer", 42)
    writer.add_array("test.list", ["a", "ß"])
    values = {}
    for kind in ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"):
        source = random.normal(0, 0.5, (3, 256)).astype(np.float32)
        source[0, :4] = [0.0, -0.0, 1e-7, -3.5]
        data = encode(source, Type[kind], random)
        add(writer, kind, data, Type[kind])
        values[kind] = np.ascontiguousarray(gguf.quants.dequantize(data, Type[kind]).reshape(3, 256))
    finish(writer)
    save_file(values, folder / "types.safetensors")


def encode(values: np.ndarray, kind: Type, random: np.random.Generator) -> np.ndarray:
    """Blocks of `values`, or random blocks of the types that the package cannot write."""
    if kind not in HALVES:
        return gguf.quants.quantize(values, kind)
    block, size = gguf.GGML_QUANT_SIZES[kind]
    shape = (*values.shape[:-1], values.shape[-1] // block, size)
    data = random.integers(0, 256, shape, dtype=np.uint8)
    for at in HALVES[kind]:
        halves = random.normal(0, 0.02, shape[:-1]).astype(np.float16)
        data[..., at : at + 2] = halves[..., None].view(np.uint8)
    return data.reshape(*values.shape[:-1], -1)


def add(writer: gguf.GGUFWriter, name: str, data: np.ndarray, kind: Type) -> None:
    raw = None if data.dtype in (np.float32, np.float16) else kind
    writer.add_tensor(name, data, raw_dtype=raw)


def finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_model(folder: Path, out: Path, kind: Type) -> None:
    config = json.loads((folder / "config.json").read_text())
    family = FAMILY[config["model_type"]]
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    head_size = config.get("head_dim") or config["hidden_size"] // heads
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    writer = gguf.GGUFWriter(out, family)
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(rope.get("rope_theta", config.get("rope_theta", 10000.0)))
    writer.add_rope_dimension_count(head_size)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_vocab_size(config["vocab_size"])
    random = np.random.default_rng(5)
    if rope.get("rope_type") in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
        if "original_max_position_embeddings" in rope:
            writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if rope.get("rope_type") == "llama3":
        add(writer, "rope_freqs.weight", llama3_factors(rope, head_size), Type.F32)
    add_tokenizer(writer, folder)
    arch = next(a for a, name in gguf.MODEL_ARCH_NAMES.items() if name == family)
    names = gguf.get_tensor_name_map(arch, config["num_hidden_layers"])
    for name, values in load_file(folder / "model.safetensors").items():
        target = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if family == "llama" and ("q_proj" in name or "k_proj" in name):
            values = interleave(values, heads if "q_proj" in name else kv_heads)
        fits = values.shape[-1] % gguf.GGML_QUANT_SIZES[kind][0] == 0
        own = kind if values.ndim > 1 and fits else Type.F32
        add(writer, target, gguf.quants.quantize(values.astype(np.float32), own), own)
    finish(writer)


def interleave(values: np.ndarray, heads: int) -> np.ndarray:
    """llama.cpp rotates neighbouring rows, transformers rows half a head apart."""
    halves = values.reshape(heads, 2, values.shape[0] // heads // 2, *values.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))


def llama3_factors(rope: dict, head_size: int) -> np.ndarray:
    factors = []
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    original = rope["original_max_position_embeddings"]
    for index in range(0, head_size, 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (index / head_size)
        if wavelength < original / high:
            factors.append(1.0)
        elif wavelength > original / low:
            factors.append(rope["factor"])
        else:
            smooth = (original / wavelength - low) / (high - low)
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def write_tokenizer(folder: Path, out: Path) -> None:
    writer = gguf.GGUFWriter(out, "llama")
    add_tokenizer(writer, folder)
    finish(writer)


def add_tokenizer(writer: gguf.GGUFWriter, folder: Path) -> None:
    if not (folder / "tokenizer.json").exists():
        return
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    config = json.loads((folder / "tokenizer_config.json").read_text())
    ids = dict(tokenizer["model"]["vocab"])
    added = {entry["content"]: entry for entry in tokenizer["added_tokens"]}
    ids.update({content: entry["id"] for content, entry in added.items()})
    tokens = {id: token for token, id in ids.items()}
    pieces = bool(tokenizer["model"].get("byte_fallback"))
    size = max(tokens) + 1
    words, kinds = [], []
    for id in range(size):
        token = tokens.get(id, f"[PAD{id}]")
        words.append(token)
        kinds.append(kind_of(token, id in tokens, added, pieces))
    writer.add_tokenizer_model("llama" if pieces else "gpt2")
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    if pieces:
        writer.add_token_scores([0.0 if kind != 1 else -float(id) for id, kind in enumerate(kinds)])
        writer.add_tokenizer_pre("default")
    else:
        writer.add_tokenizer_pre(PRE.get(folder.name, "gpt-2"))
        merges = tokenizer["model"]["merges"]
        writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    bos, eos = text(config.get("bos_token")), text(config["eos_token"])
    # As the converter does for Qwen: an id from config.json, and a note that it is not used.
    writer.add_bos_token_id(ids[bos] if bos else ids[eos])
    writer.add_eos_token_id(ids[eos])
    writer.add_add_bos_token(bos is not None)


def kind_of(token: str, known: bool, added: dict, pieces: bool) -> int:
    if not known:
        return gguf.TokenType.UNUSED
    if token == "<unk>":
        return gguf.TokenType.UNKNOWN
    if token in added:
        return gguf.TokenType.CONTROL if added[token]["special"] else gguf.TokenType.USER_DEFINED
    if pieces and len(token) == 6 and token.startswith("<0x"):
        return gguf.TokenType.BYTE
    return gguf.TokenType.NORMAL


def text(value: object) -> str | None:
    return value["content"] if isinstance(value, dict) else value


if __name__ == "__main__":
    main()
