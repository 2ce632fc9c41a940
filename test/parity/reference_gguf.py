"""Reads GGUF files with transformers and writes what it makes of them.

Usage: reference_gguf.py TEXTS.json FOLDER... For each folder with a model.gguf: reference.safetensors
and ids.json, the ids of the texts with special tokens read as text.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

logging.disable_progress_bar()
texts = json.loads(Path(sys.argv[1]).read_text())
for folder in map(Path, sys.argv[2:]):
    file = "model.gguf"
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    tensors = {name: value.contiguous() for name, value in model.named_parameters()}
    save_file(tensors, folder / "reference.safetensors")
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file).backend_tokenizer
    tokenizer.encode_special_tokens = True
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    (folder / "ids.json").write_text(json.dumps(ids))
