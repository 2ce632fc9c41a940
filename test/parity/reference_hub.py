"""Uses the caches of this project and of huggingface_hub the other way round.

Usage: reference_hub.py ENDPOINT OUR_CACHE NEW_CACHE REPO: finds REPO in OUR_CACHE without network, then
fetches it from ENDPOINT to NEW_CACHE. Prints JSON: the folders and what a scan of OUR_CACHE finds.
"""

import json
import os
import sys

endpoint, ours, new, repo = sys.argv[1:]
os.environ.update(HF_ENDPOINT=endpoint, HF_HUB_OFFLINE="0", HF_HUB_DISABLE_XET="1")

from huggingface_hub import scan_cache_dir, snapshot_download  # noqa: E402

found = snapshot_download(repo, cache_dir=ours, local_files_only=True)
scan = scan_cache_dir(ours)
[scanned] = scan.repos
[revision] = scanned.revisions
result = {
    "found": found,
    "warnings": [str(warning) for warning in scan.warnings],
    "files": {file.file_name: file.size_on_disk for file in revision.files},
    "refs": sorted(revision.refs),
    "fetched": snapshot_download(repo, cache_dir=new),
}
print(json.dumps(result))
