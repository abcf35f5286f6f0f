/** The text formats of Prometheus (0.0.4) and OpenMetrics (1.0). Throws with the line at fault. */
import type { SampleKind } from '../../codecs/samples/index.ts'

export type ExposedSample = Readonly<{
  name: string
  labels: readonly (readonly [string, string])[]
  value: number
  /** Unix ms. */
  at: number | undefined
  kind: SampleKind | undefined
  unit: string | undefined
  help?: string | undefined
}>

export type Exposition = Readonly<{
  samples: readonly ExposedSample[]
  exemplars: number
  /** Lines that were left out. */
  notUtf8?: number
}>

type Family = { kind?: SampleKind | undefined; unit?: string; help?: string }

const kinds: Readonly<Record<string, SampleKind>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  gaugehistogram: 'histogram',
  summary: 'summary',
  info: 'gauge',
  stateset: 'gauge',
}
const suffixes = /_(?:total|bucket|sum|count|gsum|gcount|info)$/
const metadata = /^#[ \t]+(TYPE|UNIT|HELP)[ \t]+("(?:[^"\\]|\\.)*"|\S+)(?:[ \t]+(.*?))?[ \t]*$/
const quoted = String.raw`"(?:[^"\\]|\\.)*"`
const pair = new RegExp(
  String.raw`[ \t]*(?:([a-zA-Z_][\w.]*|${quoted})[ \t]*=[ \t]*)?(${quoted})[ \t]*(?:(,)[ \t]*|(?=\}))`,
  'sy',
)
const openBrace = /[ \t]*\{[ \t]*/y
const nameStart = /[a-zA-Z_:][\w:]*/y
const rest = /^[ \t]*(\S+)(?:[ \t]+([-+.\deE]+))?[ \t]*(#.*)?$/

export type ExpositionFormat = 'openmetrics' | 'text'

export function readExposition(text: string, format: ExpositionFormat): Exposition {
  const isOpenMetrics = format === 'openmetrics'
  const families = new Map<string, Family>()
  const samples: ExposedSample[] = []
  let [exemplars, number, hasEnd] = [0, 0, false]
  for (const line of text.split('\n')) {
    number++
    if (hasEnd && line !== '') throw new Error(`line ${number} is after # EOF`)
    if (line.startsWith('#')) {
      if (isOpenMetrics && line === '# EOF') hasEnd = true
      else readMetadata(line, families)
      continue
    }
    if (line.trim() === '') continue
    const sample = sampleIn(isOpenMetrics ? line : line.trim(), format)
    if (sample === undefined) throw new Error(`line ${number} is malformed`)
    const { name, labels, value, at, hasExemplar } = sample
    if (hasExemplar) exemplars++
    const { kind, unit, help } = families.get(name) ?? families.get(name.replace(suffixes, '')) ?? {}
    samples.push({ name, labels: withBound(labels, name, kind), value, at, kind, unit, help })
  }
  if (isOpenMetrics && !hasEnd) throw new Error('the response has no # EOF')
  return { samples, exemplars }
}

function readMetadata(line: string, families: Map<string, Family>) {
  const [, what, written = '', value = ''] = metadata.exec(line) ?? []
  if (what === undefined) return
  const name = written.startsWith('"') ? unescaped(written) : written
  const family = families.get(name) ?? {}
  const kind = kinds[value]
  if (what === 'UNIT') family.unit = value
  else if (what === 'HELP') family.help = unescaped(`"${value}"`)
  else if (kind !== undefined) family.kind = kind
  families.set(name, family)
}

function sampleIn(line: string, format: ExpositionFormat) {
  const isOpenMetrics = format === 'openmetrics'
  let name = matchAt(nameStart, line, 0)?.[0] ?? ''
  const brace = matchAt(openBrace, line, name.length)
  let at = name.length + (brace?.[0].length ?? 0)
  const labels: (readonly [string, string])[] = []
  if (brace !== null) {
    while (line[at] !== '}') {
      const [all, key, value = ''] = matchAt(pair, line, at) ?? []
      if (all === undefined) return undefined
      at += all.length
      // A name that is no identifier is within the braces: {"http.requests",code="200"}.
      if (key !== undefined) labels.push([key.startsWith('"') ? unescaped(key) : key, unescaped(value)])
      else if (name === '') name = unescaped(value)
      else return undefined
    }
    at++
  }
  const [, value, time, exemplar] = rest.exec(line.slice(at)) ?? []
  if (name === '' || value === undefined) return undefined
  if (exemplar !== undefined && !(isOpenMetrics && isExemplar(exemplar))) return undefined
  const [parsed, stamp] = [numberOf(value), time === undefined ? undefined : Number(time)]
  if (parsed === undefined || (stamp !== undefined && Number.isNaN(stamp))) return undefined
  if (new Set(labels.map(([key]) => key)).size < labels.length) return undefined
  return {
    name,
    labels,
    value: parsed,
    at: stamp === undefined ? undefined : isOpenMetrics ? Math.round(stamp * 1000) : Math.trunc(stamp),
    hasExemplar: exemplar !== undefined,
  }
}

/** `# {name="value",…} value [time]` */
function isExemplar(text: string): boolean {
  const brace = /^#[ \t]+\{[ \t]*/.exec(text)
  let at = brace?.[0].length ?? 0
  if (at === 0) return false
  while (text[at] !== '}') {
    const [all, key] = matchAt(pair, text, at) ?? []
    if (all === undefined || key === undefined) return false
    at += all.length
  }
  const [, value = '', time] = /^[ \t]+(\S+)(?:[ \t]+(\S+))?$/.exec(text.slice(at + 1)) ?? []
  return numberOf(value) !== undefined && (time === undefined || !Number.isNaN(Number(time)))
}

function matchAt(pattern: RegExp, text: string, at: number) {
  pattern.lastIndex = at
  return pattern.exec(text)
}

/** Prometheus writes bounds and quantiles as OpenMetrics does, whatever the target writes: `1.0`, `1e+06`. */
function withBound(labels: ExposedSample['labels'], name: string, kind: SampleKind | undefined) {
  const bound = kind === 'summary' ? 'quantile' : kind === 'histogram' && name.endsWith('_bucket') ? 'le' : undefined
  if (bound === undefined) return labels
  return labels.map(([label, value]): readonly [string, string] => [label, label === bound ? boundText(value) : value])
}

function boundText(written: string) {
  const number = numberOf(written)
  if (number === undefined || !Number.isFinite(number)) return written
  const [digits = '', exponent = ''] = number.toExponential().split('e')
  if (number !== 0 && (Number(exponent) < -4 || Number(exponent) >= 6))
    return `${digits}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`
  return Number.isInteger(number) ? `${number}.0` : String(number)
}

function numberOf(text: string): number | undefined {
  const special = /^([+-]?)(?:(inf(?:inity)?)|(nan))$/i.exec(text)
  if (special !== null) return special[3] === undefined ? (special[1] === '-' ? -Infinity : Infinity) : Number.NaN
  return /^[+-]?(?:\d|\.\d)/.test(text) && !Number.isNaN(Number(text)) ? Number(text) : undefined
}

function unescaped(text: string) {
  return text
    .slice(1, -1)
    .replaceAll(/\\(.)/gs, (all, match: string) => (match === 'n' ? '\n' : '"\\'.includes(match) ? match : all))
}
