"""Judges programs as EvalPlus does: the module of a sandbox host.

A call carries tasks with their problems, references and programs; what it reports is one record for
each reference that ran and for each program. Programs and references run as candidates, which hold
the inputs and never an expected value; results are compared in the fork that handles the call.
"""

import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, _folder)
import judge_child  # noqa: E402
import judge_task  # noqa: E402

sys.path.remove(_folder)

# What programs import most; a fork finds it loaded.
import array, cmath, dataclasses, decimal, enum, hashlib, queue, textwrap  # noqa: E401, E402, F401


def load(setup):
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
