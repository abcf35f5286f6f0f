import * as z from 'zod'

declare const need: unique symbol
type Need = 'required' | 'optional'

/** What every field states about itself. */
interface Described {
  /** One sentence, with no closing full stop. */
  readonly description: string
  /** What a number counts, such as `events`. Durations and sizes carry their unit in the value. */
  readonly unit?: string
  /** Samples set it though it has no value by default: the usual one of several ways of which one is needed. */
  readonly usual?: true
}

/**
 * `example` and `default` are in written form: as a user types them in YAML. A field is either required, and then
 * shows an example, or has a default. `default: null` means "unset": the field's value is null until somebody writes
 * it, and it shows an example instead.
 */
export type Meta<In> = Described &
  (
    | { readonly required: true; readonly example: In; readonly default?: never }
    | { readonly default: In; readonly example?: In; readonly required?: never }
    | { readonly default: null; readonly example: In; readonly required?: never }
  )

type Default<M> = M extends { readonly default: infer D } ? D : never
type Unset<M> = null extends Default<M> ? null : never
type NeedOf<M> = M extends { readonly required: true } ? 'required' : 'optional'

/** A zod schema that carries a {@link FieldInfo}; only the builders of this folder make one. */
export type Field<Out, In, N extends Need = Need> = z.ZodType<Out, In> & { readonly [need]: N }
export type AnyField = Field<unknown, unknown>
export type Fields = Readonly<Record<string, AnyField>>

/** The field a builder returns for metadata `M`: required or optional, null only when the default says so. */
export type FieldFor<Out, In, M> = Field<Out | Unset<M>, In, NeedOf<M>>

type Flat<T> = { readonly [K in keyof T]: T[K] }

/** The value of a group of fields after validation: every key is present. */
export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> }

/** What a user may write for a group of fields: keys with a default may be left out. */
export type WrittenOf<F extends Fields> = Flat<
  { readonly [K in keyof F as F[K][typeof need] extends 'required' ? K : never]: z.input<F[K]> } & {
    readonly [K in keyof F as F[K][typeof need] extends 'required' ? never : K]?: z.input<F[K]>
  }
>

export type FieldKind =
  | 'text'
  | 'flag'
  | 'integer'
  | 'choice'
  | 'duration'
  | 'bytes'
  | 'host:port'
  | 'listen'
  | 'url'
  | 'path'
  | 'secret'
  | 'list'
  | 'map'
  | 'group'
  | 'variants'
  | 'components'

/** `anything`: only that it can be read. The others are PEM. */
export type FileContent = 'anything' | 'certificate' | 'key'

/** What a kind of field knows beyond its metadata. */
export interface FieldFacts {
  readonly kind: FieldKind
  /** Completes the sentence "expected …". */
  readonly expects: string
  /** Advice for one wrong value. */
  readonly advise?: (value: unknown) => string | undefined
  readonly choices?: readonly string[]
  /** A regular expression that the written text matches, for JSON Schema. */
  readonly pattern?: string
  readonly min?: number
  readonly max?: number
  /** Least characters of a secret. */
  readonly least?: number
  /** A file that must be there at a start, and what it holds. */
  readonly holds?: FileContent
  /** A file that Weir writes. */
  readonly isOutput?: true
  /** The fields of a group. */
  readonly fields?: Fields
  /** The element of a list, the value of a map. */
  readonly of?: FieldInfo
  /** The groups that a `type` key chooses between. */
  readonly variants?: ReadonlyMap<string, Fields>
  /** The groups that an entry's type chooses between; the type defaults to the entry's key. */
  readonly components?: ComponentTypes
}

/** How the entries of a component map are described, for docs, positions and overrides. */
export interface ComponentTypes {
  readonly names: readonly string[]
  /** The fields of one type, those shared by all types included; undefined for an unknown type. */
  readonly fieldsOf: (type: string) => Fields | undefined
  readonly summaryOf: (type: string) => string
  readonly jsonSchemaOf: (type: string) => z.ZodType | undefined
}

/** Everything known about one field. */
export interface FieldInfo extends FieldFacts {
  readonly description: string
  readonly unit?: string
  readonly required: boolean
  readonly usual?: boolean
  /** The default as a user would write it; null: unset; absent: required. */
  readonly default?: unknown
  readonly example?: unknown
}

// A registry, and not a property, because zod hands its entries on to the clones that `.refine()` makes.
// Typed as an object: zod rewrites the type of an entry in depth, which takes the compiler too far.
const registry = z.registry<{ info: object }>()

/** The description of a field; throws for a zod schema that no builder made. */
export function infoOf(field: z.ZodType): FieldInfo {
  const found = findInfo(field)
  if (found === undefined) throw new TypeError('This zod schema was not made by a field builder of src/schema.')
  return found
}

export function findInfo(schema: z.core.$ZodType): FieldInfo | undefined {
  return registry.get(schema as z.ZodType)?.info as FieldInfo | undefined
}

/** Joins a zod schema for the written form with its metadata. Builders call this; nothing else should. */
export function makeField<Out, In, const M extends Meta<In>>(
  base: z.ZodType<Out, In>,
  facts: FieldFacts,
  meta: M,
): FieldFor<Out, In, M> {
  if (!/\S/.test(meta.description ?? '')) throw new TypeError('A field needs a description.')
  const { description, unit, example } = meta
  const written = meta.required === true ? undefined : meta.default
  const info: FieldInfo = {
    ...facts,
    description,
    required: meta.required === true,
    ...(meta.usual === true ? { usual: true } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(written === undefined ? {} : { default: written }),
    ...(example === undefined ? {} : { example }),
  }
  const schema = withDefault(base, written)
  registry.add(schema, { info })
  return schema as unknown as FieldFor<Out, In, M>
}

function withDefault(base: z.ZodType, written: unknown): z.ZodType {
  if (written === undefined) return base
  // `default` is not parsed, so that null stands for "unset" and yet nobody can write null.
  if (written === null) return base.default(null as never)
  return base.prefault(written as never)
}
