"""Judges programs as EvalPlus does: the module of a sandbox host.

A call carries tasks with their problems, references and programs; what it reports is one record for
each reference that ran and for each program. Programs and references run as candidates, which hold
the inputs and never an expected value; results are compared in the fork that handles the call.
"""

import builtins
import contextlib
import importlib.machinery
import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))


class _OwnBuiltins(importlib.machinery.SourceFileLoader):
    """Modules with builtins of their own, so that what a program does to its builtins, which run in
    the same process, does not reach them."""

    def exec_module(self, module):
        module.__dict__["__builtins__"] = _builtins
        super().exec_module(module)


class _Finder:
    def __init__(self, loader):
        self.files = importlib.machinery.FileFinder(_folder, (loader, [".py"]))

    def find_spec(self, name, path, target=None):
        return self.files.find_spec(name)


@contextlib.contextmanager
def _finding_with(loader):
    finder = _Finder(loader)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


_builtins = dict(vars(builtins))
with _finding_with(_OwnBuiltins):
    import judge_child
    import judge_task

# What programs import most; a fork finds it loaded. And what cannot be loaded behind the guards.
import array, cmath, dataclasses, decimal, enum, hashlib, queue, textwrap  # noqa: E401, E402, F401
import multiprocessing.process  # noqa: E402, F401


def load(setup):
    if setup["identical"]:
        # For it alone, because it needs NumPy; and the program's builtins are to be its own.
        with _finding_with(importlib.machinery.SourceFileLoader):
            import judge_identical  # noqa: F401
    for name in setup["preload"]:
        try:
            __import__(name)
        except ImportError:
            pass  # One that is missing is the programs' to miss.


def candidate(state, channel):
    judge_child.run_order(channel)


def handle(state, payload, report, candidates):
    for index, task in enumerate(payload["tasks"]):
        judge_task.judge_task(index, task, payload["options"], report, candidates)
