/** Scripts of Prometheus' promqltest: load, clear and eval. */
import { tokensOf } from '../../../src/query/metrics/lexer.ts'
import { LabelSet, metricName } from '../../../src/query/metrics/labels.ts'

export type ScriptPoint = number | 'absent' | 'stale' | 'histogram'
export type ScriptSeries = Readonly<{
  labels: LabelSet
  points: readonly ScriptPoint[]
  /** The samples of the next line of the series have start timestamps. */
  isStart?: true
}>

export type Load = Readonly<{ is: 'load'; stepMs: number; histograms: boolean; series: readonly ScriptSeries[] }>
export type Eval = Readonly<{
  is: 'eval'
  line: number
  query: string
  /** An instant query has no step. */
  at: Readonly<{ start: number; end: number; step: number | undefined }>
  /** Lines `expect …` without the word. */
  expects: readonly string[]
  rows: readonly ScriptSeries[]
  scalar: number | undefined
}>
export type Command = Load | Eval | Readonly<{ is: 'clear' }>

const spanUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 6e4,
  h: 36e5,
  d: 864e5,
  w: 6048e5,
  y: 31_536e6,
}

function spanMs(text: string): number {
  if (/^-?[\d.]+$/.test(text)) return Number(text) * 1000
  let ms = 0
  for (const [, count, unit] of text.matchAll(/([\d.]+)(ms|[smhdwy])/g)) ms += Number(count) * spanUnits[unit!]!
  return text.startsWith('-') ? -ms : ms
}

export function commandsOf(text: string): Command[] {
  const lines = text.split('\n').map((line, at) => ({ text: line, at: at + 1 }))
  const shown = lines.filter((line) => !/^\s*#/.test(line.text))
  const commands: Command[] = []
  for (let at = 0; at < shown.length;) {
    const head = shown[at]!
    at += 1
    if (head.text.trim() === '') continue
    const body: string[] = []
    for (; at < shown.length && shown[at]!.text.trim() !== '' && /^\s/.test(shown[at]!.text); at++)
      body.push(shown[at]!.text.trim())
    commands.push(commandOf(head.text.trim(), head.at, body))
  }
  return commands
}

function commandOf(head: string, line: number, body: readonly string[]): Command {
  if (head === 'clear') return { is: 'clear' }
  const load = /^load(_with_nhcb)?\s+(\S+)$/.exec(head)
  if (load !== null)
    return {
      is: 'load',
      stepMs: spanMs(load[2]!),
      histograms: load[1] !== undefined,
      series: body.map((text) => seriesOf(text)),
    }
  const instant = /^eval(_\w+)?\s+instant\s+at\s+(\S+)\s+(.*)$/.exec(head)
  const range = /^eval(_\w+)?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+?)\s+(.*)$/.exec(head)
  const match = instant ?? range
  if (match === null) throw new Error(`line ${line}: ${head} is no command`)
  const [start, end] =
    range === null
      ? [spanMs(instant![2]!), spanMs(instant![2]!)]
      : ([range[2], range[3]].map((text) => spanMs(text!)) as [number, number])
  const expects = [
    ...(match[1] === undefined ? [] : [match[1].slice(1)]),
    ...body.filter((text) => text.startsWith('expect')).map((text) => text.replace(/^expect(ed)?[\s_]+/, '')),
  ]
  const rest = body.filter((text) => !text.startsWith('expect'))
  const isScalar = rest.length === 1 && /^[-+]?(?:[\d.][\d.e+-]*|nan|inf)$/i.test(rest[0]!)
  return {
    is: 'eval',
    line,
    query: match.at(-1)!,
    at: { start, end, step: range === null ? undefined : spanMs(range[4]!) },
    expects,
    rows: isScalar ? [] : rest.map((text) => seriesOf(text)),
    scalar: isScalar ? numberOf(rest[0]!) : undefined,
  }
}

function seriesOf(text: string): ScriptSeries {
  const { labels, rest } = labelsOf(text)
  if (rest.startsWith('@st')) return { labels, points: [], isStart: true }
  return { labels, points: pointsOf(rest) }
}

const signs = ['=', '{', '}', ',']

function labelsOf(text: string): { labels: LabelSet; rest: string } {
  const name = /^[\p{L}_:][\p{L}\w:.]*/u.exec(text)?.[0] ?? ''
  const pairs: [string, string][] = name === '' ? [] : [[metricName, name]]
  let rest = text.slice(name.length)
  if (!rest.startsWith('{')) return { labels: LabelSet.of(pairs), rest }
  const end = closing(rest)
  const tokens = tokensOf(rest.slice(0, end + 1), { signs, bytes: false, word: /[\p{L}_][\p{L}\w:.]*/uy })
  rest = rest.slice(end + 1)
  for (let at = 1; at < tokens.length; at++) {
    const [{ kind, text: label }, next, value] = [tokens[at]!, tokens[at + 1], tokens[at + 2]]
    if (kind !== 'word' && kind !== 'text') continue
    if (next?.text === '=' && value?.kind === 'text') {
      pairs.push([label, value.text])
      at += 2
    } else pairs.push([metricName, label])
  }
  return { labels: LabelSet.of(pairs), rest }
}

function closing(text: string): number {
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const each = text[at]!
    if (quote !== '') {
      if (each === '\\' && quote !== '`') at++
      else if (each === quote) quote = ''
    } else if (`"'\``.includes(each)) quote = each
    else if (each === '}') return at
  }
  throw new Error(`no end of the labels: ${text}`)
}

function numberOf(text: string): number {
  if (/^[+]?inf$/i.test(text)) return Infinity
  if (/^-inf$/i.test(text)) return -Infinity
  if (/^[+-]?nan$/i.test(text)) return NaN
  return Number(text)
}

const floatText = String.raw`(?:[\d.]+(?:e[+-]?\d+)?|inf|nan|0x[\da-f]+)`
const sequence = new RegExp(`^([+-]?${floatText})(?:([+-]${floatText}))?(?:x(\\d+))?$`, 'i')
const histogram = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x(\d+))?/y

function pointsOf(text: string): ScriptPoint[] {
  const points: ScriptPoint[] = []
  const add = (count: number, point: (at: number) => ScriptPoint): void => {
    for (let at = 0; at < count; at++) points.push(point(at))
  }
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at]!)) {
      at++
      continue
    }
    histogram.lastIndex = at
    const native = histogram.exec(text)
    if (native !== null) {
      add(native[1] === undefined ? 1 : Number(native[1]) + 1, () => 'histogram')
      at = histogram.lastIndex
      continue
    }
    const word = /\S+/y
    word.lastIndex = at
    const written = word.exec(text)![0]
    at = word.lastIndex
    const hole = /^(_|stale)(?:x(\d+))?$/.exec(written)
    if (hole !== null) {
      add(Number(hole[2] ?? 1), () => (hole[1] === '_' ? 'absent' : 'stale'))
      continue
    }
    const series = sequence.exec(written)
    if (series === null) throw new Error(`${written} is no point`)
    const [, first = '', step, times] = series
    if (times === undefined) add(1, () => numberOf(first))
    else if (step === undefined) add(Number(times) + 1, () => numberOf(first))
    else {
      let value = numberOf(first)
      add(Number(times) + 1, (index) => (index === 0 ? value : (value += numberOf(step))))
    }
  }
  return points
}
