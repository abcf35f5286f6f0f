/** Types and JSON Schema of an operation, written once. */
import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text, Unsafe } from 'typebox'
import type { Static, TObject, TProperties, TSchema, TSchemaOptions, TUnsafe } from 'typebox'

type Unchanging<T> = T extends readonly (infer Item)[]
  ? readonly Unchanging<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Unchanging<T[Key]> }
    : T

/** The type of the values of a schema. */
export type Of<S extends TSchema> = Unchanging<Static<S>>

/** The schema with `null`. */
export function orNull<S extends TSchema & { readonly type: string; readonly enum?: readonly unknown[] }>(
  schema: S,
): TUnsafe<Static<S> | null> & { readonly type: readonly string[] } {
  const values = schema.enum === undefined ? {} : { enum: [...schema.enum, null] }
  const type = [schema.type, 'null']
  return Unsafe<Static<S> | null>({ ...schema, ...values, type }) as TUnsafe<Static<S> | null> & { type: string[] }
}

export function oneOf<const Value extends string>(
  values: readonly Value[],
  options: TSchemaOptions = {},
): TUnsafe<Value> & { readonly type: 'string' } {
  return Unsafe<Value>({ type: 'string', ...options, enum: values }) as TUnsafe<Value> & { readonly type: 'string' }
}

/** Parameters of a request: others are an error. */
export function parameters<Properties extends TProperties>(properties: Properties): TObject<Properties> {
  return ObjectOf(properties, { additionalProperties: false })
}

/** Texts by name. */
export const texts = (options: TSchemaOptions = {}) =>
  Unsafe<Readonly<Record<string, string>>>({ type: 'object', additionalProperties: Text(), ...options })

/** Numbers by name. */
export const countsByName = (options: TSchemaOptions = {}) =>
  Unsafe<Readonly<Record<string, number>>>({ type: 'object', additionalProperties: Integer(), ...options })

/** An object that may have further fields. */
export const extensible = <S extends TObject>(schema: S, description?: string) =>
  Unsafe<Of<S> & Readonly<Record<string, unknown>>>({
    ...schema,
    additionalProperties: true,
    ...(description === undefined ? {} : { description }),
  })

export const nullText = (description?: string) => orNull(Text(description === undefined ? {} : { description }))

/** Values of a type that their JSON Schema does not state. */
export const described = <Value>(description: string) =>
  Unsafe<Value>({ description }) as TUnsafe<Value> & { readonly description: string }

/** A parameter with values between commas. */
export const names = (description: string, examples?: readonly string[]) =>
  Optional(Text({ maxLength: 4096, description, ...(examples === undefined ? {} : { examples }) }))

export const atParameter = Optional(
  Text({ default: 'now', description: 'Time of the state: `now-15m`, ISO 8601, or Unix milliseconds.' }),
)

/** Cursor of a list of rows of a time range. */
export const spanCursor = Optional(
  Text({
    maxLength: 4096,
    description:
      '`next` of the previous page. All other parameters must be the same; `from` and `to` are those of the first ' +
      'page.',
  }),
)

export const groupLimits = {
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 10, description: 'Maximum number of groups.' })),
  buckets: Optional(Integer({ minimum: 1, maximum: 1000, default: 150, description: 'Maximum number of buckets.' })),
}

export const timeRange = () => ObjectOf({ from: Text(), to: Text() })

export const nextPage = () => nullText('Cursor of the next page; null: last page.')

/** Members of a page of a list as of a time, besides the rows. */
export const pageFrame = () => ({
  next: nextPage(),
  at: Text({ description: 'Time of the state.' }),
  total: Optional(Integer({ description: 'On the first page: total number.' })),
})

/** An exact decimal. */
export const decimal = (description = 'Exact decimal.') => Text({ description })

export const largestFirst = <S extends TSchema>(items: S) => ArrayOf(items, { description: 'Largest first.' })
