/** Settings of records in text: the transform `parse`, and `parse` of message sources. */
import { RE2JS } from 're2js'
import { messageOf } from '../model/errors.ts'
import { timeFormatProblem } from '../model/time-format.ts'
import { isZone } from '../model/zones.ts'
import { group, list, mapping, type Check } from './collections.ts'
import { Complaint } from './complaint.ts'
import { labelValue } from './label-fields.ts'
import { choice, flag, text } from './scalars.ts'

export const valueTypes = ['int', 'uint', 'float', 'string', 'bool'] as const

const pointer = (description: string, example: string) =>
  text({ description, default: '', example }, { pattern: /(?:\/.*)?/, expects: 'a JSON pointer such as `/data/items`' })

const names = (description: string, example: readonly string[]) =>
  list(text({ description: 'A field of the record', required: true, example: example[0] ?? '' }), {
    description,
    default: [],
    example,
  })

export const recordFields = {
  format: choice(['json', 'csv', 'logfmt', 'regex'], { description: 'Format of the input', default: 'json' }),
  lines: flag({
    description: 'Each line is one record; empty lines are skipped. CSV has one record per row in any case',
    default: false,
  }),
  records: pointer(
    'JSON pointer to the records in JSON. Each element of an array becomes one event, also in nested arrays. ' +
      'Empty: the whole document',
    '/values',
  ),
  include: mapping(
    text(
      { description: 'A JSON pointer from the document', required: true, example: '/meta/symbol' },
      { pattern: /\/.*/, expects: 'a JSON pointer such as `/meta/symbol`' },
    ),
    {
      description: 'Fields from outside of the records, added to each record, by name',
      default: {},
      example: { symbol: '/meta/symbol' },
    },
  ),
  columns: names('Names of CSV columns. Empty: the first row has the names', ['time', 'symbol', 'price']),
  delimiter: text(
    { description: 'Character between CSV columns', default: ',', example: ';' },
    { pattern: /[^"\r\n]/, expects: 'one character' },
  ),
  pattern: text({
    description: 'Regular expression (RE2) with named groups, which become fields; for format `regex`',
    default: null,
    example: '^(?P<level>\\w+) (?P<message>.*)$',
  }),
  to: choice(['point', 'log', 'event'], {
    description: 'Result: points, log lines, or events with the fields as JSON',
    default: 'event',
  }),
  name: text({ description: 'Name of the points', default: null, example: 'tick' }),
  name_from: text({ description: 'Field with the name of the points', default: null, example: 'event' }),
  event_type: text({
    description: 'Type of the events. Unset: that of the input. Points and log lines have a fixed type',
    default: null,
    example: 'news.item',
  }),
  labels: names('Fields that become labels of points and log lines', ['symbol']),
  max_label_value: labelValue,
  fields: names('Fields of points and events. Empty: all that have no other use', ['price', 'day_volume']),
  drop: names('Fields to leave out', ['type']),
  line: text({
    description: 'Field with the text of a log line. Unset: the input of the record',
    default: null,
    example: 'message',
  }),
  severity: text({ description: 'Field with the severity of a log line', default: null, example: 'level' }),
  metadata: names('Fields that become metadata of a log line', ['request_id']),
  types: mapping(choice(valueTypes, { description: 'A type', required: true, example: 'float' }), {
    description: 'Types of fields. A value that does not fit is an error. Other values keep their type',
    default: {},
    example: { price: 'float' },
  }),
  rename: mapping(text({ description: 'The new name', required: true, example: 'volume' }), {
    description: 'New names by name, applied at the end',
    default: {},
    example: { day_volume: 'volume' },
  }),
  time: group(
    {
      from: text({ description: 'Field with the time', required: true, example: 'timestamp' }),
      format: text(
        {
          description:
            '`rfc3339`, `unix`, `unix_ms`, `unix_us`, `unix_ns`, or a pattern of strftime such as ' +
            '`%Y-%m-%d %H:%M:%S`',
          default: 'rfc3339',
        },
        { pattern: /.+/, expects: 'a format' },
      ),
      zone: text({
        description: 'Time zone of times without an offset',
        default: 'UTC',
        example: 'Europe/Berlin',
      }),
      ambiguous: choice(['earlier', 'later'], {
        description:
          'Instant of a local time that occurs twice at the end of daylight saving time. The event has ' +
          'the extension `timeresolved`',
        default: 'earlier',
      }),
    },
    {
      description: 'Time of the record. Unset or absent: the time of the input event',
      default: null,
      example: { from: 'timestamp', format: 'unix' },
    },
  ),
}

export const recordComplaint: Check<typeof recordFields> = ({
  format,
  pattern,
  to,
  name,
  name_from,
  time,
  records,
  include,
  line,
  severity,
  metadata,
  lines,
}) => {
  if ((format === 'regex') !== (pattern !== null))
    return new Complaint('`pattern` belongs to format `regex`, which requires it', undefined, ['pattern'])
  if (pattern !== null) {
    const problem = patternProblem(pattern)
    if (problem !== undefined) return new Complaint(problem, 'for example `(?P<level>\\w+)`', ['pattern'])
  }
  if (format !== 'json' && (records !== '' || Object.keys(include).length > 0))
    return new Complaint('`records` and `include` apply to JSON', undefined, ['records'])
  if (format === 'csv' && lines)
    return new Complaint('a row of CSV may have several lines', 'remove `lines`', ['lines'])
  if (to === 'point' && (name === null) === (name_from === null))
    return new Complaint('points need `name` or `name_from`, and not both', undefined, ['name'])
  if (to !== 'log' && (line !== null || severity !== null || metadata.length > 0))
    return new Complaint('`line`, `severity` and `metadata` belong to log lines', 'set `to: log`', ['to'])
  if (time !== null) {
    if (!isZone(time.zone)) return new Complaint(`there is no time zone \`${time.zone}\``, undefined, ['time', 'zone'])
    const problem = timeFormatProblem(time.format)
    if (problem !== undefined) return new Complaint(problem, undefined, ['time', 'format'])
  }
  return null
}

function patternProblem(pattern: string): string | undefined {
  try {
    return Object.keys(RE2JS.compile(pattern).namedGroups()).length === 0 ? 'the pattern has no named group' : undefined
  } catch (error) {
    return messageOf(error)
  }
}
