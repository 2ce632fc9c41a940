import type { Language, Limits, RunResult } from '../../src/sandbox/index.ts'

/** A program that nobody should be able to harm anything with, and what must come of it. */
export interface HostileProgram {
  /** What it tries, for the table in docs/sandbox.md. */
  title: string
  /** What must come of it, for the same table. */
  must: string
  source: string
  /** Default Python. */
  language?: Language
  /** Changes to `tightLimits`. */
  limits?: Partial<Limits>
  stdin?: string
  outcome: RunResult['outcome'] | readonly RunResult['outcome'][]
  stdout?: string | RegExp
  stderr?: string | RegExp
  exitCode?: number
  signal?: string
}

/** Limits that are met soon. */
export const tightLimits: Partial<Limits> = {
  cpuMs: 300,
  chargedMs: 2000,
  memoryBytes: 128 << 20,
  processes: 24,
}

/** Python: `call(name, …)` makes a system call and gives its result or the name of its error. */
export const systemCalls = `
import ctypes, errno, os, platform
libc = ctypes.CDLL(None, use_errno=True)
numbers = {
  'ptrace': (101, 117), 'process_vm_readv': (310, 270), 'mount': (165, 40), 'umount2': (166, 39),
  'chroot': (161, 51), 'pivot_root': (155, 41), 'unshare': (272, 97), 'setns': (308, 268),
  'add_key': (248, 217), 'request_key': (249, 218), 'keyctl': (250, 219), 'bpf': (321, 280),
  'perf_event_open': (298, 241), 'userfaultfd': (323, 282), 'io_uring_setup': (425, 425),
  'io_uring_enter': (426, 426), 'io_uring_register': (427, 427), 'open_by_handle_at': (304, 265),
  'acct': (163, 89), 'swapon': (167, 224), 'reboot': (169, 142), 'syslog': (103, 116),
  'kexec_load': (246, 104), 'init_module': (175, 105), 'finit_module': (313, 273),
  'delete_module': (176, 106), 'settimeofday': (164, 170), 'clock_settime': (227, 112),
  'adjtimex': (159, 171), 'quotactl': (179, 60), 'personality': (135, 92), 'kcmp': (312, 272),
  'fanotify_init': (300, 262), 'pidfd_getfd': (438, 438), 'sethostname': (170, 161),
  'fsopen': (430, 430), 'open_tree': (428, 428), 'mknodat': (259, 33), 'clone3': (435, 435),
  'process_madvise': (440, 440),
}
def call(name, *arguments):
  ctypes.set_errno(0)
  result = libc.syscall(numbers[name][platform.machine() == 'aarch64'], *arguments)
  return errno.errorcode.get(ctypes.get_errno(), result) if result < 0 else result
`
