"""Linux calls that put a forked child behind walls: namespaces, mounts, limits, capabilities, seccomp."""

import ctypes
import errno
import mmap
import os
import platform
import random
import resource
import struct

libc = ctypes.CDLL(None, use_errno=True)
_fork = ctypes.PyDLL(None, use_errno=True).fork
# In C alone; random.Random.seed adds Python that only other kinds of seeds need.
_seed = super(random.Random, random.seed.__self__).seed
libc.clone.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4

# linux/sched.h
CLONE_VM = 0x100
CLONE_NEWNS = 0x20000
CLONE_NEWIPC = 0x8000000
CLONE_NEWPID = 0x20000000
SIGCHLD = 17
# linux/mount.h
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND = 2, 4, 8, 0x1000
MS_RDONLY = 1
# linux/prctl.h
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 36, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL = 4


def check(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, '%s: %s' % (what, os.strerror(number)))
    return result


def prctl(option, value=0, what='prctl'):
    check(libc.prctl(option, value, 0, 0, 0), what)


_stack = mmap.mmap(-1, 65536)
_stack_top = ctypes.addressof(ctypes.c_char.from_buffer(_stack)) + 65536 - 64
_pause = ctypes.cast(libc.pause, ctypes.c_void_p)
_own_pid_namespace = None


def start_namespace_holder():
    """Starts process 1 of a new pid namespace and returns its pid.

    It only waits (libc's pause, in the server's own memory, so that nothing is copied); killing it
    kills everything in the namespace.
    """
    return check(libc.clone(_pause, _stack_top, CLONE_VM | CLONE_NEWPID | SIGCHLD, None), 'clone')


def fork():
    """As os.fork, less its handlers, which mend in the child what other threads left undone: the
    server has no others. Each page that they touch would be copied. What is needed of them is that
    `random` gets a new seed.
    """
    pid = check(_fork(), 'fork')
    if pid == 0:
        _seed()
    return pid


def fork_into(holder):
    """Forks a child into the pid namespace of `holder`; returns like os.fork."""
    global _own_pid_namespace
    if _own_pid_namespace is None:
        _own_pid_namespace = os.open('/proc/self/ns/pid', os.O_RDONLY | os.O_CLOEXEC)
    namespace = os.open('/proc/%d/ns/pid' % holder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        check(libc.setns(namespace, CLONE_NEWPID), 'setns')
    finally:
        os.close(namespace)
    pid = fork()
    if pid != 0:
        check(libc.setns(_own_pid_namespace, CLONE_NEWPID), 'setns')
    return pid


def leave_mounts():
    """Gives the calling process a copy of its mounts, and IPC objects, of its own."""
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWIPC), 'unshare')


def make_private(storage_bytes):
    """Puts an empty /tmp, /box and /dev/shm in place, which share `storage_bytes` of memory."""
    options = b'size=%d,nr_inodes=20000,mode=755' % storage_bytes
    check(libc.mount(b'storage', b'/tmp', b'tmpfs', MS_NOSUID | MS_NODEV, options), 'mount /tmp')
    for name, place in ((b'box', b'/box'), (b'shm', b'/dev/shm'), (b'tmp', b'/tmp')):
        os.mkdir(b'/tmp/' + name)
        os.chmod(b'/tmp/' + name, 0o1777)
        check(libc.mount(b'/tmp/' + name, place, None, MS_BIND, None), 'bind ' + place.decode())


def join_mounts(descriptor):
    """Takes over the mounts that `descriptor` stands for; IPC objects are the process's own."""
    check(libc.unshare(CLONE_NEWIPC), 'unshare')
    check(libc.setns(descriptor, CLONE_NEWNS), 'setns')


def mount_processes():
    """Shows the calling process the processes of its own pid namespace, and no others."""
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    if libc.mount(b'proc', b'/proc', b'proc', flags, None) < 0:
        # Some containers forbid a fresh procfs; then the program sees none rather than the server's.
        check(libc.mount(b'none', b'/proc', b'tmpfs', flags | MS_RDONLY, b'size=4k'), 'hide /proc')


def volunteer_for_oom(score):
    """Makes the kernel choose this process, not the server, when memory runs out."""
    try:
        with open('/proc/self/oom_score_adj', 'w') as file:
            file.write(str(score))
    except OSError:
        pass


def server_processes():
    """How many processes of our own count as the program's: none when it gets a user of its own."""
    return 0 if os.getuid() == 0 else 2


