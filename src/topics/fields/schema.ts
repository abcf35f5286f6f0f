/** The field registry, and the columns of the views. */
import { Array as ArrayOf, Integer, Object as ObjectOf, Optional, String as Text, Unsafe } from 'typebox'
import { columnKinds } from '../../model/columns.ts'
import { oneOf, type Of } from '../schema.ts'
import type { ViewColumn } from '../view-columns.ts'
import type { ViewName } from '../views.ts'

const otel = Optional(Text({ description: 'Name in the OpenTelemetry semantic conventions.' }))

const Field = ObjectOf({
  id: Integer(),
  name: Text(),
  kind: oneOf(columnKinds),
  unit: Optional(Text({ description: 'UCUM.' })),
  otel,
  netobserv: Optional(Text({ description: 'Key in flow records of NetObserv.' })),
  aliases: Optional(ArrayOf(Text())),
  meaning: Text(),
  since: Integer({ description: 'First version of the registry with the field.' }),
})

const Column = ObjectOf({
  name: Text(),
  type: Text({ description: 'SQL type.' }),
  unit: Optional(Text({ description: 'UCUM.' })),
  otel,
  meaning: Text(),
})

export const Fields = ObjectOf(
  {
    version: Integer({
      description: 'Increases when fields are added. Fields are never removed and their types never change.',
    }),
    fields: ArrayOf(Field, { description: 'Fields of a flow.' }),
    views: Unsafe<Readonly<Record<ViewName, readonly ViewColumn[]>>>({
      type: 'object',
      additionalProperties: ArrayOf(Column),
    }),
  },
  { $id: 'Fields' },
)
export type Fields = Of<typeof Fields>
