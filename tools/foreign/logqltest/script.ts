/** Scripts of Loki's logqltest: load, clear and eval of metric queries. */
import { LabelSet } from '../../../src/query/metrics/labels.ts'
import type { LogEntry } from '../../../src/query/logql/index.ts'

export type ScriptSeries = Readonly<{ labels: LabelSet; points: readonly (number | undefined)[] }>

/** In ms. */
type Times = Readonly<{ start: number; end: number; step: number }>

export type Eval = Readonly<{
  is: 'eval'
  line: number
  query: string
  at: Times & Readonly<{ instant: boolean }>
  fails: boolean
  ordered: boolean
  scalar: number | undefined
  series: readonly ScriptSeries[]
}>

export type Command = Readonly<{ is: 'load'; entries: readonly LogEntry[] }> | Readonly<{ is: 'clear' }> | Eval

/** The scripts name times after it. */
const epochMs = Date.UTC(2026, 0, 1)
const nsPerMs = 1_000_000

const unitsMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A duration of Go, in ms. */
function spanMs(text: string): number {
  const parts = [...text.matchAll(/([\d.]+)(ns|us|ms|[smh])/g)]
  if (text !== '0' && parts.map(([whole]) => whole).join('') !== text.replace(/^[+-]/, ''))
    throw new Error(`${text} is no duration`)
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitsMs[unit!]!, 0)
  return text.startsWith('-') ? -ms : ms
}

const atMs = (text: string): number => epochMs + spanMs(text)

export function commandsOf(text: string): Command[] {
  const lines = text.split('\n').map((line, at) => ({ text: withoutComment(line), number: at + 1, written: line }))
  const commands: Command[] = []
  for (let at = 0; at < lines.length;) {
    const head = lines[at]!
    at += 1
    if (head.text.trim() === '') continue
    const body: string[] = []
    for (; at < lines.length && /^\s+\S/.test(lines[at]!.written); at++)
      if (lines[at]!.text.trim() !== '') body.push(lines[at]!.text.trim())
    commands.push(commandOf(head.text.trim(), head.number, body))
  }
  return commands
}

/** Quotes have no escapes. */
function withoutComment(line: string): string {
  return /^(?:[^#"`]|"[^"]*"|`[^`]*`|["`](?=[^"`]*$))*/.exec(line)![0].trimEnd()
}

function commandOf(head: string, line: number, body: readonly string[]): Command {
  if (head === 'clear') return { is: 'clear' }
  if (head === 'load') return { is: 'load', entries: body.flatMap((text) => entriesOf(text)) }
  const instant = /^eval\s+instant\s+at\s+(\S+)\s+(.+)$/.exec(head)
  const range = /^eval\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/.exec(head)
  if (instant === null && range === null) throw new Error(`line ${line}: ${head} is no command`)
  const rest = body.filter((text) => !/^(?:expect|skip) /.test(text))
  const [first] = rest
  const isScalar = first !== undefined && !first.startsWith('{')
  return {
    is: 'eval',
    line,
    query: (instant ?? range)!.at(-1)!,
    at:
      range === null
        ? { instant: true, start: atMs(instant![1]!), end: atMs(instant![1]!), step: 1 }
        : { instant: false, start: atMs(range[1]!), end: atMs(range[2]!), step: spanMs(range[3]!) },
    fails: body.some((text) => text.startsWith('expect fail')),
    ordered: body.includes('expect ordered'),
    scalar: isScalar ? numberOf(first) : undefined,
    series: isScalar ? [] : rest.map((text) => seriesOf(text)),
  }
}

const optional = String.raw`(?:\s*\[repeat every\s+(\S+)\s+for\s+(\d+)\])?(?:\s*\[metadata\s+(.*?)\])?`
const loadLine = new RegExp(`^(\\{.*?\\})\\s*(?:"([^"]*)"|\`([^\`]*)\`)\\s*@\\s*(\\S+)${optional}$`)

function entriesOf(text: string): LogEntry[] {
  const match = loadLine.exec(text)
  if (match === null) throw new Error(`${text} is no line to load`)
  const [, labels = '', quoted, raw, start = '', step = '0', count = '1', metadata = ''] = match
  const stream = LabelSet.of(labelsOf(labels).entries)
  const pairs = [...metadata.matchAll(/(?:"([^"]*)"|([^\s"=]+))="([^"]*)"/g)]
  const own = Object.fromEntries(pairs.map(([, named, name, value]) => [named ?? name!, value!]))
  return Array.from({ length: Number(count) }, (_, at) => ({
    time: BigInt(Math.round((atMs(start) - epochMs + at * spanMs(step)) * nsPerMs)) + BigInt(epochMs * nsPerMs),
    line: (quoted ?? raw!).replaceAll('{{.i}}', String(at)),
    stream,
    metadata: own,
  }))
}

function labelsOf(text: string): LabelSet {
  const pairs = [...text.matchAll(/"?([\w.]+)"?\s*=\s*("(?:[^"\\]|\\.)*")/g)]
  return LabelSet.withEmpty(pairs.map(([, name, value]): [string, string] => [name!, JSON.parse(value!) as string]))
}

function seriesOf(text: string): ScriptSeries {
  const end = text.indexOf('}') + 1
  const points = text
    .slice(end)
    .split(/\s+/)
    .filter((word) => word !== '')
  return { labels: labelsOf(text.slice(0, end)), points: points.flatMap((point) => pointsOf(point)) }
}

function pointsOf(text: string): (number | undefined)[] {
  if (text === '_') return [undefined]
  const [, first, step = '0', times] = /^([+-]?[^+\-x]+)([+-][^x]+)?x(\d+)$/.exec(text) ?? []
  if (first === undefined) return [numberOf(text)]
  return Array.from({ length: Number(times) + 1 }, (_, at) => numberOf(first) + at * numberOf(step))
}

function numberOf(text: string): number {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  const value = Number(text)
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`${text} is no number`)
  return value
}
