"""Removes what a program left in a folder."""

import os
import shutil


def remove_tree(folder):
    """Removes a folder that a program may have made unreadable."""
    os.chmod(folder, 0o700)
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
