import * as z from 'zod'
import { makeField, type FieldFor, type Meta } from './field.ts'

type WrittenRow = Readonly<Record<string, unknown>>

export function rowField<const M extends Meta<WrittenRow>>(meta: M): FieldFor<WrittenRow, WrittenRow, M> {
  return makeField<WrittenRow, WrittenRow, M>(
    z.record(z.string(), z.unknown()) as unknown as z.ZodType<WrittenRow, WrittenRow>,
    { kind: 'map', expects: 'a map' },
    meta,
  )
}
