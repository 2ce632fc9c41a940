"""What a program finds limited or taken away. Isolation is the sandbox's task; these change verdicts."""

import builtins
import faulthandler
import os
import resource
import shutil
import subprocess
import sys
import tempfile

RECURSION_LIMIT = 1000
BUILTINS_REMOVED = ("exit", "quit", "open", "help")
OS_REMOVED = """
kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames truncate
replace unlink fchmod fchown chmod chown chroot lchflags lchmod lchown getcwd chdir
""".split()
SHUTIL_REMOVED = ("rmtree", "move", "chown")
MODULES_BLOCKED = ("ipdb", "joblib", "resource", "psutil", "tkinter")


def restrict(memory_bytes):
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_STACK):
        hard = resource.getrlimit(kind)[1]
        soft = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(kind, (soft, hard))
    sys.setrecursionlimit(RECURSION_LIMIT)
    faulthandler.disable()
    # Finding it out takes what is taken away below.
    tempfile.tempdir = os.environ.get("TMPDIR", "/tmp")
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in BUILTINS_REMOVED:
        setattr(builtins, name, None)
    for name in OS_REMOVED:
        setattr(os, name, None)
    for name in SHUTIL_REMOVED:
        setattr(shutil, name, None)
    subprocess.Popen = None
    for name in MODULES_BLOCKED:
        sys.modules[name] = None


def lift_memory_limit(
    getrlimit=resource.getrlimit,
    setrlimit=resource.setrlimit,
    kinds=(resource.RLIMIT_AS, resource.RLIMIT_DATA),
):
    """An encoded copy of a large result is ours, not the program's, to pay for."""
    for kind in kinds:
        hard = getrlimit(kind)[1]
        setrlimit(kind, (hard, hard))
