import * as z from 'zod'
import { withoutUndefined } from '../model/json.ts'

declare const need: unique symbol
type Need = 'required' | 'optional'

type Described = Readonly<{
  /** One sentence without a full stop. */
  description: string
  unit?: string
  /** Set in samples: one of several alternatives is required. */
  usual?: true
}>

/** `example` and `default` are in written form. `default: null`: unset, and the field has an example. */
export type Meta<In> = Described &
  (
    | Readonly<{ required: true; example: In; default?: never }>
    | Readonly<{ default: In; example?: In; required?: never }>
    | Readonly<{ default: null; example: In; required?: never }>
  )

type Default<M> = M extends { readonly default: infer D } ? D : never
type Unset<M> = null extends Default<M> ? null : never
type NeedOf<M> = M extends { readonly required: true } ? 'required' : 'optional'

export type Field<Out, In, N extends Need = Need> = z.ZodType<Out, In> & { readonly [need]: N }
export type AnyField = Field<unknown, unknown>
export type Fields = Readonly<Record<string, AnyField>>

/** The field for metadata `M`: required or optional; null only if the default is. */
export type FieldFor<Out, In, M> = Field<Out | Unset<M>, In, NeedOf<M>>

type Flat<T> = { readonly [K in keyof T]: T[K] }

export type ValuesOf<F extends Fields> = { readonly [K in keyof F]: z.output<F[K]> }

export type WrittenOf<F extends Fields> = Flat<
  { readonly [K in keyof F as F[K][typeof need] extends 'required' ? K : never]: z.input<F[K]> } & {
    readonly [K in keyof F as F[K][typeof need] extends 'required' ? never : K]?: z.input<F[K]>
  }
>

type FieldKind =
  | 'text'
  | 'filter'
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

/** `anything`: only readable. The others are PEM. */
type FileContent = 'anything' | 'certificate' | 'key'

type FieldFacts = Readonly<{
  kind: FieldKind
  /** Completes "expected …". */
  expects: string
  advise?: (value: unknown) => string | undefined
  choices?: readonly string[]
  pattern?: string
  min?: number
  max?: number
  least?: number
  /** A file that must exist at the start, and its content. */
  holds?: FileContent
  isOutput?: true
  /** A text that may be a URL: may be a reference, and is printed without its path. */
  isUrl?: true
  fields?: Fields
  of?: FieldInfo
  variants?: ReadonlyMap<string, Fields>
  components?: ComponentTypes
}>

export type ComponentTypes = Readonly<{
  names: readonly string[]
  fieldsOf: (type: string) => Fields | undefined
  summaryOf: (type: string) => string
  jsonSchemaOf: (type: string) => z.ZodType | undefined
}>

export interface FieldInfo extends FieldFacts {
  readonly description: string
  readonly unit?: string
  readonly required: boolean
  readonly usual?: boolean
  /** In written form; null: unset; absent: required. */
  readonly default?: unknown
  readonly example?: unknown
}

// zod copies registry entries to the clones of `.refine()`. Typed as an object: zod's deep types overload the compiler.
const registry = z.registry<{ info: object }>()

/** Throws for a zod schema from elsewhere. */
export function infoOf(field: z.ZodType): FieldInfo {
  const info = findInfo(field)
  if (info === undefined) throw new TypeError('This zod schema was not made by a field builder of src/schema.')
  return info
}

export function findInfo(schema: z.core.$ZodType): FieldInfo | undefined {
  return registry.get(schema as z.ZodType)?.info as FieldInfo | undefined
}

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
    ...withoutUndefined({ unit, default: written, example }),
  }
  const schema = withDefault(base, written)
  registry.add(schema, { info })
  return schema as unknown as FieldFor<Out, In, M>
}

function withDefault(base: z.ZodType, written: unknown): z.ZodType {
  if (written === undefined) return base
  // `default` is not parsed: null means unset but cannot be written.
  if (written === null) return base.default(null as never)
  return base.prefault(written as never)
}
