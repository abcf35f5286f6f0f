import { Complaint } from '../../schema/complaint.ts'
import { choice, defineSchema, duration, integer, list, mapping, text, type ConfigOf } from '../../schema/index.ts'
import { callOf, functions } from './calls.ts'
import { memberOf } from '../../model/flow-members.ts'
import { isEstimate, isEventField, isFlowField, isFlowValue, unknownField } from '../rows/fields.ts'

export const aggregateSchema = defineSchema({
  type: 'aggregate',
  role: 'transform',
  summary: 'Replaces the rows of a time window by one row for each group',
  fields: {
    rows: choice(['flows', 'events'], { description: 'Kind of the rows; others are filtered', default: 'flows' }),
    window: duration({ description: 'Length of the windows', default: '1m' }, { min: '100ms', max: '1h' }),
    time: choice(['receive', 'event'], {
      description:
        'Time that selects the window of a row. `event`: the end of a flow, the time of an event; a row without one, ' +
        'or with a later one, counts at its receive time',
      default: 'receive',
    }),
    lateness: duration(
      {
        description:
          'With `time: event`: how long a window stays open after its end. Later rows are filtered as `late`. The ' +
          'journal retains the rows of open windows',
        default: '0s',
        example: '30s',
      },
      { min: '0s', max: '6h' },
    ),
    by: list(text({ description: 'A field', required: true, example: 'src_namespace' }), {
      description: 'Fields of the groups; of flows also members of `extra` (`extra.NAME`). Unset: one group',
      default: null,
      example: ['src_namespace', 'dst_namespace'],
    }),
    values: mapping(text({ description: 'A function of a field', required: true, example: 'sum(bytes_est)' }), {
      description:
        'Values by name: `sum`, `min`, `max`, `avg`, `last` or `count` of a field or member; `count()` counts rows. ' +
        'Of flows, a name that is no field becomes a member of `extra`. `bytes_est` and `packets_est` are multiplied ' +
        'by the sampling interval, which a sum of several flows no longer has',
      required: true,
      example: { bytes: 'sum(bytes_est)', packets: 'sum(packets_est)', flows: 'count()' },
    }),
    groups: integer(
      { description: 'Maximum number of groups in a window; the rows of further groups form one', default: 100_000 },
      { min: 1, max: 1_000_000 },
    ),
  },
  check({ by, values, rows, time, lateness }) {
    if (time === 'receive' && lateness > 0)
      return new Complaint('no row is late by receive time', 'add `time: event`, or remove it', ['lateness'])
    const knownIsFlowValue = rows === 'flows' ? isFlowValue : isEventField
    for (const [index, name] of (by ?? []).entries())
      if (!knownIsFlowValue(name))
        return (
          unknownField(name, ['by', index]) ??
          new Complaint(`\`${name}\` is no field of ${rows}`, undefined, ['by', index])
        )
    const members = new Set((by ?? []).map(memberNameOf))
    const twice = Object.keys(values).find((name) => !isFlowField(name) && members.has(memberNameOf(name)))
    if (rows === 'flows' && twice !== undefined)
      return new Complaint(`\`${twice}\` is a member of the groups, too`, 'rename the value', ['values', twice])
    if (Object.keys(values).length === 0)
      return new Complaint('names no value', 'for example `bytes: sum(bytes_est)`', ['values'])
    for (const [name, written] of Object.entries(values)) {
      const call = callOf(written)
      if (call === undefined)
        return new Complaint(
          `expected a function of a field, got \`${written}\``,
          `functions: ${functions.join(', ')}`,
          ['values', name],
        )
      if (rows === 'flows' && isEstimate(call.field) && call.of !== 'last' && call.of !== 'count') continue
      if (call.field === '' ? call.of !== 'count' : !knownIsFlowValue(call.field))
        return call.field === ''
          ? new Complaint(`\`${call.of}\` needs a field`, `for example \`${call.of}(bytes)\``, ['values', name])
          : (unknownField(call.field, ['values', name]) ??
              new Complaint(`\`${call.field}\` is no field of ${rows}`, undefined, ['values', name]))
    }
    return null
  },
})

function memberNameOf(name: string) {
  return memberOf(name) ?? name
}

export type AggregateConfig = ConfigOf<typeof aggregateSchema>
