"""Prints the rotary frequencies of transformers for configurations.

Usage: reference_rope.py CASES.json, a list of {"config": keys of LlamaConfig, "length": tokens}. Prints a
JSON list of {"frequencies", "scale"}, float32 as Python prints it.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

results = []
for case in json.loads(Path(sys.argv[1]).read_text()):
    rotary = LlamaRotaryEmbedding(LlamaConfig(**case["config"]))
    rotary(torch.zeros(1), torch.arange(case["length"])[None])
    results.append({"frequencies": rotary.inv_freq.tolist(), "scale": rotary.attention_scaling})
print(json.dumps(results))
