import { defineSchema, duration, integer, list, text, type ConfigOf } from '../../schema/index.ts'
import { firstUnknown } from '../rows/fields.ts'

export const dedupeSchema = defineSchema({
  type: 'dedupe',
  role: 'transform',
  summary: 'Passes the first row of a key and filters its repeats',
  fields: {
    by: list(text({ description: 'A field of flows or events', required: true, example: 'source' }), {
      description: 'Fields of the key',
      required: true,
      example: ['source', 'id'],
    }),
    window: duration(
      { description: 'A row is a repeat if its key occurred within this time before, by receive time', default: '1m' },
      { min: '10ms', max: '1h' },
    ),
    keys: integer(
      {
        description: 'Maximum number of remembered keys; the one that occurred longest ago is forgotten first',
        default: 100_000,
      },
      { min: 1, max: 1_000_000 },
    ),
  },
  check: ({ by }) => firstUnknown(by, 'by'),
})

export type DedupeConfig = ConfigOf<typeof dedupeSchema>
