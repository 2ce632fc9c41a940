import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from '../sandbox.ts'
import { javaNames } from './java-names.ts'
import { type CommandLanguage, languageRules, passesTests } from './language-rules.ts'
import { findLanguageTools } from './language-tools.ts'

/** For each language: a program whose own test passes, with {} for the value that it returns. */
const programs: Record<CommandLanguage, string> = {
  cpp: '#include <cassert>\nlong f() { return {}; }\nint main() { auto c = f; assert(c() == 7); }',
  java: `import java.util.*;
import org.javatuples.*;
class Problem {
  public static Pair<Long, Long> f() { return Pair.with({}l, 1l); }
  public static void main(String[] args) { assert(f().equals(Pair.with(7l, 1l))); }
}`,
  js: "function f() { return {} }\nconst assert = require('node:assert')\nassert.deepEqual(f(), 7)",
  ts: "function f(): number { return {} }\ndeclare var require: any;\nconst assert = require('node:assert');\nassert.deepEqual(f(), 7);",
  php: '<?php\nfunction f() { return {}; }\nif (f() !== 7) { throw new Exception("Test failed!"); }',
  sh: 'f() { echo {}; }\nset -e\n[[ $(f) = "7" ]]',
  rs: 'fn f() -> isize { {} }\nfn main() { assert_eq!(f(), 7); }',
  cs: `using System.Diagnostics;
class Problem {
  public static long F() { return {}L; }
  public static void Main(string[] args) { Debug.Assert(F() == (7L)); }
}`,
  go: `package f_test
import "testing"
func f() int { return {} }
func TestF(t *testing.T) { if f() != 7 { t.Errorf("got %v", f()) } }`,
  lua: "lu = require('luaunit')\nfunction test_it() lu.assertEquals({}, 7) end\nos.exit(lu.LuaUnit.run())",
  rb: "require 'test/unit'\nclass TestIt < Test::Unit::TestCase\n  def test_f\n    assert_equal(7, {})\n  end\nend",
  pl: 'use Test::Deep;\nif(eq_deeply({}, 7)) { print "ok!" } else { exit 1; }',
  r: 'f <- function() { {} }\nstopifnot(isTRUE(all.equal(f(), 7)))',
}
const languages = Object.keys(programs) as CommandLanguage[]

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await createSandbox({ workers: 1 })
})
afterAll(() => sandbox.dispose())

