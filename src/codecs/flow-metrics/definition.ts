import { flowField, resolveFieldName, type FlowFieldName } from '../../model/fields.ts'
import type { ColumnKind } from '../../model/columns.ts'

type FilterType = 'equal' | 'not_equal' | 'presence' | 'absence' | 'match_regex' | 'not_match_regex'

export type MetricFilter = Readonly<{
  field: string
  type: FilterType
  /** Ignored by `presence` and `absence`. */
  value: string
}>

export type MetricDefinition = Readonly<{
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  help: string
  /** Field that is summed, set or observed; undefined: each flow counts 1. */
  value?: string
  divide: number
  filters: readonly MetricFilter[]
  labels: readonly string[]
  /** Label names by field, where they differ. */
  remap: Readonly<Record<string, string>>
  flatten: readonly string[]
  buckets: readonly number[]
  scaled: boolean
}>

export type FieldRef = Readonly<{
  field: FlowFieldName
  kind: ColumnKind
  key: string | undefined
  text: string
}>

export interface CompiledFilter extends Omit<MetricFilter, 'field'> {
  readonly ref: FieldRef
}

export type CompiledMetric = Readonly<{
  definition: MetricDefinition
  value: FlowFieldName | undefined
  filters: readonly CompiledFilter[]
  labels: readonly Readonly<{ name: string; ref: FieldRef }>[]
  flatten: readonly FlowFieldName[]
}>

export const sampledFields: ReadonlySet<string> = new Set<FlowFieldName>([
  'bytes',
  'packets',
  'drop_bytes',
  'drop_packets',
  'bytes_ab',
  'bytes_ba',
  'packets_ab',
  'packets_ba',
])

const numeric: ReadonlySet<ColumnKind> = new Set(['u8', 'u16', 'u32', 'u64', 'i32', 'f64', 'time'])
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Throws a sentence with the mistake and the action to take. */
export function compileMetric(definition: MetricDefinition): CompiledMetric {
  const { name, type, value, divide, buckets } = definition
  const fail = (problem: string) => {
    throw new Error(`the metric ${name}: ${problem}`)
  }
  const ref = (text: string) => fieldRef(text) ?? fail(`there is no field ${text}`)
  if (!metricName.test(name)) fail('its name must consist of letters, digits, `_` and `:`')
  if (type === 'counter' && name.endsWith('_created')) fail('`_created` is reserved; choose another name')
  if (!(divide > 0)) fail('`divide` must be above 0')
  const flatten = definition.flatten.map((text) => {
    const { field, kind, key } = ref(text)
    if (key !== undefined || !(kind.startsWith('list<') || kind === 'json'))
      fail(`${text} in \`flatten\` is not a list`)
    return field
  })
  const needsFlatten = ({ field, kind }: FieldRef, text: string) => {
    if (kind.startsWith('list<') && !flatten.includes(field)) fail(`${text} is a list; add it to \`flatten\``)
  }
  const amount = value === undefined ? undefined : ref(value)
  if (amount !== undefined && !numeric.has(amount.kind)) fail(`${value} has no numbers to add up`)
  if (type !== 'counter' && amount === undefined) fail(`a ${type} needs \`value\``)
  if (type === 'histogram' && buckets.length === 0) fail('a histogram needs `buckets`')
  if (buckets.some((bound, index) => index > 0 && !(bound > buckets[index - 1]!))) fail('`buckets` must ascend')
  const labels = definition.labels.map((text) => {
    const field = ref(text)
    needsFlatten(field, text)
    const label = definition.remap[text] ?? text
    if (!labelName.test(label) || label.startsWith('__') || label === 'le')
      fail(`${label} can't be a label; give ${text} another name in \`remap\``)
    return { name: label, ref: field }
  })
  const names = new Set(labels.map((label) => label.name))
  if (names.size < labels.length) fail('two labels have the same name; rename one in `remap`')
  const filters = definition.filters.map(({ field, type: match, value: wanted }) => {
    const result = ref(field)
    needsFlatten(result, field)
    if (wanted.includes('$(')) fail('`$(…)` in the value of a filter is not supported')
    return { ref: result, type: match, value: wanted }
  })
  return { definition, value: amount?.field, filters, labels, flatten }
}

function fieldRef(text: string): FieldRef | undefined {
  const at = text.indexOf('>')
  const field = resolveFieldName(at < 0 ? text : text.slice(0, at))
  const kind = field === undefined ? undefined : flowField(field)?.kind
  if (field === undefined || kind === undefined) return undefined
  const key = at < 0 ? undefined : text.slice(at + 1)
  if (key !== undefined && kind !== 'json') return undefined
  return { field, kind, key, text: key === undefined ? field : `${field}>${key}` }
}
