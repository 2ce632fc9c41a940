"""Prints, for each folder given, what transformers makes of the texts of a JSON file.

Usage: reference_tokens.py TEXTS.json FOLDER... One JSON line a folder: `specialIds` of the seven tokens, `plain`
(ids of the texts with special tokens read as text, by the tokenizers library) and `marked` (ids of
`<|user|><|text|>` + text + `<|endofblock|>`).
"""

import json
import sys
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

SPECIAL = ["user", "assistant", "text", "code", "execution", "endofblock", "endofmessage"]

texts = json.loads(Path(sys.argv[1]).read_text())
for folder in sys.argv[2:]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    raw = Tokenizer.from_file(f"{folder}/tokenizer.json")
    raw.encode_special_tokens = True
    marked = [f"<|user|><|text|>{text}<|endofblock|>" for text in texts]
    result = {
        "specialIds": {f"<|{name}|>": tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in SPECIAL},
        "plain": [raw.encode(text, add_special_tokens=False).ids for text in texts],
        "marked": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in marked],
    }
    print(json.dumps(result))
