"""Writes src/data/datasets/__fixtures__; needs pyarrow and zstandard."""

import html
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

folder = Path(__file__).parent.parent / "src/data/datasets/__fixtures__"
folder.mkdir(parents=True, exist_ok=True)

queries = [f"Write a &lt;function&gt; number {index}." for index in range(5)]
answers = [f"\tdef f{index}():\r\n\t\treturn {index} &amp; 1\n" for index in range(5)]
table = pa.table({"query": queries, "answer": answers, "row": pa.array(range(5), pa.int64())})
for codec in ("snappy", "gzip", "zstd"):
    pq.write_table(table, folder / f"codefeedback-{codec}.parquet", compression=codec, row_group_size=2)

chats = [
    [
        {"role": "user", "content": f"Question {index}"},
        {"role": "assistant", "content": f"Answer {index}"},
    ]
    for index in range(3)
]
pq.write_table(pa.table({"messages": chats}), folder / "chat.parquet", row_group_size=2)

lines = [json.dumps({"n": index, "text": "ä" * (index % 7)}, ensure_ascii=False) for index in range(2000)]
text = ("\n".join(lines) + "\n").encode()
half = len(text) // 2 + 1
compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
frames = compressor.compress(text[:half]) + compressor.compress(text[half:])
(folder / "two-frames.jsonl.zst").write_bytes(frames)

pieces = ["&amp;", "&lt", "&notit;", "&notin;", "&foo;", "&", "&;", "&#;", "&#x;", "&#65", "&#x41;", "&#0;",
          "&#xd800;", "&#x110000;", "&#xfffe;", "&#x80;", "&#129;", "&#11;", "&#13;", "&#127;", "&amp;lt;",
          "&quot;x&quot;", "&#39;", "&hellip;", "&AMP", "&Amp;", "&nbsp;", "&CounterClockwiseContourIntegral;",
          "&ampersand", "a&b&c;", "&copy2", "&timesbar;", "&times2;", "&#99999999999999999999;", "&lt;&gt;&lt"]
cases = [[piece, html.unescape(piece)] for piece in pieces]
(folder / "entities.json").write_text(json.dumps(cases) + "\n")
