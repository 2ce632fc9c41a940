import type { Limits } from '../limits.ts'
import type { RunResult } from '../result.ts'
import { javaNames } from './java-names.ts'

/** Languages other than Python, whose programs are compiled and run by commands. */
export type CommandLanguage =
  | 'cpp'
  | 'java'
  | 'js'
  | 'ts'
  | 'php'
  | 'sh'
  | 'rs'
  | 'cs'
  | 'go'
  | 'lua'
  | 'rb'
  | 'pl'
  | 'r'

export interface LanguageRule {
  /** Debian packages that bring the tools. */
  packages: string
  /** Executables by their possible names, the best first. */
  tools: readonly (readonly string[])[]
  /** What programs with tests need beside: a program that fails without it, and its packages. */
  tests?: { packages: string; program: string }
  /** How a program is built and run in its working folder; `tools` are the paths of those above. */
  plan(source: string, tools: readonly string[], context: LanguageContext): LanguagePlan
  compileLimits?: Partial<Limits>
  runLimits: Partial<Limits>
  environment?: Readonly<Record<string, string>>
  /** Whether a program that ended so has passed its own tests; by default exit status 0. */
  passes?(result: RunResult): boolean
}

export interface LanguagePlan {
  /** Name of the file that gets the source. */
  file: string
  compile?: readonly string[]
  run: readonly string[]
}

export interface LanguageContext {
  /** Library of Java programs. */
  classPath: string
  /** Whether Java programs see the library when they run, too. */
  isLibraryRunnable: boolean
  /** Major version of the TypeScript compiler. */
  typescriptMajor: number
}

/** Where Debian's libjavatuples-java puts what translated benchmarks import. */
export const debianJavaTuples = '/usr/share/java/javatuples.jar'

