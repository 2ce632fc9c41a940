"""Writes src/stages/eval/shipped: what the slowest references of a benchmark return.

python3 scripts/write-shipped-references.py CACHED.jsonl…

CACHED is what an evaluation left in the cache folder (references/HASH-KEY.jsonl): for each set a
line that says what it is and one with its values. It must have begun without shipped files, so that
all references ran. A value of more than a few bytes is written as its digest.
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
        digest = hashlib.sha256(base64.b64decode(data)).hexdigest()[:32]
        data = None
    return [round(seconds, 4), flags, size, data, digest]


for cached in map(pathlib.Path, sys.argv[1:]):
    tasks = {}
    lines = cached.read_text().splitlines()
    for head, values in zip(map(json.loads, lines[::2]), lines[1::2]):
        if head["seconds"] >= LEAST_SECONDS:
            rows = [shorten(row) for row in json.loads(values)]
            tasks.setdefault(head["taskId"], {})[head["set"]] = rows
    lines = [{"calibrationSeconds": measure()}]
    lines += [{"taskId": task_id, "sets": sets} for task_id, sets in tasks.items()]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    (shipped / f"{cached.name.split('-')[0]}.jsonl").write_text(text)
