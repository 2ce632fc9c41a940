"""LoRA adapters by peft.

    python test/parity/adapters.py make --model DIR … --cases CASES.json --out DIR …
    python test/parity/adapters.py read --model DIR … --cases CASES.json --out DIR …

`make` writes, for each model, OUT/peft, an adapter with random tensors and trained rows of the
tokens 2 to 8, the files that reference.py writes of the objective with it, and OUT/merged.safetensors,
the logits of the first sample after peft has merged it. `read` loads OUT/ours, an adapter of this
project, and writes OUT/ours.safetensors, the logits with it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from reference import load_model, write_objective
from safetensors.torch import save_file
from views import Vocabulary

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=["make", "read"])
    parser.add_argument("--model", type=Path, nargs="+", required=True)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--out", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    document = json.loads(options.cases.read_text())
    vocabulary = Vocabulary(document["specialTokens"], document["eosId"], document["bosId"])
    tokens = torch.tensor([document["cases"][0]["microBatches"][0][0]["tokens"]])
    for index, (folder, out) in enumerate(zip(options.model, options.out, strict=True)):
        model = load_model(folder)
        if options.mode == "read":
            adapted = PeftModel.from_pretrained(model, str(out / "ours")).eval()
            save_logits(adapted, tokens, out / "ours.safetensors")
            continue
        adapted = make(model, index)
        adapted.save_pretrained(str(out / "peft"))
        write_objective(adapted.base_model.model, document["cases"], vocabulary, out)
        save_logits(adapted.merge_and_unload().eval(), tokens, out / "merged.safetensors")


@torch.no_grad()
def make(model: torch.nn.Module, seed: int) -> PeftModel:
    torch.manual_seed(seed)
    tied = model.config.tie_word_embeddings
    ids = list(range(2, 9))
    config = LoraConfig(
        r=4,
        lora_alpha=6,
        target_modules=TARGETS if seed == 0 else TARGETS[:2] + TARGETS[6:],
        trainable_token_indices={"embed_tokens": ids} if tied else {"embed_tokens": ids, "lm_head": ids},
        task_type="CAUSAL_LM",
    )
    adapted = get_peft_model(model, config)
    for name, parameter in adapted.named_parameters():
        if parameter.requires_grad:
            parameter.normal_(0, 0.1)
    return adapted.train()


@torch.no_grad()
def save_logits(model: torch.nn.Module, tokens: torch.Tensor, path: Path) -> None:
    save_file({"logits": model(tokens).logits[0].contiguous()}, path)


if __name__ == "__main__":
    main()
