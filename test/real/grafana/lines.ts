/** Log lines for Weir and Loki, of six streams in five formats. */
import { toEventBatch, type WeirEvent } from '../../../src/model/events.ts'
import type { Batch } from '../../../src/model/batches.ts'
import { SeededRandom } from '../../kit/random.ts'

export type TestLine = Readonly<{
  /** Unix ms. */
  time: number
  line: string
  labels: Readonly<Record<string, string>>
  metadata: Readonly<Record<string, string>>
}>

const levels = ['debug', 'info', 'warn', 'error']
const methods = ['GET', 'POST', 'DELETE']
const paths = ['/', '/api/v1/items', '/login', '/api/v1/items/42?q=a%20b']

/** A line each second from `start` (Unix ms), by seed. */
export function testLines(start: number, count: number, seed = 4): TestLine[] {
  const random = new SeededRandom(seed)
  return Array.from({ length: count }, (_, at) => {
    const { app, write } = random.pick(apps)
    return {
      time: start + at * 1000 + random.integer(0, 999),
      line: write(random, at),
      labels: { app, env: random.pick(['prod', 'dev']) },
      metadata: random.chance(0.3) ? { pod: `${app}-${random.integer(0, 2)}`, trace_id: String(at % 7) } : {},
    }
  })
}

const apps: readonly { app: string; write: (random: SeededRandom, at: number) => string }[] = [
  {
    app: 'web',
    write: (random, at) =>
      JSON.stringify({
        level: random.pick(levels),
        ms: random.integer(1, 900),
        'user.name': `u${random.integer(1, 4)}`,
        http: { method: random.pick(methods), status: random.pick([200, 204, 404, 500]), path: random.pick(paths) },
        tags: ['a', `t${at % 3}`],
        ok: random.chance(0.5),
        app: 'inner',
        ...(random.chance(0.2) ? { 'weird key': 'x y', took: `${random.integer(1, 90)}ms` } : {}),
      }),
  },
  {
    app: 'db',
    write: (random, at) =>
      `level=${random.pick(levels)} took=${random.pick(['1.5s', '20ms', '300us', '2m'])} ` +
      `size=${random.pick(['2KB', '512B', '3MB', '1.5MiB'])} ` +
      `rows=${random.integer(0, 50)} msg="query ${at % 5} of \\"t${at % 3}\\"" empty= flag`,
  },
  {
    app: 'proxy',
    write: (random) =>
      `10.${random.integer(0, 3)}.0.${random.integer(1, 9)} - - [10/Oct/2023:13:55:36 +0000] ` +
      `"${random.pick(methods)} ${random.pick(paths)} HTTP/1.1" ` +
      `${random.pick([200, 301, 404, 502])} ${random.integer(100, 9000)} "-" "curl/8.${random.integer(0, 5)}"`,
  },
  {
    app: 'pack',
    write: (random, at) =>
      random.chance(0.8)
        ? JSON.stringify({
            _entry: `packed line ${at % 11}`,
            host: `h${random.integer(1, 3)}`,
            count: at,
            env: 'packed',
          })
        : JSON.stringify({ host: 'no entry' }),
  },
  {
    app: 'tty',
    write: (random, at) =>
      `\u001B[31m${random.pick(levels).toUpperCase()}\u001B[0m colored ${at % 4} from fe80::${random.integer(1, 9)}`,
  },
  {
    app: 'odd',
    write: (random) =>
      random.pick([
        '{"broken": ',
        '',
        'plain text',
        '[1,2]',
        'a=b c="unclosed',
        '{"level":"info","ms":"abc"}',
        'x=1 =y z=2',
        '"text"',
      ]),
  },
]

/** Events of family `log`. */
export function logBatch(lines: readonly TestLine[]): Batch {
  return toEventBatch(
    lines.map(({ time, ...body }, at): WeirEvent => ({
      id: `line-${at}`,
      source: '/test',
      type: 'weir.log',
      family: 'log',
      time,
      datacontenttype: 'application/json',
      encoding: 'json',
      data: new TextEncoder().encode(JSON.stringify(body)),
    })),
  )
}

/** The body of Loki's push API. */
export function pushBody(lines: readonly TestLine[]): string {
  const streams = new Map<string, { stream: object; values: unknown[] }>()
  for (const { time, line, labels, metadata } of lines) {
    const key = JSON.stringify(labels)
    const stream = streams.get(key) ?? { stream: labels, values: [] }
    streams.set(key, stream)
    stream.values.push([`${time}000000`, line, metadata])
  }
  return JSON.stringify({ streams: [...streams.values()] })
}

