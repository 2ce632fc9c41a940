"""Writes what transformers makes of a folder: reference_logits.py FOLDER TOKENS.json OUT.safetensors.

TOKENS.json is a list of ids; the logits of all positions are written in float32.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.utils import logging

folder, tokens, out = sys.argv[1:]
logging.disable_progress_bar()
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
with torch.no_grad():
    logits = model(torch.tensor([json.loads(Path(tokens).read_text())])).logits[0]
save_file({"logits": logits.contiguous()}, out)
