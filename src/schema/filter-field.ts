import * as z from 'zod'
import { makeField, type FieldFor, type Meta } from './field.ts'

const filteredKinds = ['flows', 'changes', 'audit', 'events'] as const

export type FilterText = string | { readonly [Kind in (typeof filteredKinds)[number]]?: string | undefined }

const text = z.string().min(1)
const schema = z.union([
  text,
  z.strictObject({
    flows: text.optional(),
    changes: text.optional(),
    audit: text.optional(),
    events: text.optional(),
  }),
]) as unknown as z.ZodType<FilterText, FilterText>

/** A filter for rows of every kind, or one by kind. Its language is validated with the whole configuration. */
export function filterField<const M extends Meta<FilterText>>(meta: M): FieldFor<FilterText, FilterText, M> {
  return makeField<FilterText, FilterText, M>(
    schema,
    { kind: 'filter', expects: `a filter, or a map with ${filteredKinds.join(', ')}` },
    meta,
  )
}
