/** Completion of a filter: field names, or values of a field. */
import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
} from 'typebox'
import { questionParameters } from '../flows/parameters.ts'
import { oneOf, parameters, type Of } from '../schema.ts'
import type { PlainValue } from './values.ts'

const completedStreams = ['flows', 'changes', 'audit', 'events', 'resources', 'inventory'] as const

const { filter, both_ways, reporters: reportersParameter, from, to } = questionParameters

export const CompletionRequest = parameters({
  names: Optional(
    oneOf(completedStreams, {
      default: 'flows',
      description:
        'Stream to complete for. For resources and the inventory, values are those at the end of the time range.',
    }),
  ),
  field: Optional(
    Text({
      maxLength: 200,
      description: 'Field to complete values of, by any alias, `any.port` included. Unset: complete field names.',
    }),
  ),
  prefix: Text({ maxLength: 1000, description: 'The typed text; may be empty.' }),
  filter,
  both_ways,
  reporters: reportersParameter,
  from,
  to,
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 20 })),
})
export type CompletionRequest = Of<typeof CompletionRequest>

const CompletedField = ObjectOf({
  name: Text(),
  names: ArrayOf(Text(), { description: 'Aliases.' }),
  kind: Text(),
  unit: Optional(Text()),
  meaning: Text(),
  used: Flag(),
})
export type CompletedField = Of<typeof CompletedField>

const CompletedMeaning = ObjectOf({
  is: oneOf(['address', 'network', 'socket', 'port', 'protocol', 'text', 'value']),
  filter: Text({ description: 'The condition in the filter language.' }),
  value: Text({ description: 'The address, port, word or value.' }),
  end: Optional(oneOf(['any', 'src', 'dst'])),
  port: Optional(Integer()),
  field: Optional(Text({ description: 'With `value`: the field that has it.' })),
  count: Optional(Integer({ description: 'With `value`: rows with it.' })),
})

export type CompletedMeaning = Of<typeof CompletedMeaning>

const CompletedValue = ObjectOf({
  value: Unsafe<PlainValue>({ type: ['string', 'number', 'boolean'] }),
  text: Text({ description: 'The value as filter text, quoted if necessary, or as a word if one exists.' }),
  label: Optional(Text({ description: 'Additional information: the number of a word, the flags of a number.' })),
  count: Integer({ description: 'Rows with this value; 0 for words without rows.' }),
})
export type CompletedValue = Of<typeof CompletedValue>

export const Completion = ObjectOf(
  {
    fields: Optional(
      ArrayOf(CompletedField, {
        description: 'Without `field`: field names, those with values in the time range first.',
      }),
    ),
    meanings: Optional(
      ArrayOf(CompletedMeaning, {
        description: 'Without `field`: meanings of the typed text as a condition, the likeliest first.',
      }),
    ),
    values: Optional(ArrayOf(CompletedValue, { description: 'With `field`: values, most frequent first.' })),
    source: Optional(
      Text({ description: 'Origin of the counts: a rollup, `ring` (the newest flows, in memory) or `raw`.' }),
    ),
    span: Optional(ObjectOf({ from: Text(), to: Text() }, { description: 'Time range that was read.' })),
    exact: Optional(Flag({ description: 'False if rows of the time range were skipped to respond quickly.' })),
  },
  { $id: 'Completion' },
)
export type Completion = Of<typeof Completion>
