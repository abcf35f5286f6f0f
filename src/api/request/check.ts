/** A general validator would cost a third of the start time. */
import { nearest } from '../../schema/suggest.ts'

export type Schema = Readonly<{
  $id?: string
  $ref?: string
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | readonly string[]
  description?: string
  title?: string
  default?: unknown
  examples?: readonly unknown[]
  enum?: readonly unknown[]
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  minItems?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  pattern?: string
}>

const keywords = new Set([
  '$id',
  'type',
  'description',
  'title',
  'default',
  'examples',
  'enum',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'minItems',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'pattern',
])

/** Throws if {@link problemIn} does not check a keyword. */
export function assertCheckable(schema: Schema): void {
  for (const key of Object.keys(schema))
    if (!keywords.has(key)) throw new Error(`schema keyword ${key} is not supported for requests`)
  for (const inner of Object.values(schema.properties ?? {})) assertCheckable(inner)
  if (schema.items !== undefined) assertCheckable(schema.items)
  if (typeof schema.additionalProperties === 'object') assertCheckable(schema.additionalProperties)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function isType(value: unknown, type: string) {
  const kind = kindOf(value)
  return kind === type || (type === 'integer' && Number.isSafeInteger(value))
}

export function problemIn(value: unknown, schema: Schema, at = ''): string | undefined {
  const where = at === '' ? 'The value' : `"${at}"`
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length > 0 && !types.some((type) => isType(value, type)))
    return `${where} must be ${types.join(' or ')}, not ${kindOf(value)}.`
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return `${where} must be one of ${schema.enum.join(', ')}, not ${JSON.stringify(value)}.`
  if (typeof value === 'string') return problemInText(value, schema, where)
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) return `${where} must be at least ${schema.minimum}.`
    if (schema.maximum !== undefined && value > schema.maximum) return `${where} must be at most ${schema.maximum}.`
    return undefined
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0)) return `${where} must have at least ${schema.minItems} items.`
    return schema.items === undefined
      ? undefined
      : first(value, (item, index) => problemIn(item, schema.items!, `${at}[${index}]`))
  }
  return kindOf(value) === 'object' ? problemInObject(value as Record<string, unknown>, schema, at) : undefined
}

function problemInText(value: string, schema: Schema, where: string): string | undefined {
  if (value.length < (schema.minLength ?? 0)) return `${where} must not be empty.`
  if (schema.maxLength !== undefined && value.length > schema.maxLength)
    return `${where} must have at most ${schema.maxLength} characters.`
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
    return `${where} must match ${schema.pattern}.`
  return undefined
}

function problemInObject(value: Record<string, unknown>, schema: Schema, at: string): string | undefined {
  const inside = (name: string) => (at === '' ? name : `${at}.${name}`)
  const properties = schema.properties ?? {}
  const missing = schema.required?.find((name) => value[name] === undefined)
  if (missing !== undefined) return `"${inside(missing)}" is missing.`
  return first(Object.keys(value), (name) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (inner !== undefined) return problemIn(value[name], inner, inside(name))
    if (typeof schema.additionalProperties === 'object')
      return problemIn(value[name], schema.additionalProperties, inside(name))
    if (schema.additionalProperties !== false) return undefined
    const meant = nearest(name, Object.keys(properties))
    return `"${inside(name)}" is unknown here${meant === undefined ? '.' : `; did you mean "${meant}"?`}`
  })
}

function first<T>(items: readonly T[], judge: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = judge(item, index)
    if (problem !== undefined) return problem
  }
  return undefined
}
