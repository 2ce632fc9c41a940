import type { Family } from '../family.ts'
import { someDate, someTime } from '../inputs.ts'
import { numberConditions } from '../number-operations.ts'
import { on, operation } from '../operations.ts'

const date = {
  topic: 'dates',
  noun: 'date',
  parameters: ['text'],
  inputs: (random) => [someDate(random)],
  edges: [['2024-02-28'], ['2023-12-31']],
  preamble: 'from datetime import date, timedelta',
} satisfies Partial<Family>

const moves = [
  operation(
    'days',
    'go {k} days forward',
    'day = day + timedelta(days={k})',
    ['library-misuse', 'day = day + {k}', 'A date needs a timedelta.'],
    ['off-by-one', 'day = day + timedelta(days={k+1})'],
  ),
  operation('back', 'go {k} days back', 'day = day - timedelta(days={k})', [
    'wrong-operation',
    'day = day + timedelta(days={k})',
  ]),
  operation('weeks', 'go {k} weeks forward', 'day = day + timedelta(weeks={k})', [
    'wrong-operation',
    'day = day + timedelta(days={k})',
    'These are days.',
  ]),
  operation('start', 'go to the first day of the month', 'day = day.replace(day=1)', [
    'off-by-one',
    'day = day.replace(day=0)',
    'Days start at 1.',
  ]),
  operation('year', 'go to the first day of the year', 'day = date(day.year, 1, 1)', [
    'missing-step',
    'day = date(day.year, day.month, 1)',
  ]),
  operation('monday', 'go back to Monday', 'day = day - timedelta(days=day.weekday())', [
    'off-by-one',
    'day = day - timedelta(days=day.isoweekday())',
    'isoweekday() starts at 1.',
  ]),
]

const dateResults = [
  operation('iso', 'return it as text', 'return day.isoformat()', [
    'wrong-type',
    'return day',
    'It has to be text.',
  ]),
  operation('weekday', 'return its weekday, Monday being 0', 'return day.weekday()', [
    'off-by-one',
    'return day.isoweekday()',
    'isoweekday() starts at 1.',
  ]),
  operation('name', 'return the name of its weekday', "return day.strftime('%A')", [
    'library-misuse',
    "return day.strftime('%a')",
    '%a is the short name.',
  ]),
  operation('day', 'return its day of the month', 'return day.day', [
    'wrong-operation',
    'return day.month',
  ]),
  operation('month', 'return its month', 'return day.month', ['wrong-operation', 'return day.day']),
  operation('weekend', 'return whether it is on a weekend', 'return day.weekday() >= 5', [
    'off-by-one',
    'return day.weekday() > 5',
  ]),
  operation('slashes', "return it as 'day/month/year'", "return day.strftime('%d/%m/%Y')", [
    'library-misuse',
    "return day.strftime('%d/%M/%Y')",
    '%M is minutes.',
  ]),
  operation('dayofyear', 'return its day of the year', 'return day.timetuple().tm_yday', [
    'wrong-operation',
    'return day.day',
  ]),
  operation(
    'parts',
    'return year, month and day as a list',
    'return [day.year, day.month, day.day]',
    ['wrong-type', 'return day.year, day.month, day.day', 'It has to be a list.'],
  ),
]

const clockMoves = [
  operation('forward', 'go {k} minutes forward', 'total = total + {k}', [
    'off-by-one',
    'total = total + {k+1}',
  ]),
  operation('hours', 'go {k} hours forward', 'total = total + 60 * {k}', [
    'wrong-operation',
    'total = total + {k}',
  ]),
  operation('back', 'go {k} hours back', 'total = total - 60 * {k}', [
    'wrong-operation',
    'total = total - {k}',
  ]),
  operation('double', 'double the time since midnight', 'total = total * 2', [
    'wrong-operation',
    'total = total + 2',
  ]),
  operation('round', 'round down to a multiple of {k} minutes', 'total = total - total % {k}', [
    'wrong-operation',
    'total = total % {k}',
  ]),
]

const clockResults = [
  operation(
    'clock',
    "return the time as 'hh:mm'",
    "return f'{total // 60 % 24:02d}:{total % 60:02d}'",
    ['edge-case', "return f'{total // 60 % 24}:{total % 60}'", 'Two digits are needed.'],
    ['edge-case', "return f'{total // 60:02d}:{total % 60:02d}'", 'After 23 comes 0.'],
  ),
  operation('minutes', 'return the minutes since midnight', 'return total', [
    'wrong-type',
    'return str(total)',
  ]),
  operation('hour', 'return the hour', 'return total // 60 % 24', [
    'edge-case',
    'return total // 60',
    'After 23 comes 0.',
  ]),
  operation('minute', 'return the minute', 'return total % 60', [
    'wrong-operation',
    'return total // 60',
  ]),
  operation('pair', 'return hour and minute as a list', 'return [total // 60 % 24, total % 60]', [
    'wrong-type',
    'return total // 60 % 24, total % 60',
    'It has to be a list.',
  ]),
  operation(
    'afternoon',
    'return whether it is 12:00 or later',
    'return total % 1440 >= 720',
    ['off-by-one', 'return total % 1440 > 720'],
    ['edge-case', 'return total >= 720', 'After midnight it starts again.'],
  ),
]

