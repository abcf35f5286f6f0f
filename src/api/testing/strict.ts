/** Responses against their schemas: no field that the schema lacks, none missing, no other type. */
import { problemIn, type Schema } from '../request/check.ts'

type Described = Schema & {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
  readonly anyOf?: readonly Described[]
}

/** Objects with `properties` have no others. References are replaced. */
export function strictly(schema: Described, named: Readonly<Record<string, unknown>>): Schema {
  const { $ref, content } = schema
  if (content !== undefined) return strictly(content['application/json']?.schema ?? {}, named)
  if ($ref !== undefined) return strictly(named[$ref.replace(/#$/, '')] as Described, named)
  const { properties, items, additionalProperties } = schema
  return {
    ...schema,
    ...(items === undefined ? {} : { items: strictly(items, named) }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: strictly(additionalProperties, named) }
      : {}),
    ...(properties === undefined || Object.keys(properties).length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, inner]) => [name, strictly(inner, named)]),
          ),
          additionalProperties: additionalProperties ?? false,
        }),
  }
}

export const problemOfResponse = (
  value: unknown,
  schema: Described,
  named: Readonly<Record<string, unknown>>,
): string | undefined => problemIn(value, strictly(schema, named))
