import * as z from 'zod'
import { groupSchema, type Check } from './collections.ts'
import { Complaint } from './complaint.ts'
import {
  makeField,
  type FieldFor,
  type FieldInfo,
  type Fields,
  type Meta,
  type ValuesOf,
  type WrittenOf,
} from './field.ts'
import { raise } from './parsed.ts'
import { didYouMean } from './suggest.ts'
import { isRecord } from '../model/json.ts'

export type Role = 'source' | 'sink' | 'transform' | 'journal' | 'setting'

export type ComponentSchema<F extends Fields = Fields, T extends string = string> = Readonly<{
  type: T
  role: Role
  summary: string
  fields: F
  check?: Check<F>
  /** Defaults of this type for fields that every entry has. */
  common?: CommonDefaults
  zod: z.ZodType<ValuesOf<F>, WrittenOf<F>>
  info: FieldInfo
}>

/** By field, and by member of a group. */
type CommonDefaults = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export interface AnyComponentSchema extends Omit<ComponentSchema, 'check' | 'zod'> {
  readonly check?: unknown
  readonly zod: z.ZodType
}

/** Validated settings: with defaults, durations in ms, sizes in bytes. */
export type ConfigOf<S extends { readonly zod: z.ZodType }> = z.output<S['zod']>

export type WrittenConfigOf<S extends { readonly zod: z.ZodType }> = z.input<S['zod']>

export function defineSchema<const T extends string, const F extends Fields>(
  given: Readonly<{ type: T; role: Role; summary: string; fields: F; check?: Check<F>; common?: CommonDefaults }>,
): ComponentSchema<F, T> {
  const { fields, summary } = given
  // Built on first use: a start validates with few of the schemas.
  let built: z.ZodType<ValuesOf<F>, WrittenOf<F>> | undefined
  return {
    ...given,
    info: { kind: 'group', expects: 'a map of settings', description: summary, required: false, default: {}, fields },
    get zod() {
      return (built ??= groupSchema(fields, given.check))
    },
  }
}

type Types = Readonly<Record<string, AnyComponentSchema>>

export type ComponentEntry<S extends Types, C extends Fields> = {
  [K in keyof S & string]: Readonly<{ id: string; type: K; common: ValuesOf<C>; settings: ConfigOf<S[K]> }>
}[keyof S & string]

type WrittenEntries = Readonly<Record<string, unknown>>

/** An entry's `type` defaults to its id. Every entry also has the `common` fields. */
export function componentMap<
  const S extends Types,
  const M extends Meta<WrittenEntries>,
  const C extends Fields = Record<never, never>,
>(types: S, meta: M, common: C = {} as C): FieldFor<Readonly<Record<string, ComponentEntry<S, C>>>, WrittenEntries, M> {
  type Out = Readonly<Record<string, ComponentEntry<S, C>>>
  refuseHidden(types, common)
  const read = entryReader(types, common)
  const schema: z.ZodType<Out, WrittenEntries> = z.record(z.string(), z.unknown()).transform((written, context) => {
    const entries = Object.entries(written).map(([id, entry]) => [id, read(id, entry, context)] as const)
    return Object.fromEntries(entries) as unknown as Out
  })
  const merged = new Map<AnyComponentSchema, Fields>()
  const components = {
    // Packages add types.
    get names() {
      return Object.keys(types)
    },
    fieldsOf: (type: string): Fields | undefined => {
      const component = own(types, type)
      if (component === undefined) return undefined
      const fields = merged.get(component) ?? { ...common, ...component.fields }
      merged.set(component, fields)
      return fields
    },
    summaryOf: (type: string) => own(types, type)?.summary ?? '',
    jsonSchemaOf: (type: string): z.ZodType | undefined => {
      const component = own(types, type)
      return component === undefined ? undefined : groupSchema({ ...common, ...component.fields })
    },
  }
  return makeField<Out, WrittenEntries, M>(
    schema,
    { kind: 'components', expects: 'a map of component id to settings', components },
    meta,
  )
}

function refuseHidden(types: Types, common: Fields) {
  const taken = new Set(['type', ...Object.keys(common)])
  if (Object.hasOwn(common, 'type')) throw new TypeError('A common field must not be named `type`.')
  for (const [name, { fields }] of Object.entries(types)) {
    const hidden = Object.keys(fields).find((key) => taken.has(key))
    if (hidden !== undefined)
      throw new TypeError(`The field \`${hidden}\` of \`${name}\` would hide one that every entry has.`)
  }
}

type Context = z.core.$RefinementCtx<Record<string, unknown>>

function entryReader(types: Types, common: Fields) {
  const commonKeys = new Set(Object.keys(common))
  const commonSchema = groupSchema(common)
  return (id: string, written: unknown, context: Context): unknown => {
    const refuse = (path: string[], message: string, hint?: string) =>
      raise(context, new Complaint(message, hint, [id, ...path]))
    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(id)) {
      refuse(
        [],
        `\`${id}\` is not a component id`,
        'use letters, digits, `-` and `_`, at most 63 of them, a letter or digit first',
      )
    }
    const entry: unknown = written ?? {}
    if (!isRecord(entry)) return refuse([], 'expected a map of settings', offHint(own(types, id), entry))
    const { type = id, ...rest } = entry
    if (typeof type !== 'string') return refuse(['type'], 'expected the name of a type')
    const schema = own(types, type)
    if (schema === undefined) {
      const hint = didYouMean(type, Object.keys(types)) ?? `known types: ${Object.keys(types).join(', ')}`
      return 'type' in entry
        ? refuse(['type'], `unknown type \`${type}\``, hint)
        : refuse([], `\`${id}\` is not a type, and the entry names none`, `add \`type:\`; ${hint}`)
    }
    const [shared, settings] = split(rest, (key) => commonKeys.has(key))
    return {
      id,
      type,
      common: take(commonSchema.safeParse(withDefaults(shared, schema.common), { jitless: true }), id, context),
      settings: take(schema.zod.safeParse(settings, { jitless: true }), id, context),
    }
  }
}

function offHint(schema: AnyComponentSchema | undefined, entry: unknown): string | undefined {
  if (entry !== false && !(typeof entry === 'string' && /^(?:off|no|false)$/i.test(entry))) return undefined
  return schema !== undefined && 'listen' in schema.fields ? 'write `{listen: off}`' : 'remove the entry'
}

function withDefaults(written: Readonly<Record<string, unknown>>, defaults: CommonDefaults = {}): unknown {
  const groups = Object.entries(defaults).map(([name, members]) => {
    const given = written[name] ?? {}
    return [name, isRecord(given) ? { ...members, ...given } : given]
  })
  return { ...written, ...Object.fromEntries(groups) }
}

function take(result: z.ZodSafeParseResult<unknown>, id: string, context: Context): unknown {
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    context.issues.push({ ...issue, path: [id, ...issue.path], input: undefined } as z.core.$ZodRawIssue)
  }
  return undefined
}

function split(
  record: Readonly<Record<string, unknown>>,
  first: (key: string) => boolean,
): [Record<string, unknown>, Record<string, unknown>] {
  const entries = Object.entries(record)
  return [
    Object.fromEntries(entries.filter(([key]) => first(key))),
    Object.fromEntries(entries.filter(([key]) => !first(key))),
  ]
}

function own<T>(record: Readonly<Record<string, T>>, key: string) {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
