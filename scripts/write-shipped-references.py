"""Writes src/stages/eval/shipped: what the slowest references of a benchmark return.

python3 scripts/write-shipped-references.py CACHED.jsonl…

CACHED is what an evaluation left in the cache folder (references/HASH-KEY.jsonl). A value of more
than a few bytes is written as its digest.
"""

import base64
import hashlib
import json
import pathlib
import sys

LEAST_SECONDS = 0.3
STORED_BYTES = 24
shipped = pathlib.Path(__file__).parent.parent / "src/stages/eval/shipped"
sys.path.insert(0, str(shipped))

from calibrate import measure  # noqa: E402


def shorten(row):
    seconds, flags, size, data, digest = row
    if data is not None and size > STORED_BYTES:
        digest = hashlib.blake2b(base64.b64decode(data), digest_size=16).hexdigest()
        data = None
    return [round(seconds, 4), flags, size, data, digest]


for cached in map(pathlib.Path, sys.argv[1:]):
    lines = [{"calibrationSeconds": measure()}]
    for line in cached.read_text().splitlines():
        task = json.loads(line)
        sets = {
            name: [shorten(row) for row in json.loads(values["values"])]
            for name, values in task["sets"].items()
            if values["seconds"] >= LEAST_SECONDS
        }
        if sets:
            lines.append({"taskId": task["taskId"], "sets": sets})
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    (shipped / f"{cached.name.split('-')[0]}.jsonl").write_text(text)
