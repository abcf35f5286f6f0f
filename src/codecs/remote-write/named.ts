import { eachSeries, type Entry, type Labels, type WriteOptions } from './entries.ts'

type Named = Readonly<{
  entry: Entry
  /** The line of the response that names the entry. */
  line: string
}>

/** A series as `name{label="value", …}`, or with the name as a label. */
const pattern = /([a-zA-Z_:][\w:]*)?\{((?:\s*[\w.:]+\s*=\s*"(?:[^"\\]|\\.)*"\s*,?)*)\s*\}/g
const pairs = /([\w.:]+)\s*=\s*("(?:[^"\\]|\\.)*")/g

/** The entries that a response names, each with its first line, and the number of distinct series named. */
export function namedEntries(
  text: string,
  entries: readonly Entry[],
  common: WriteOptions['labels'],
): Readonly<{ named: readonly Named[]; series: number }> {
  const lines = text.split('\n').filter((line) => line.includes('{'))
  if (lines.length === 0) return { named: [], series: 0 }
  const cache = new Map<string, Entry>()
  for (const entry of entries) eachSeries(entry, common, (labels) => cache.set(keyOf(labels), entry))
  const results = new Map<Entry, string>()
  const series = new Set<string>()
  for (const line of lines)
    for (const [, name, list = ''] of line.matchAll(pattern)) {
      const labels = [...list.matchAll(pairs)].map(([, label = '', quoted = '']) => [label, unquoted(quoted)] as const)
      const key = keyOf(name === undefined ? labels : [['__name__', name], ...labels])
      const entry = cache.get(key)
      if (entry === undefined) continue
      series.add(key)
      if (!results.has(entry)) results.set(entry, line.trim())
    }
  return { named: [...results].map(([entry, line]) => ({ entry, line })), series: series.size }
}

export function seriesText({ family, set }: Entry): string {
  const values = family.valuesOf(set)
  const labels = family.labels.flatMap((label, k) =>
    values[k] === '' ? [] : [`${label}=${JSON.stringify(values[k])}`],
  )
  return `${family.name}{${labels.join(', ')}}`
}

function keyOf(labels: Labels) {
  return JSON.stringify(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Value of a quoted string of Go: it has the escapes of JSON, and `\\x`, `\\a`, `\\v`, `\\'`, `\\U`. */
function unquoted(quoted: string): string {
  const json = quoted.replaceAll(/\\(\\|x[0-9a-f]{2}|U[0-9a-f]{8}|[av'])/gi, (whole, code: string) => {
    if (code === '\\') return whole
    const named = { a: '\\u0007', v: '\\u000b', "'": "'" }[code]
    if (named !== undefined) return named
    const point = Number.parseInt(code.slice(1), 16)
    return point <= 0x10ffff ? JSON.stringify(String.fromCodePoint(point)).slice(1, -1) : ''
  })
  try {
    return JSON.parse(json) as string
  } catch {
    return quoted
  }
}
