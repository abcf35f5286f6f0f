import { filterField } from '../../schema/filter-field.ts'
import { defineSchema, type ConfigOf } from '../../schema/index.ts'

export const filterSchema = defineSchema({
  type: 'filter',
  role: 'transform',
  summary: 'Passes the rows that match a filter',
  fields: {
    where: filterField({
      description:
        'Rows to pass, in the filter language; a map has one filter for each of `flows`, `changes`, `audit` and ' +
        '`events`, and rows of the other kinds pass',
      required: true,
      example: 'dst.port = 443 and bytes > 1k',
    }),
  },
})

export type FilterConfig = ConfigOf<typeof filterSchema>
