/** Values of flows in CEL. Keys are those of flowlogs-pipeline. */
import { flowFields, resolveFieldName, type Field } from '../../model/fields.ts'
import { parseIp } from '../../model/ip.ts'

/** A value that a flow may lack. */
export type Reference = Readonly<{
  field: Field | undefined
  exists: string
  value: string
  /** The value, or null if it is absent. */
  orNull: string
}>

/** A field, or a member of `extra`. */
export function referenceTo(key: string): Reference {
  const field = fieldOf(key)
  const value = field === undefined ? `flow.extra[${JSON.stringify(key)}]` : `flow.${field.name}`
  const exists =
    field === undefined ? `has(flow.extra) && ${JSON.stringify(key)} in flow.extra` : `has(flow.${field.name})`
  return { field, exists, value, orNull: `(${exists} ? ${value} : null)` }
}

/** By key of a record: other names of a field are fields that NetObserv does not have. */
const byKey: ReadonlyMap<string, Field> = new Map(
  (flowFields as readonly Field[])
    .filter(({ name }) => name !== 'extra')
    .map((field) => [field.netobserv ?? field.name, field]),
)

export function fieldOf(key: string): Field | undefined {
  return byKey.get(key)
}

/** Equal for keys of one value. */
export function nameOf(key: string): string {
  return fieldOf(key)?.name ?? `extra.${key}`
}

/** As a target of a transform `map`, where some names are other fields or attributes of events. */
export function targetOf(key: string): string {
  if (fieldOf(key) !== undefined) return key
  const isOther = /^(?:id|source|type|subject|family|key|ref|dataschema|(?:data|extensions|extra)\..*)$/.test(key)
  return isOther || resolveFieldName(key) !== undefined ? `extra.${key}` : key
}

export function constant(value: unknown): string {
  return JSON.stringify(value ?? null)
}

const ranges: Readonly<Record<string, readonly [min: number, max: number]>> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  u64: [0, Number.MAX_SAFE_INTEGER],
  i32: [-0x8000_0000, 0x7fff_ffff],
}

export function isNumeric({ kind }: Field): boolean {
  return kind in ranges || kind === 'f64'
}

export function misfit(key: string, value: unknown): string | undefined {
  const field = fieldOf(key)
  if (field === undefined || value === null || value === undefined) return undefined
  const range = ranges[field.kind]
  const fits =
    range !== undefined
      ? Number.isSafeInteger(value) && (value as number) >= range[0] && (value as number) <= range[1]
      : field.kind === 'ip'
        ? typeof value === 'string' && parseIp(value) !== undefined
        : field.kind === 'dict'
          ? typeof value === 'string'
          : field.kind === 'f64' && typeof value === 'number'
  return fits ? undefined : `${JSON.stringify(value)} is no value of ${key}`
}