describe('programs in other languages', () => {
  for (const language of languages) {
    it(`judges ${language} by its own tests, or names the packages that it needs`, async () => {
      const needed = await sandbox
        .requireLanguage(language, { tests: true })
        .catch((error: unknown) => error)
      if (needed !== undefined) {
        expect(needed).toMatchObject({ code: 'RC_LANGUAGE_MISSING', status: 3 })
        expect((needed as { hint: string }).hint).toMatch(/^Install it: .*apt-get install -y \S/)
        return
      }
      const run = (value: string) =>
        sandbox.run({ language, source: programs[language].replaceAll('{}', value) })
      const right = await run('7')
      expect(right.outcome, JSON.stringify(right)).toBe('ok')
      expect(passesTests(language, right)).toBe(true)
      const wrong = await run('8')
      expect(passesTests(language, wrong), JSON.stringify(wrong)).toBe(false)
      const broken = await run('((')
      expect(passesTests(language, broken)).toBe(false)
      expect(broken.stdout + broken.stderr).not.toBe('')
      const compiles = 'compileLimits' in languageRules[language] && language !== 'go'
      expect(broken.step).toBe(compiles ? 'compile' : 'run')
    })
  }

  it('keeps the library of Java from a run when told so', async () => {
    const plan = (isLibraryRunnable: boolean) =>
      languageRules.java.plan('', ['javac', 'java'], {
        classPath: 'LIBRARY',
        isLibraryRunnable,
        typescriptMajor: 5,
      })
    expect(plan(true).run).toContain('classes:LIBRARY')
    expect(plan(false).run).not.toContain('classes:LIBRARY')
    expect(plan(false).compile).toEqual(plan(true).compile)

    const library = await mkdtemp(join(tmpdir(), 'library-'))
    const code = 'package tuples; public class One { public long one = 1; }'
    await writeFile(join(library, 'One.java'), code)
    const options = { cwd: library }
    const built = spawnSync('javac', ['-d', '.', 'One.java'], options)
    if (built.error === undefined) {
      spawnSync('jar', ['-cf', 'library.jar', 'tuples'], options)
      await chmod(library, 0o755)
      const own = await createSandbox({ workers: 1, classPath: join(library, 'library.jar') })
      const source =
        'class Problem { public static void main(String[] a) { assert new tuples.One().one == 1; } }'
      const run = (libraryForCompilerOnly: boolean) =>
        own.run({ language: 'java', source, libraryForCompilerOnly })
      const [seen, unseen] = [await run(false), await run(true)]
      await own.dispose()
      expect(seen, JSON.stringify(seen)).toMatchObject({ outcome: 'ok' })
      expect(unseen).toMatchObject({ outcome: 'error', step: 'run' })
      expect(unseen.stderr).toContain('NoClassDefFoundError: tuples/One')
    }
    await rm(library, { recursive: true })
  })

  it('names the packages of every language that is missing', async () => {
    for (const language of languages) {
      await expect(findLanguageTools(language, '')).rejects.toMatchObject({
        name: 'MissingDependencyError',
        code: 'RC_LANGUAGE_MISSING',
        status: 3,
        hint: expect.stringContaining(languageRules[language].packages),
      })
    }
  })

  it('gives standard input to the program and keeps its files from step to step', async () => {
    const source = `declare var require: any
const read = require('node:fs').readFileSync
process.stdout.write(read(0, 'utf8') + read('in.txt', 'utf8'))`
    const result = await sandbox.run({
      language: 'ts',
      source: `declare var process: any\n${source}`,
      stdin: 'x',
      files: { 'in.txt': 'y' },
    })
    expect(result).toMatchObject({ outcome: 'ok', stdout: 'xy', compile: { outcome: 'ok' } })
  })

  it('stops a program, and a compiler, at their limits', async () => {
    const loop = await sandbox.run(
      { language: 'sh', source: 'while true; do :; done' },
      { chargedMs: 200 },
    )
    expect(loop).toMatchObject({ outcome: 'timeout', step: 'run', limit: 'cpuMs' })
    const memory = await sandbox.run(
      { language: 'js', source: 'const a = []; for (;;) a.push(new Array(1e5).fill(1.5))' },
      { memoryBytes: 128 << 20 },
    )
    expect(['memory', 'killed', 'error']).toContain(memory.outcome)
    const flood = await sandbox.run(
      { language: 'sh', source: 'yes' },
      { outputBytes: 1000, chargedMs: 5000 },
    )
    expect(flood).toMatchObject({ outcome: 'output-limit', truncated: true })
  })

  it('runs behind the same walls', async () => {
    const source = `
ls /root /home /etc/shadow 2>/dev/null
echo x > /usr/x
(exec 3<>/dev/tcp/1.1.1.1/53) && echo connected
ls /proc | grep -c '^[0-9]'
kill -9 -1
echo survived`
    const result = await sandbox.run({ language: 'sh', source })
    expect(result.stdout).not.toMatch(/connected|shadow/)
    expect(result.stderr).toMatch(/Read-only file system[\s\S]*Network is unreachable/)
  })

  it('leaves nothing from one program to the next', async () => {
    await sandbox.run({ language: 'sh', source: 'echo x > /tmp/left; echo x > left' })
    const result = await sandbox.run({ language: 'sh', source: 'ls -A /tmp . /dev/shm' })
    expect(result.stdout).toBe('.:\nmain.sh\n\n/dev/shm:\n\n/tmp:\n')
  })

  it('works without walls where that is asked for', async () => {
    const open = await createSandbox({ isolation: 'none', workers: 1 })
    const source = 'const text: string = "hi"\nconsole.log(text)'
    const result = await open.run({ language: 'ts', source })
    await open.dispose()
    expect(result).toMatchObject({ outcome: 'ok', stdout: 'hi\n' })
  })
})

describe('the names in a Java source', () => {
  it('are those of the public class and of the class with main', () => {
    expect(javaNames('class Problem { public static void main(String[] a) {} }')).toEqual({
      file: 'Problem.java',
      mainClass: 'Problem',
    })
    const two = `class Help { void f() {} }
// public class Not
public final class App { static class In {} public static void main(String... a) {} }`
    expect(javaNames(two)).toEqual({ file: 'App.java', mainClass: 'App' })
  })
})
