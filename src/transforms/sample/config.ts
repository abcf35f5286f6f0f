import { defineSchema, flag, integer, list, text, type ConfigOf } from '../../schema/index.ts'
import { firstUnknown } from '../rows/fields.ts'

export const sampleSchema = defineSchema({
  type: 'sample',
  role: 'transform',
  summary: 'Passes one in N rows, or all rows of one in N keys',
  fields: {
    one_in: integer(
      { description: 'N: one row or key in N passes', required: true, example: 10 },
      { min: 1, max: 1e9 },
    ),
    by: list(
      text({ description: 'A field of flows or events, or `extra.NAME`', required: true, example: 'src_addr' }),
      {
        description: 'Fields of the key: rows of one key pass or are filtered together. Unset: each row by itself',
        default: null,
        example: ['src_addr', 'dst_addr'],
      },
    ),
    adjust: flag({
      description: 'Multiply the sampling interval of flows that pass by N, so that estimates remain right',
      default: true,
    }),
  },
  check: ({ by }) => firstUnknown(by ?? [], 'by'),
})

export type SampleConfig = ConfigOf<typeof sampleSchema>
