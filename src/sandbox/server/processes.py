"""The process tree of a task, read from /proc: who lives, what they used, and their end."""

import os
import signal
import time

from charged_time import waited_ns

TICK_NS = 10**9 // os.sysconf('SC_CLK_TCK')
# Fields of /proc/pid/stat (proc(5)) counted from the one after the name.
STATE, PARENT, UTIME, STIME, CHILDREN_UTIME, CHILDREN_STIME, THREADS = 0, 1, 11, 12, 13, 14, 17
RUNNABLE = b'R'


def read_stat(path):
    """Fields after the name; None for a process that is gone."""
    try:
        with open(path, 'rb', 0) as file:
            text = file.read(1000)
    except OSError:
        return None
    return text[text.rindex(b')') + 2 :].split()


def tree_below(roots):
    """{pid: fields} of living processes that are, or descend from, one of `roots`."""
    found = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            fields = read_stat('/proc/%s/stat' % name)
            if fields is not None:
                found[int(name)] = fields
    below = {pid for pid in roots if pid in found}
    grew = True
    while grew:
        grew = False
        for pid, fields in found.items():
            if pid not in below and int(fields[PARENT]) in below:
                below.add(pid)
                grew = True
    return {pid: fields for pid, fields in found.items() if pid in below}


def cpu_ns(pid, fields):
    """CPU time of a process, and of those of its children that ended and were waited for."""
    total = (int(fields[CHILDREN_UTIME]) + int(fields[CHILDREN_STIME])) * TICK_NS
    own = own_cpu_ns(pid)
    return total + ((int(fields[UTIME]) + int(fields[STIME])) * TICK_NS if own is None else own)


def own_cpu_ns(pid):
    """The process's own CPU clock (clock_getcpuclockid(3)), finer than stat's ticks."""
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return None


def has_lost_children(fields):
    """Whether children of a process have ended and were waited for, with CPU time worth counting."""
    return fields[CHILDREN_UTIME] != b'0' or fields[CHILDREN_STIME] != b'0'


def read_waits(pid, fields, waits, living):
    """Notes, by thread, who lives and how long each waited so far; says whether one can run now."""
    if fields[THREADS] == b'1':
        living.add(pid)
        waits[pid] = max(waits.get(pid, 0), waited_ns('/proc/%d/schedstat' % pid))
        return fields[STATE] == RUNNABLE
    runnable = False
    try:
        threads = os.listdir('/proc/%d/task' % pid)
    except OSError:
        threads = []
    for name in threads:
        place = '/proc/%d/task/%s/' % (pid, name)
        thread = int(name)
        living.add(thread)
        waits[thread] = max(waits.get(thread, 0), waited_ns(place + 'schedstat'))
        if not runnable:
            own = read_stat(place + 'stat')
            runnable = own is not None and own[STATE] == RUNNABLE
    return runnable


def own_bytes(pid, page_bytes=os.sysconf('SC_PAGE_SIZE')):
    """Memory of a process that is no file's and not shared with others by name."""
    try:
        with open('/proc/%d/statm' % pid, 'rb', 0) as file:
            _, resident, shared = file.read(100).split()[:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * page_bytes


def kill_descendants(own, spare=()):
    """Without a pid namespace: kills and reaps whatever is left below the (subreaping) server, but
    for the pids in `spare` and what is below them."""
    usages = []
    while True:
        tree = tree_below([own])
        spared = tree_below(spare)
        left = {pid: fields for pid, fields in tree.items() if pid != own and pid not in spared}
        if not left:
            return usages
        for pid, fields in left.items():
            try:
                os.kill(pid, signal.SIGKILL)
                if int(fields[PARENT]) == own:
                    usages.append(os.wait4(pid, 0)[2])
            except OSError:
                pass
