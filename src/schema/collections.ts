import * as z from 'zod'
import type { Complaint } from './complaint.ts'
import {
  infoOf,
  makeField,
  type AnyField,
  type FieldFor,
  type Fields,
  type Meta,
  type ValuesOf,
  type WrittenOf,
} from './field.ts'
import { raise } from './parsed.ts'

/** Validates fields against each other; null: valid. */
export type Check<F extends Fields> = (values: ValuesOf<F>) => Complaint | null

export function group<const F extends Fields, const M extends Meta<WrittenOf<F>>>(
  fields: F,
  meta: M,
  check?: Check<F>,
): FieldFor<ValuesOf<F>, WrittenOf<F>, M> {
  const advise = (value: unknown) => {
    const written = asMember(fields, value)
    return written === undefined ? undefined : `write \`${written}\``
  }
  return makeField(groupSchema(fields, check), { kind: 'group', expects: 'a map of settings', fields, advise }, meta)
}

/** A text in place of a group is most likely its name, or its only required setting. */
function asMember(fields: Fields = {}, value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[\w.:/@-]+$/.test(value)) return undefined
  const required = Object.keys(fields).filter((key) => infoOf(fields[key]!).required)
  const key = Object.hasOwn(fields, 'name') ? 'name' : required.length === 1 ? required[0] : undefined
  return key === undefined ? undefined : `{${key}: ${value}}`
}

export function groupSchema<F extends Fields>(fields: F, check?: Check<F>): z.ZodType<ValuesOf<F>, WrittenOf<F>> {
  const schema = z.strictObject(fields) as unknown as z.ZodType<ValuesOf<F>, WrittenOf<F>>
  if (check === undefined) return schema
  return schema.superRefine((values, context) => {
    const complaint = check(values)
    if (complaint !== null) raise(context, complaint)
  })
}

export function list<const F extends AnyField, const M extends Meta<readonly z.input<F>[]>>(
  of: F,
  meta: M,
): FieldFor<readonly z.output<F>[], readonly z.input<F>[], M> {
  const schema = z.array(of) as unknown as z.ZodType<readonly z.output<F>[], readonly z.input<F>[]>
  const advise = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number'
      ? `write it as a list: [${asMember(infoOf(of).fields, value) ?? value}]`
      : undefined
  return makeField<readonly z.output<F>[], readonly z.input<F>[], M>(
    schema,
    { kind: 'list', expects: 'a list', of: infoOf(of), advise },
    meta,
  )
}

export function mapping<const F extends AnyField, const M extends Meta<Readonly<Record<string, z.input<F>>>>>(
  of: F,
  meta: M,
): FieldFor<Readonly<Record<string, z.output<F>>>, Readonly<Record<string, z.input<F>>>, M> {
  type Out = Readonly<Record<string, z.output<F>>>
  type In = Readonly<Record<string, z.input<F>>>
  const schema = z.record(z.string(), of) as unknown as z.ZodType<Out, In>
  return makeField<Out, In, M>(schema, { kind: 'map', expects: 'a map', of: infoOf(of) }, meta)
}

type Variants = Readonly<Record<string, Fields>>
type VariantValues<V extends Variants> = {
  [K in keyof V & string]: { readonly type: K } & ValuesOf<V[K]>
}[keyof V & string]
type VariantWritten<V extends Variants> = {
  [K in keyof V & string]: { readonly type: K } & WrittenOf<V[K]>
}[keyof V & string]

export function variants<const V extends Variants, const M extends Meta<VariantWritten<V>>>(
  shapes: V,
  meta: M,
): FieldFor<VariantValues<V>, VariantWritten<V>, M> {
  const options = Object.entries(shapes).map(([type, fields]) => z.strictObject({ type: z.literal(type), ...fields }))
  const [first, ...rest] = options
  if (first === undefined) throw new TypeError('A field with variants needs at least one.')
  const schema = z.discriminatedUnion('type', [first, ...rest]) as unknown as z.ZodType<
    VariantValues<V>,
    VariantWritten<V>
  >
  const names = Object.keys(shapes)
  const expects = `a map with \`type: ${names.join(' | ')}\``
  const advise = (value: unknown) => {
    if (typeof value !== 'string' || !Object.hasOwn(shapes, value)) return undefined
    const required = Object.entries(shapes[value] ?? {}).filter(([, field]) => infoOf(field).required)
    const members = required.map(([key, field]) => `${key}: ${String(infoOf(field).example)}`)
    return `write \`{ ${[`type: ${value}`, ...members].join(', ')} }\``
  }
  return makeField(schema, { kind: 'variants', expects, advise, variants: new Map(Object.entries(shapes)) }, meta)
}
