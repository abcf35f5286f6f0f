/** Records in the input of an event. */
import { RE2JS } from 're2js'
import { parseExact } from '../../model/exact-json.ts'
import { isRecord } from '../../model/json.ts'
import { assertShallow, TooDeep } from '../../model/json-depth.ts'
import { atSteps, pointerSteps } from '../../model/json-pointer.ts'
import type { RecordRules } from './rules.ts'
import { readCsv } from './csv.ts'
import { readLogfmt } from './logfmt.ts'

export type Scalar = string | number | bigint | boolean

export type ParsedRecord = Readonly<{
  /** By flat name: names of nested fields are joined by `_`. */
  values: ReadonlyMap<string, Scalar>
  /** The input of this record alone. */
  text: string
}>

const deepest = 64
/** A small document could expand to a large number of rows. */
const maxRecords = 100_000

/** Throws with the reason. */
export function recordReader(config: RecordRules): (text: string) => readonly ParsedRecord[] {
  const read = readerOf(config)
  if (!config.lines) return read
  return (text) => {
    const records: ParsedRecord[] = []
    let number = 0
    for (const line of text.split('\n')) {
      number++
      const bare = line.endsWith('\r') ? line.slice(0, -1) : line
      if (bare.trim() === '') continue
      try {
        records.push(...read(bare))
      } catch (error) {
        throw new Error(`line ${number}: ${(error as Error).message}`, { cause: error })
      }
    }
    return limited(records)
  }
}

function readerOf(config: RecordRules): (text: string) => readonly ParsedRecord[] {
  const { format, pattern, columns, delimiter } = config
  switch (format) {
    case 'json':
      return jsonReader(config)
    case 'csv':
      return (text) => limited(readCsv(text, columns, delimiter))
    case 'logfmt':
      return (text) => [{ values: readLogfmt(text), text }]
    case 'regex':
      return patternReader(pattern ?? '')
  }
}

function limited(records: readonly ParsedRecord[]) {
  if (records.length > maxRecords) throw new Error(`the input has more than ${maxRecords} records`)
  return records
}

function patternReader(pattern: string): (text: string) => readonly ParsedRecord[] {
  const expression = RE2JS.compile(pattern)
  const groups = Object.keys(expression.namedGroups())
  return (text) => {
    const matcher = expression.matcher(text)
    if (!matcher.find()) throw new Error('the text does not match the pattern')
    const values = new Map<string, Scalar>()
    for (const group of groups) {
      const value = matcher.group(group)
      if (value !== null) values.set(group, value)
    }
    return [{ values, text }]
  }
}

function jsonReader({ records, include }: RecordRules): (text: string) => readonly ParsedRecord[] {
  const included = Object.entries(include).map(([name, path]) => ({ name, path: pointerSteps(path) }))
  const path = pointerSteps(records)
  return (text) => {
    let document: unknown
    try {
      assertShallow(text)
      document = parseExact(text)
    } catch (error) {
      if (error instanceof TooDeep) throw error
      throw new Error(`the text is not valid JSON: ${(error as Error).message.slice(0, 200)}`, { cause: error })
    }
    const root = atSteps(document, path)
    if (root === undefined) throw new Error(`the document has nothing at \`${records}\``)
    const shared = included.flatMap(({ name, path: from }) => {
      const value = atSteps(document, from)
      return value === undefined || value === null ? [] : [{ name, value }]
    })
    const all = root === document && !Array.isArray(root) ? [root] : elements(root)
    return limited(all).map((element) => {
      const values = new Map<string, Scalar>()
      for (const { name, value } of shared) flatten(value, name, values, 0)
      flatten(element, isRecord(element) ? '' : 'value', values, 0)
      return { values, text: all.length === 1 && element === document ? text : exactText(element) }
    })

    function limited(values: readonly unknown[]) {
      if (values.length > maxRecords) throw new Error(`the input has more than ${maxRecords} records`)
      return values
    }
  }
}

function elements(root: unknown, depth = 0): readonly unknown[] {
  if (!Array.isArray(root)) return [root]
  if (depth > deepest) throw new Error(`arrays nest deeper than ${deepest} levels`)
  return root.flatMap((value: unknown) => elements(value, depth + 1))
}

function flatten(value: unknown, name: string, into: Map<string, Scalar>, depth: number) {
  if (value === null || value === undefined) return
  if (depth > deepest) throw new Error(`the JSON nests deeper than ${deepest} levels`)
  const inner = (key: string) => (name === '' ? key : `${name}_${key}`)
  if (Array.isArray(value))
    for (const [index, item] of value.entries()) flatten(item, inner(String(index)), into, depth + 1)
  else if (isRecord(value))
    for (const [key, member] of Object.entries(value)) flatten(member, inner(key), into, depth + 1)
  else into.set(name, value as Scalar)
}

const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown }

export function exactText(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? rawJSON(String(inner)) : inner)) ?? 'null'
  )
}