const seconds = (count: number): Partial<Limits> => ({ chargedMs: count * 1000 })
const isModule = (source: string) => /^\s*(?:import\b(?!\s*\()|export\b)/m.test(source)

/** File names, commands, limits, pass rules and packages, by language. */
export const languageRules: Readonly<Record<CommandLanguage, LanguageRule>> = {
  cpp: {
    packages: 'g++',
    tools: [['g++', 'c++']],
    plan: (_, [compiler = '']) => ({
      file: 'main.cpp',
      compile: [compiler, 'main.cpp', '-o', 'program', '-std=c++17'],
      run: ['./program'],
    }),
    compileLimits: seconds(15),
    runLimits: seconds(15),
  },
  java: {
    packages: 'openjdk-17-jdk-headless',
    tools: [['javac'], ['java']],
    tests: {
      packages: 'libjavatuples-java',
      program: `import org.javatuples.*;
class Problem { public static void main(String[] a) { Pair.with(1, 2); } }`,
    },
    plan(source, [compiler = '', java = ''], { classPath, isLibraryRunnable }) {
      const { file, mainClass } = javaNames(source)
      const runClassPath = isLibraryRunnable ? `classes:${classPath}` : 'classes'
      const options = ['-J-XX:+UseSerialGC', '-J-XX:TieredStopAtLevel=1', '-encoding', 'UTF8']
      return {
        file,
        compile: [compiler, ...options, '-cp', classPath, '-d', 'classes', file],
        run: [java, '-XX:+UseSerialGC', '-ea', '-cp', runClassPath, mainClass],
      }
    },
    compileLimits: seconds(15),
    runLimits: seconds(15),
  },
  js: {
    packages: 'nodejs',
    tools: [['node']],
    plan(source, [node = '']) {
      const file = isModule(source) ? 'main.mjs' : 'main.js'
      return { file, run: [node, file] }
    },
    runLimits: seconds(5),
  },
  ts: {
    packages: 'node-typescript',
    tools: [['tsc'], ['node']],
    plan(source, [compiler = '', node = ''], { typescriptMajor }) {
      // From version 6 the defaults are stricter than those that benchmarks were made for.
      const lenient = typescriptMajor >= 6 ? ['--strict', 'false'] : []
      const modules = isModule(source) ? ['--module', 'commonjs'] : []
      return {
        file: 'main.ts',
        compile: [node, compiler, '--target', 'esnext', ...lenient, ...modules, 'main.ts'],
        run: [node, 'main.js'],
      }
    },
    compileLimits: seconds(15),
    runLimits: seconds(15),
  },
  php: {
    packages: 'php-cli',
    tools: [['php']],
    plan: (_, [php = '']) => ({ file: 'main.php', run: [php, 'main.php'] }),
    runLimits: seconds(15),
  },
  sh: {
    packages: 'bash',
    tools: [['bash']],
    plan: (_, [bash = '']) => ({ file: 'main.sh', run: [bash, 'main.sh'] }),
    runLimits: seconds(15),
  },
  rs: {
    packages: 'rustc',
    tools: [['rustc']],
    plan: (_, [compiler = '']) => ({
      file: 'main.rs',
      compile: [compiler, 'main.rs', '-o', 'program'],
      run: ['./program'],
    }),
    compileLimits: seconds(15),
    runLimits: seconds(5),
  },
  cs: {
    packages: 'mono-mcs mono-runtime libmono-system-numerics4.0-cil',
    tools: [['mcs'], ['mono']],
    plan: (_, [compiler = '', mono = '']) => ({
      file: 'main.cs',
      compile: [compiler, '-d:DEBUG', '-r:System.Numerics.dll', 'main.cs', '-out:program.exe'],
      run: [mono, 'program.exe'],
    }),
    compileLimits: seconds(60),
    runLimits: seconds(5),
    environment: { MONO_TRACE_LISTENER: 'Console.Error' },
    // A failed assertion leaves exit status 0.
    passes: ({ outcome, stderr }) =>
      outcome === 'ok' &&
      !/System\.Diagnostics\.DefaultTraceListener\.Fail|Unhandled Exception/.test(stderr),
  },
  go: {
    packages: 'golang-go',
    tools: [['go']],
    plan: (source, [go = '']) =>
      /^package\s+main\b/m.test(source) && !/\*testing\.T\b/.test(source)
        ? {
            file: 'main.go',
            compile: [go, 'build', '-o', 'program', 'main.go'],
            run: ['./program'],
          }
        : { file: 'main_test.go', run: [go, 'test', 'main_test.go'] },
    compileLimits: seconds(30),
    runLimits: seconds(30),
    environment: { GOCACHE: '/tmp/go-cache', GOPATH: '/tmp/go', GOTOOLCHAIN: 'local' },
    passes: ({ outcome, stdout }) => outcome === 'ok' && !/\bFAIL\b|build failed/.test(stdout),
  },
  lua: {
    packages: 'lua5.4',
    tools: [['lua5.4', 'lua', 'lua5.3']],
    tests: { packages: 'lua-unit', program: "require('luaunit')" },
    plan: (_, [lua = '']) => ({ file: 'main.lua', run: [lua, 'main.lua'] }),
    runLimits: seconds(15),
  },
  rb: {
    packages: 'ruby',
    tools: [['ruby']],
    tests: { packages: 'ruby-test-unit', program: "require 'test/unit'" },
    plan: (_, [ruby = '']) => ({ file: 'main.rb', run: [ruby, 'main.rb'] }),
    runLimits: seconds(5),
  },
  pl: {
    packages: 'perl',
    tools: [['perl']],
    tests: { packages: 'libtest-deep-perl', program: 'use Test::Deep;' },
    plan: (_, [perl = '']) => ({ file: 'main.pl', run: [perl, 'main.pl'] }),
    runLimits: seconds(15),
    passes: ({ outcome, stdout, stderr }) => outcome === 'ok' && !/ERROR/.test(stdout + stderr),
  },
  r: {
    packages: 'r-base-core',
    tools: [['Rscript']],
    plan: (_, [rscript = '']) => ({ file: 'main.r', run: [rscript, 'main.r'] }),
    runLimits: seconds(5),
  },
}

/** Limits of all steps beside their times: runtimes need more of everything than Python. */
export const commandLimits: Partial<Limits> = {
  memoryBytes: 2 ** 31,
  processes: 256,
  openFiles: 1024,
  fileBytes: 2 ** 29,
}

/** Whether a program that runs its own tests has passed them. */
export function passesTests(language: CommandLanguage | 'python', result: RunResult): boolean {
  const passes = language === 'python' ? undefined : languageRules[language].passes
  if (result.step === 'compile') return false
  return passes === undefined ? result.outcome === 'ok' : passes(result)
}
