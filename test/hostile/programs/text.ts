import type { HostileProgram } from '../hostile-program.ts'

export const text: HostileProgram[] = [
  {
    title: 'NUL in the source',
    must: 'is a syntax error',
    source: 'x = 1\0',
    outcome: 'error',
    stderr: /null bytes/,
  },
  {
    title: 'lone surrogates in the source',
    must: 'is an error of the program',
    source: 'x = "\ud800"',
    outcome: 'error',
    stderr: /UnicodeEncodeError|SyntaxError/,
  },
  {
    title: 'lone surrogates in the input and the output',
    must: 'reach the program, and come out replaced',
    source:
      'import sys\ndata = sys.stdin.buffer.read()\nprint(len(data), flush=True)\nsys.stdout.buffer.write(data)',
    stdin: 'a\udfffb',
    outcome: 'ok',
    stdout: '5\na\ufffd\ufffd\ufffdb',
  },
  {
    title: 'a byte order mark and a cookie of another encoding',
    must: 'change nothing',
    source: '# -*- coding: utf-16 -*-\nprint("é")',
    outcome: ['ok', 'error'],
  },
  {
    title: 'an empty program',
    must: 'does nothing',
    source: '',
    outcome: 'ok',
    stdout: '',
  },
  {
    title: 'source of 100 MB',
    must: 'meets a limit',
    source: `x = "${'a'.repeat(100 << 20)}"`,
    limits: { cpuMs: 2000, chargedMs: 4000 },
    outcome: ['error', 'memory', 'timeout'],
  },
  {
    title: 'parentheses nested a hundred thousand deep',
    must: 'is a syntax or memory error',
    source: `${'('.repeat(100_000)}1${')'.repeat(100_000)}`,
    outcome: ['error', 'memory', 'killed'],
  },
  {
    title: 'an expression of a hundred thousand terms',
    must: 'is an error, or ends',
    source: `x = ${'-'.repeat(100_000)}1`,
    outcome: ['error', 'memory', 'killed', 'ok'],
  },
  {
    title: 'a number of a million digits',
    must: 'is a syntax error',
    source: `x = ${'9'.repeat(1_000_000)}`,
    outcome: 'error',
    stderr: /Exceeds the limit|SyntaxError/,
  },
  {
    title: 'control characters in its output',
    must: 'come out as they are, as data',
    source: 'print("\\x1b]0;title\\x07\\r\\x08\\u202e\\u2066")',
    outcome: 'ok',
    stdout: '\u001b]0;title\u0007\r\b\u202e\u2066\n',
  },
]
