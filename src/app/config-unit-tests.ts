import { Complaint } from '../schema/complaint.ts'
import { defineSchema, flag, group, list, text, type ConfigOf } from '../schema/index.ts'
import { rowField } from '../schema/row-field.ts'

const outcome = text({
  description:
    '`pass`, `rejected`, or a reason such as `filtered`, `sampled`, `throttled`, `duplicate` or `aggregated`',
  required: true,
  example: 'filtered',
})

export const unitTestsField = list(
  group(
    {
      name: text({ description: 'Name of the test', required: true, example: 'web traffic passes' }),
      transform: text({ description: 'Id of the tested transform', default: null, example: 'web' }),
      sink: text({ description: 'Id of a sink, to test its `only`', default: null, example: 'partner' }),
      input: list(rowField({ description: 'A row', required: true, example: { flow: { dst_port: 443 } } }), {
        description:
          'Input rows: `flow` with fields by any of their names, or `event` with CloudEvents attributes; `received` ' +
          'is the receive time',
        required: true,
        example: [{ flow: { src_addr: '10.0.0.1', dst_port: 443 } }],
      }),
      expect: list(rowField({ description: 'A row', required: true, example: { flow: { dst_port: 443 } } }), {
        description:
          'Expected rows, in order. The written fields are compared; `null` means absent. `to` names the output of a ' +
          'route',
        default: null,
        example: [{ flow: { dst_port: 443, src_mac: null } }],
      }),
      outcomes: list(outcome, {
        description: 'Expected outcome of each input row',
        default: null,
        example: ['pass', 'filtered'],
      }),
      exact: flag({ description: 'Expected rows have no other fields than the written ones', default: false }),
    },
    { description: 'A test', required: true, example: { name: 'web', input: [] } },
    ({ transform, sink, input, expect, outcomes }) => {
      if ((transform === null) === (sink === null))
        return new Complaint(
          'a test names one `transform` or one `sink`',
          undefined,
          transform === null ? [] : ['sink'],
        )
      if (input.length === 0) return new Complaint('the test has no rows', 'add a row', ['input'])
      if (expect === null && outcomes === null)
        return new Complaint('the test expects nothing', 'add `expect` or `outcomes`')
      if (outcomes !== null && outcomes.length !== input.length)
        return new Complaint(`there are ${input.length} input rows and ${outcomes.length} outcomes`, undefined, [
          'outcomes',
        ])
      return null
    },
  ),
  {
    description: 'Unit tests of transforms and of `only` of sinks, run by `weir test`',
    default: [],
    example: [
      {
        name: 'web traffic passes',
        transform: 'web',
        input: [{ flow: { dst_port: 443 } }],
        expect: [{ flow: { dst_port: 443 } }],
      },
    ],
  },
)

export const testFileSchema = defineSchema({
  type: 'tests',
  role: 'setting',
  summary: 'Unit tests of a configuration',
  fields: { tests: unitTestsField },
})

export type UnitTest = ConfigOf<typeof testFileSchema>['tests'][number]
