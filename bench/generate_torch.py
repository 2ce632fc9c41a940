"""PyTorch's side of the generation benchmark: prints times and tokens as one JSON document.

    python bench/generate_torch.py --model DIR --request JSON

transformers' greedy `generate` in float32 with its key-value cache, SDPA, all prompts in one batch.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time

import torch
import transformers
from transformers import AutoModelForCausalLM


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--request", required=True)
    options = parser.parse_args()
    request = json.loads(options.request)
    torch.set_num_threads(request["threads"])
    model = AutoModelForCausalLM.from_pretrained(
        options.model, dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    prompts = torch.tensor(request["prompts"])
    count = request["newTokens"]
    seconds = []
    for run in range(request["repeats"] + 1):
        started = time.perf_counter()
        with torch.inference_mode():
            output = model.generate(
                prompts,
                attention_mask=torch.ones_like(prompts),
                do_sample=False,
                min_new_tokens=count,
                max_new_tokens=count,
                pad_token_id=0,
                eos_token_id=None,
            )
        if run > 0:
            seconds.append(time.perf_counter() - started)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "ids": output[:, prompts.shape[1] :].tolist(),
                "peakRssMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "versions": {
                    "python": platform.python_version(),
                    "torch": torch.__version__,
                    "transformers": transformers.__version__,
                },
            }
        )
    )


main()
