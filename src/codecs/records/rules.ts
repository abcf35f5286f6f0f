export type ValueType = 'int' | 'uint' | 'float' | 'string' | 'bool'

/** How records are read from a text, and what becomes of their fields. */
export type RecordRules = Readonly<{
  format: 'json' | 'csv' | 'logfmt' | 'regex'
  lines: boolean
  /** JSON pointer. */
  records: string
  /** JSON pointers by name. */
  include: Readonly<Record<string, string>>
  columns: readonly string[]
  delimiter: string
  /** RE2. */
  pattern: string | null
  to: 'point' | 'log' | 'event'
  name: string | null
  name_from: string | null
  event_type: string | null
  labels: readonly string[]
  /** Bytes of the value of a label, and of a name from the record. */
  max_label_value: number
  fields: readonly string[]
  drop: readonly string[]
  line: string | null
  severity: string | null
  metadata: readonly string[]
  types: Readonly<Record<string, ValueType>>
  rename: Readonly<Record<string, string>>
  time: Readonly<{ from: string; format: string; zone: string; ambiguous: 'earlier' | 'later' }> | null
}>
