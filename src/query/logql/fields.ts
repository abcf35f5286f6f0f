/** Fields that a person can filter by, found in lines. */
import type { LabelSet } from '../metrics/labels.ts'
import { bytesOf, durationMs } from '../metrics/lexer.ts'
import { readMembers } from './json-members.ts'
import { jsonLabelOf, readJson, readLogfmt } from './parsers.ts'
import type { Processed } from './pipeline.ts'
import { errorLabel, State } from './state.ts'

type FieldType = 'string' | 'int' | 'float' | 'boolean' | 'duration' | 'bytes'

export type DetectedField = Readonly<{
  type: FieldType
  values: ReadonlySet<string>
  parsers: ReadonlySet<string>
  /** Keys in JSON, from outside. */
  jsonPath: readonly string[] | undefined
}>
type Found = { type: FieldType; values: Set<string>; parsers: Set<string>; jsonPath: readonly string[] | undefined }

/** By name. `parsers` is empty for metadata and for labels that the query parses. */
export function detectedFields(lines: readonly Processed[]): Map<string, DetectedField> {
  const fields = new Map<string, Found>()
  const add = (name: string, value: string, parser?: string, path?: readonly string[]): void => {
    const field = fields.get(name) ?? { type: typeOf(value), values: new Set(), parsers: new Set(), jsonPath: path }
    fields.set(name, field)
    field.values.add(value)
    field.jsonPath ??= path
    if (parser !== undefined) field.parsers.add(parser)
  }
  for (const { entry, line, labels, parsed } of lines) {
    for (const [name, value] of Object.entries(entry.metadata)) add(name, value)
    for (const name of parsed) if (!name.startsWith('__')) add(name, labels.get(name) ?? '')
    const { parser, found, pathOf } = parsedLine(line, entry.stream)
    for (const [name, value] of found) add(name, value, parser, pathOf(name))
  }
  return fields
}

type ParsedLine = Readonly<{
  parser: string
  found: readonly (readonly [name: string, value: string])[]
  pathOf: (name: string) => readonly string[] | undefined
}>

function parsedLine(line: string, stream: LabelSet): ParsedLine {
  const asJson = stateOf(line, stream)
  readJson(asJson, [])
  if (!asJson.labels.has(errorLabel)) {
    const paths = pathsIn(line)
    return { parser: 'json', found: parsedIn(asJson), pathOf: (name) => paths.get(name.replace(/_extracted$/, '')) }
  }
  const asLogfmt = stateOf(line, stream)
  if (line.includes('=')) readLogfmt(asLogfmt, { is: 'logfmt', strict: false, keepEmpty: false, keys: [] })
  return { parser: 'logfmt', found: parsedIn(asLogfmt), pathOf: () => undefined }
}

/** By label; of colliding ones the first counts. */
function pathsIn(line: string): Map<string, readonly string[]> {
  const paths = new Map<string, readonly string[]>()
  readMembers(line, (path) => {
    const label = jsonLabelOf(path)
    if (label !== undefined && !paths.has(label)) paths.set(label, path)
  })
  return paths
}

function stateOf(line: string, stream: LabelSet): State {
  return new State({ time: 0n, line, stream, metadata: {} }, 0n)
}

function parsedIn({ labels, parsed }: State): (readonly [string, string])[] {
  return [...parsed].map((name) => [name, labels.get(name) ?? ''])
}

function typeOf(value: string): FieldType {
  if (/^[+-]?\d+$/.test(value)) return 'int'
  if (/^[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) return 'float'
  if (/^(?:true|false)$/i.test(value)) return 'boolean'
  if (/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smh]))+$/.test(value) && durationMs(value) > 0) return 'duration'
  return /^\d/.test(value) && !Number.isNaN(bytesOf(value)) ? 'bytes' : 'string'
}