const selectors = [
  '{app="web"}',
  '{app="db"}',
  '{app="proxy"}',
  '{app=~"web|db"}',
  '{env="prod"}',
  '{app!="odd", env=~".+"}',
]
const parsers: Readonly<Record<string, readonly string[]>> = {
  '{app="web"}': [
    '| json',
    '| json status="http.status", method="http.method"',
    '| json level, ms',
    '| json tag="tags[1]"',
  ],
  '{app="db"}': ['| logfmt', '| logfmt level, n="rows"', '| logfmt --strict'],
  '{app="proxy"}': [
    '| pattern `<ip> - - <_> "<method> <path> <_>" <status> <size> <_>`',
    '| regexp `^(?P<ip>\\S+) .* "(?P<method>\\w+) (?P<path>\\S+)[^"]*" (?P<status>\\d+) (?P<size>\\d+)`',
  ],
}
const filters = [
  '',
  '',
  '| level="error"',
  '| level=~"warn|error"',
  '| ms > 300',
  '| status >= 400',
  '| status != 200 and method="GET"',
  '| method="GET" or status < 300',
  '| size > 2000',
  '| rows > 10',
  '| took > 100ms',
  '|= "1"',
  '!= "error"',
  '|~ "[4-7]{2}"',
  '!~ "^a"',
]
const shapes = [
  '',
  '',
  '| drop level',
  '| keep app, level, status',
  '| label_format lvl=level',
  '| line_format `{{.app}}:{{.level}}`',
  '| label_format kind=`{{ .level | upper }}-{{ .status | default "none" }}`',
]
const values: Readonly<Record<string, readonly string[]>> = {
  '{app="web"}': ['ms'],
  '{app="db"}': ['rows', 'duration(took)', 'bytes(size)'],
  '{app="proxy"}': ['size', 'status'],
}
const ranges = ['1m', '90s', '5m']
const groupings = ['app', 'app, env', 'level', 'method', 'env, status']

/** Queries of lines and of numbers. */
export function generatedLogql(seed: number, count: number): string[] {
  const random = new SeededRandom(seed)
  const pipeline = (): string => {
    const selector = random.pick(selectors)
    const parser = random.pick(parsers[selector] ?? ['', '| json', '| logfmt'])
    return [selector, parser, random.pick(filters), random.pick(shapes)].filter((part) => part !== '').join(' ')
  }
  const numbers = (): string => {
    const within = random.pick(ranges)
    const offset = random.pick(['', '', ' offset 1m'])
    if (random.chance(0.5)) {
      const name = random.pick(['rate', 'count_over_time', 'bytes_rate', 'bytes_over_time'])
      return `${name}(${pipeline()} | __error__="" [${within}]${offset})`
    }
    const selector = random.pick(Object.keys(values))
    const name = random.pick(['sum', 'avg', 'min', 'max', 'first', 'last', 'stddev', 'stdvar'])
    const by = name === 'sum' || random.chance(0.4) ? '' : ` by (${random.pick(groupings)})`
    // Loki finds no value with a renamed key of logfmt.
    const parser = random.pick(parsers[selector]!.filter((each) => !each.includes('n="rows"')))
    const value = random.pick(values[selector]!)
    return `${name}_over_time(${selector} ${parser} | unwrap ${value} | __error__="" [${within}]${offset})${by}`
  }
  return Array.from({ length: count }, () => {
    switch (random.integer(0, 5)) {
      case 0:
      case 1:
        return pipeline()
      case 2:
        return numbers()
      case 3:
        return (
          `${random.pick(['sum', 'avg', 'min', 'max', 'count'])} ${random.pick(['by', 'without'])} ` +
          `(${random.pick(groupings)}) (${numbers()})`
        )
      case 4:
        return (
          `sum by (app) (${numbers()}) ` +
          `${random.pick(['+', '-', '*', '/', '>', 'or', 'and', 'unless'])} sum by (app) (${numbers()})`
        )
      default:
        return `(${numbers()}) ${random.pick(['*', '/', '+', '>', '<= bool', '%'])} ${random.pick(['2', '0.5', '100'])}`
    }
  })
}
