/** Filters as texts: their validation, and their conversion from links of NetObserv. */
import { Array as ArrayOf, Boolean as Flag, Integer, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { nameTables } from '../../query/index.ts'
import { nullText, oneOf, parameters, type Of } from '../schema.ts'

const filterStreams = Object.keys(nameTables) as readonly (keyof typeof nameTables)[]

export const ValidationRequest = parameters({
  filter: Text({ maxLength: 65_536 }),
  names: Optional(oneOf(filterStreams, { default: 'flows', description: 'Stream of the fields in the filter.' })),
})

/** At [from, to) in UTF-16 units. */
export const FilterError = ObjectOf({ from: Integer(), to: Integer(), message: Text(), hint: Optional(Text()) })

export const Validation = ObjectOf(
  {
    ok: Flag(),
    normalized: nullText('Normal form, with the same meaning in all later versions; null: not a valid filter.'),
    written: nullText('The filter with plain words replaced by tests; otherwise as sent. null: not a valid filter.'),
    swapped: nullText('The filter with source and destination exchanged.'),
    errors: ArrayOf(FilterError, {
      description: 'Errors with their position in the text: [from, to) in UTF-16 units.',
    }),
  },
  { $id: 'Validation' },
)
export type Validation = Of<typeof Validation>

export const QuickFilters = ObjectOf(
  { filters: ArrayOf(ObjectOf({ name: Text(), filter: Text() })) },
  { $id: 'QuickFilters' },
)
export type QuickFilters = Of<typeof QuickFilters>

export const ImportRequest = parameters({
  url: Text({ maxLength: 65_536, description: 'The link, or its query string.' }),
})

export const Import = ObjectOf(
  {
    filter: Text({ description: 'Normal form; empty: every row.' }),
    both_ways: Flag(),
    from: nullText(),
    to: nullText(),
    dropped: ArrayOf(ObjectOf({ part: Text(), reason: Text() }), {
      description: 'Parts without an equivalent, with the reason.',
    }),
  },
  { $id: 'Import' },
)
export type Import = Of<typeof Import>
