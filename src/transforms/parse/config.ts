import {
  choice,
  Complaint,
  defineSchema,
  recordComplaint,
  recordFields,
  text,
  type ConfigOf,
} from '../../schema/index.ts'
import { isEventField } from '../rows/fields.ts'

export const parseSchema = defineSchema({
  type: 'parse',
  role: 'transform',
  summary: 'Parses JSON, CSV, logfmt or text into points, log lines or events',
  fields: {
    field: text({
      description: 'Field of the event with the input: `data`, a text below it, or any other field of events',
      default: 'data',
      example: 'data.message',
    }),
    ...recordFields,
    on_error: choice(['reject', 'pass'], {
      description:
        '`reject`: the input becomes a dead letter with the reason. `pass`: it passes unchanged, with the reason ' +
        'in the extension `parseerror`',
      default: 'reject',
    }),
  },
  check(values) {
    const { field } = values
    if (field !== 'data' && !isEventField(field))
      return new Complaint(`\`${field}\` is no field of events`, 'for example `data.message`', ['field'])
    return recordComplaint(values)
  },
})

export type ParseConfig = ConfigOf<typeof parseSchema>
