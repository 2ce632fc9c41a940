"""Starts Python anew with the given arguments and with addresses that are not random, so that what
programs print of addresses is the same in every run. To be started without `site`, to be quick.
"""

import ctypes
import os
import sys

ADDR_NO_RANDOMIZE = 0x0040000  # linux/personality.h
CURRENT = 0xFFFFFFFF

libc = ctypes.CDLL(None)
current = libc.personality(CURRENT)
# Where it is forbidden, addresses stay random.
if current >= 0:
    libc.personality(current | ADDR_NO_RANDOMIZE)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