/** Katas over dates and times of day. */
export const dateFamilies: readonly Family[] = [
  {
    ...date,
    name: 'date-move',
    slots: [moves, dateResults],
    clauses: (move, last) => ['read the date', move.phrase, last.phrase],
    body: (move, last) => ['day = date.fromisoformat(text)', move.code, last.code],
    faults: (move, last) => [
      {
        kind: 'wrong-type',
        note: 'The text has to become a date first.',
        body: ['day = text', move.code, last.code],
      },
    ],
  },
  {
    ...date,
    name: 'date-move-move',
    slots: [moves, moves, dateResults],
    clauses: (first, second, last) => ['read the date', first.phrase, second.phrase, last.phrase],
    body: (first, second, last) => [
      'day = date.fromisoformat(text)',
      first.code,
      second.code,
      last.code,
    ],
  },
  {
    ...date,
    name: 'date-span',
    noun: 'days',
    parameters: ['start', 'end'],
    inputs: (random) => {
      const first = someDate(random)
      const end = new Date(Date.parse(first) + random.integer(60) * 86_400_000)
      return [first, end.toISOString().slice(0, 10)]
    },
    edges: [
      ['2024-02-28', '2024-03-01'],
      ['2023-12-31', '2023-12-31'],
    ],
    slots: [
      [
        operation('days', 'the number of days between both dates', '(b - a).days', [
          'wrong-type',
          'b - a',
          'That is a timedelta.',
        ]),
        operation('weeks', 'the number of whole weeks between both dates', '(b - a).days // 7', [
          'wrong-type',
          '(b - a).days / 7',
          'It has to be rounded down.',
        ]),
        operation(
          'inclusive',
          'the number of days from the first to the second, both counted',
          '(b - a).days + 1',
          ['off-by-one', '(b - a).days'],
        ),
        operation(
          'months',
          'the number of months between both dates, leaving out days',
          '(b.year - a.year) * 12 + b.month - a.month',
          ['edge-case', 'b.month - a.month', 'The year can change.'],
        ),
        operation('weekdays', 'the distance of their weekdays', 'abs(b.weekday() - a.weekday())', [
          'edge-case',
          'b.weekday() - a.weekday()',
        ]),
      ],
      numberConditions,
      [
        operation(
          'number',
          'return it if it is one of those that {x}, else -1',
          'return n if {x} else -1',
          ['wrong-operation', 'return -1 if {x} else n'],
        ),
        operation('flag', 'return whether it is one of those that {x}', 'return {x}', [
          'wrong-type',
          'return n if {x} else False',
        ]),
        operation(
          'text',
          "return 'yes' if it is one of those that {x}, else 'no'",
          "return 'yes' if {x} else 'no'",
          ['wrong-operation', "return 'no' if {x} else 'yes'"],
        ),
      ],
    ],
    clauses: (span, condition, last) => [
      `take ${span.phrase}`,
      last.phrase.replace('{x}', condition.phrase),
    ],
    body: (span, condition, last) => [
      'a = date.fromisoformat(start)',
      'b = date.fromisoformat(end)',
      `n = ${span.code}`,
      on(last, on(condition, 'n')),
    ],
  },
  {
    topic: 'dates',
    name: 'clock',
    noun: 'clock',
    parameters: ['text'],
    inputs: (random) => [someTime(random)],
    edges: [['00:00'], ['23:59'], ['12:00']],
    slots: [clockMoves, clockMoves, clockResults],
    clauses: (first, second, last) => [
      "read a time such as '09:45'",
      first.phrase,
      second.phrase,
      last.phrase,
    ],
    body: (first, second, last) => [
      "hours, minutes = text.split(':')",
      'total = int(hours) * 60 + int(minutes)',
      first.code,
      second.code,
      last.code,
    ],
    faults: (first, second, last) => [
      {
        kind: 'wrong-type',
        note: 'The parts are text, not numbers.',
        body: [
          "hours, minutes = text.split(':')",
          'total = hours * 60 + minutes',
          first.code,
          second.code,
          last.code,
        ],
      },
    ],
  },
]
