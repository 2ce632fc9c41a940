import { comparePaired, type SampleVerdict, wilsonInterval } from '../../../stages/eval/index.ts'
import type { StepMetrics } from '../../../stages/train/index.ts'
import type { ModelScore, ReportInput } from '../report-input.ts'

const steps = 48
const tasks = 200

/** A made-up run, shaped like a real one. */
export const reportInput: ReportInput = {
  title: 'Quickstart: from instructions to scores',
  description: 'Base, plain fine-tuning and ReflectionCoder on test katas.',
  createdAt: '2024-05-27T12:00:00.000Z',
  versions: { reflectioncoder: '0.1.0', 'Node.js': 'v20.0.0', processor: 'a processor, 2 threads' },
  curves: [
    {
      name: 'ReflectionCoder',
      metrics: Array.from({ length: steps }, (_, at) => metricsAt(at, true)),
    },
    { name: 'plain', metrics: Array.from({ length: steps }, (_, at) => metricsAt(at, false)) },
  ],
  scores: [scoreOf('base', 52), scoreOf('plain', 74), scoreOf('ReflectionCoder', 89)],
  comparisons: [
    { before: 'base', after: 'plain', comparison: comparePaired(passed(52, 0), passed(74, 6)) },
    {
      before: 'plain',
      after: 'ReflectionCoder',
      comparison: comparePaired(passed(74, 6), passed(89, 9)),
    },
  ],
  failures: [
    {
      name: 'plain',
      prompt: 'def count_long(words):\n    """ Count the words longer than 3 <letters>.\n    """\n',
      verdict: failedVerdict(),
    },
  ],
  failuresLeftOut: 125,
  steps: [
    {
      id: 'dialogs',
      uses: 'synth',
      seconds: 31.4,
      peakMemoryBytes: 2 ** 28,
      summary: { kept: 480 },
    },
    {
      id: 'reflection',
      uses: 'train',
      seconds: 98.2,
      peakMemoryBytes: 2 ** 30,
      summary: { steps },
    },
  ],
  recipe: 'title: Quickstart\nsteps: []\n',
}

function metricsAt(step: number, reflection: boolean): StepMetrics {
  const progress = step / steps
  const noise = Math.sin(step * 12.9898) * 0.02
  const student = 0.35 + 0.9 * Math.exp(-5 * progress) + noise
  const teacher = 0.3 + 0.7 * Math.exp(-6 * progress) + noise / 2
  return {
    step,
    epoch: Math.floor(progress * 2),
    learningRate: 5e-4 * Math.min(1, step / 3) * 0.5 * (1 + Math.cos(Math.PI * progress)),
    maskRate: Math.min(1, (step + 1) / steps),
    loss: student + (reflection ? 0.1 : 0),
    crossEntropy: reflection ? (student + teacher) / 2 : student,
    teacherCrossEntropy: reflection ? teacher : null,
    studentCrossEntropy: reflection ? student : null,
    klDivergence: reflection ? 0.18 * progress * Math.exp(-2 * progress) + 0.01 : null,
    gradientNorm: 0.6 + Math.exp(-4 * progress) + 4 * noise,
    tokens: 9000,
    seconds: 1.9,
  }
}

function scoreOf(name: string, passing: number): ModelScore {
  const score = { value: passing / tasks, interval: wilsonInterval(passing, tasks) }
  const counts = { pass: passing, fail: tasks - passing - 3, timeout: 3 }
  return {
    name,
    summary: {
      base: score,
      plus: score,
      taskCount: tasks,
      isolation: 'bubblewrap',
      statuses: { base: counts, plus: counts },
    },
  }
}

function passed(count: number, shift: number): Map<string, boolean> {
  const entries = Array.from({ length: tasks }, (_, task): [string, boolean] => {
    return [`Kata/${task}`, task >= shift && task < count + shift]
  })
  return new Map(entries)
}

function failedVerdict(): SampleVerdict {
  const set = { finished: 2, inputs: 4, load: 0, seconds: 0.01, failTests: ['[["abc"]]'] }
  return {
    taskId: 'Kata/17',
    sample: 0,
    program: 'def count_long(words):\n    return len([w for w in words if len(w) >= 3])\n',
    base: {
      ...set,
      status: 'fail',
      failure: { index: 1, input: "(['abc'],)", expected: '0', got: '1' },
    },
  }
}