def limit_resources(limits, memory, walled):
    """Sets the limits of one process; `memory` maps a kind, such as RLIMIT_AS, to bytes."""
    cpu_seconds = -(-limits['cpuMs'] // 1000) + 1
    bounds = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits['fileBytes']),
        (resource.RLIMIT_NOFILE, limits['openFiles']),
        (resource.RLIMIT_MEMLOCK, 65536),
        (resource.RLIMIT_MSGQUEUE, 65536),
        (resource.RLIMIT_SIGPENDING, 1024),
    ]
    if walled:
        # Counted per user and user namespace; elsewhere it would count the user's other processes.
        bounds.append((resource.RLIMIT_NPROC, limits['processes'] + server_processes()))
    if not limits.get('session'):
        bounds.append((resource.RLIMIT_CPU, cpu_seconds))
    bounds.extend(memory.items())
    for kind, value in bounds:
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY and hard < value:
            value = hard
        resource.setrlimit(kind, (value, value))


def become(uid):
    """Gives up root for good."""
    os.setgroups([])
    try:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # A user namespace may map few ids; nobody is nearly always among them.
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)


def drop_capabilities():
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 'clear ambient capabilities')
    header = struct.pack('=Ii', 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3
    check(libc.capset(header, bytes(24)), 'capset')
    # A change of ids made /proc/self unreadable to the process itself.
    prctl(PR_SET_DUMPABLE, 1, 'set dumpable')


# Calls that a program has no use for and that widen the kernel's face or reach other processes.
# name: (x86_64, aarch64)
_REFUSED = {
    'ptrace': (101, 117), 'process_vm_readv': (310, 270), 'process_vm_writev': (311, 271),
    'mount': (165, 40), 'umount2': (166, 39), 'pivot_root': (155, 41), 'chroot': (161, 51),
    'open_tree': (428, 428), 'move_mount': (429, 429), 'fsopen': (430, 430),
    'fsconfig': (431, 431), 'fsmount': (432, 432), 'fspick': (433, 433),
    'mount_setattr': (442, 442), 'unshare': (272, 97), 'setns': (308, 268),
    'add_key': (248, 217), 'request_key': (249, 218), 'keyctl': (250, 219),
    'bpf': (321, 280), 'perf_event_open': (298, 241), 'userfaultfd': (323, 282),
    'io_uring_setup': (425, 425), 'io_uring_enter': (426, 426), 'io_uring_register': (427, 427),
    'open_by_handle_at': (304, 265), 'name_to_handle_at': (303, 264), 'acct': (163, 89),
    'swapon': (167, 224), 'swapoff': (168, 225), 'reboot': (169, 142), 'syslog': (103, 116),
    'kexec_load': (246, 104), 'kexec_file_load': (320, 294), 'init_module': (175, 105),
    'finit_module': (313, 273), 'delete_module': (176, 106), 'settimeofday': (164, 170),
    'clock_settime': (227, 112), 'clock_adjtime': (305, 266), 'adjtimex': (159, 171),
    'quotactl': (179, 60), 'personality': (135, 92), 'kcmp': (312, 272), 'vhangup': (153, 58),
    'fanotify_init': (300, 262), 'pidfd_getfd': (438, 438),
}  # fmt: skip
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_NAMESPACE_FLAGS = 0x7E020000
_ARCHITECTURES = {'x86_64': (0, 0xC000003E), 'aarch64': (1, 0xC00000B7)}


def build_syscall_filter():
    """A classic BPF program (seccomp(2)) as bytes; None where the machine type is not known."""
    if platform.machine() not in _ARCHITECTURES:
        return None
    column, audit = _ARCHITECTURES[platform.machine()]
    load, equal, at_least, any_set, ret = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, absent, kill = 0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS, 0x80000000
    code = [(load, 0, 0, 4), (equal, 1, 0, audit), (ret, 0, 0, kill), (load, 0, 0, 0)]
    if column == 0:
        code += [(at_least, 0, 1, 0x40000000), (ret, 0, 0, refuse)]  # the x32 interface
    for numbers in _REFUSED.values():
        code += [(equal, 0, 1, numbers[column]), (ret, 0, 0, refuse)]
    # clone3 hides its flags from the filter; without it libc falls back to clone.
    code += [(equal, 0, 1, _CLONE3[column]), (ret, 0, 0, absent)]
    code += [(equal, 0, 3, _CLONE[column]), (load, 0, 0, 16), (any_set, 0, 1, _NAMESPACE_FLAGS)]
    code += [(ret, 0, 0, refuse), (ret, 0, 0, allow)]
    return b''.join(struct.pack('=HBBI', *instruction) for instruction in code)


_filter = build_syscall_filter()
if _filter is not None:
    _filter_buffer = ctypes.create_string_buffer(_filter, len(_filter))
    _filter_header = ctypes.create_string_buffer(
        struct.pack('@HP', len(_filter) // 8, ctypes.addressof(_filter_buffer))
    )


def filter_syscalls():
    prctl(PR_SET_NO_NEW_PRIVS, 1, 'set no_new_privs')
    if _filter is not None:
        prctl_filter = ctypes.addressof(_filter_header)
        check(libc.prctl(PR_SET_SECCOMP, 2, prctl_filter, 0, 0), 'set seccomp filter')
