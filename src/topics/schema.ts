/** Types and JSON Schema of an operation, written once. */
import { Array as ArrayOf, Object as ObjectOf, Optional, String as Text, Unsafe } from 'typebox'
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
): TUnsafe<Static<S> | null> {
  const values = schema.enum === undefined ? {} : { enum: [...schema.enum, null] }
  return Unsafe<Static<S> | null>({ ...schema, ...values, type: [schema.type, 'null'] })
}

export function oneOf<const Value extends string>(
  values: readonly Value[],
  options: TSchemaOptions = {},
): TUnsafe<Value> & { readonly type: string } {
  return Unsafe<Value>({ type: 'string', ...options, enum: values }) as TUnsafe<Value> & { readonly type: string }
}

/** Parameters of a request: others are an error. */
export function parameters<Properties extends TProperties>(properties: Properties): TObject<Properties> {
  return ObjectOf(properties, { additionalProperties: false })
}

export const nullText = (description?: string) => orNull(Text(description === undefined ? {} : { description }))

export const atParameter = Optional(
  Text({ default: 'now', description: 'Time of the state: `now-15m`, ISO 8601, or Unix milliseconds.' }),
)

/** An exact decimal. */
export const decimal = (description = 'Exact decimal.') => Text({ description })

export const largestFirst = <S extends TSchema>(items: S) => ArrayOf(items, { description: 'Largest first.' })
