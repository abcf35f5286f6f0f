import { defineSchema, duration, integer, list, text, type ConfigOf } from '../../schema/index.ts'
import { firstUnknown } from '../rows/fields.ts'

export const throttleSchema = defineSchema({
  type: 'throttle',
  role: 'transform',
  summary: 'Passes a limited number of rows per interval and key',
  fields: {
    rows: integer(
      { description: 'Rows of one key that pass in an interval', required: true, example: 100 },
      { min: 1 },
    ),
    interval: duration(
      { description: 'Length of the intervals, by receive time', default: '1s' },
      { min: '10ms', max: '1h' },
    ),
    by: list(text({ description: 'A field of flows or events, or `extra.NAME`', required: true, example: 'source' }), {
      description: 'Fields of the key. Unset: all rows share one limit',
      default: null,
      example: ['source', 'type'],
    }),
    keys: integer(
      { description: 'Maximum number of keys in an interval; further ones share one limit', default: 100_000 },
      { min: 1, max: 1_000_000 },
    ),
  },
  check: ({ by }) => firstUnknown(by ?? [], 'by'),
})

export type ThrottleConfig = ConfigOf<typeof throttleSchema>
