import { families } from '../model/batches.ts'
import { filterField } from '../schema/filter-field.ts'
import { bytes, choice, duration, group, integer, list, text } from '../schema/index.ts'

export const deliveryFields = {
  from: list(text({ description: 'Id of a source', required: true, example: 'http' }), {
    description: 'Sources to read from. Unset: all, including sources added later',
    default: null,
    example: ['netflow', 'http'],
  }),
  only: group(
    {
      family: list(
        choice([...families, 'flow'] as const, {
          description: 'A family of events, or `flow`',
          required: true,
          example: 'audit',
        }),
        {
          description: 'Families to select',
          default: null,
          example: ['audit', 'change'],
        },
      ),
      type: list(
        text({ description: 'A CloudEvents type; `*` stands for any text', required: true, example: 'com.example.*' }),
        {
          description: 'CloudEvents types to select',
          default: null,
          example: ['com.example.*'],
        },
      ),
      filter: filterField({
        description:
          'Rows to select, in the filter language; a map has one filter for each of `flows`, `changes`, `audit` and ' +
          '`events`, and rows of the other kinds are not filtered',
        default: null,
        example: 'dst.port = 443 and bytes > 1k',
      }),
    },
    { description: 'Only matching rows are delivered; the others are counted as filtered', default: {} },
  ),
  delivery: group(
    {
      events: integer(
        { description: 'Maximum events in one batch', unit: 'events', default: 1000 },
        { min: 1, max: 1_000_000 },
      ),
      bytes: bytes(
        { description: 'Approximate size of the journal range in one batch', default: '4MiB' },
        { min: '1KiB', max: '64MiB' },
      ),
      wait: duration({ description: 'Maximum wait for more rows before a batch is sent', default: '0ms' }),
      rate: integer(
        { description: 'Maximum delivery rate', unit: 'events per second', default: null, example: 500 },
        { min: 1 },
      ),
      retry_initial: duration(
        { description: 'Wait before the first retry; each further wait is about twice as long', default: '200ms' },
        { min: '1ms' },
      ),
      retry_max: duration({ description: 'Longest wait between two attempts', default: '30s' }, { min: '1ms' }),
      max_elapsed: duration({
        description: 'Time after which rows become dead letters. Unset: retried as long as they are retained',
        default: null,
        example: '1h',
      }),
    },
    { description: 'Batching, rate and retries', default: {} },
  ),
  retain: group(
    {
      size: bytes({ description: 'Maximum journal size pending for this sink', default: '2GiB' }, { min: '1KiB' }),
      age: duration({ description: 'Maximum age of pending rows', default: '24h' }, { min: '1s' }),
    },
    { description: 'Limits of the backlog of this sink', default: {} },
  ),
  when_behind: choice(['drop', 'block'], {
    description:
      'Action when the backlog exceeds `retain`: `drop` drops the oldest rows of this sink only; `block` ' +
      'retains all rows and lets the journal fill',
    default: 'drop',
  }),
}
