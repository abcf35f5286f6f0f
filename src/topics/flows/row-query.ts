/** Requests for flows, and the fields by which they are sorted and grouped. */
import { endpointField, flowNames, jsonText, type NameTable, type QueryField } from '../../query/index.ts'
import { fieldTime, flowTimes, isSortable, type RowQuery } from '../../query/plan/index.ts'
import { nearest } from '../../schema/suggest.ts'
import { filterOf } from '../filter-text.ts'
import { Refusal } from '../refusal.ts'
import { withSelection } from '../row-selection.ts'
import { withinScope, type Viewer } from '../scope.ts'
import { span } from '../time-span.ts'
import type { QuestionQuery, SpanTime } from './parameters.ts'

export function rowQueryOf(query: QuestionQuery, byDefault: SpanTime, now: number, viewer: Viewer): RowQuery {
  const {
    filter = '',
    both_ways: both = 'false',
    reporters: selectedReporters = 'all',
    from = 'now-1h',
    to = 'now',
    time = byDefault,
  } = query
  const expression = withSelection(filterOf(filter, 'flows').expression, 'flows', {
    bothWays: both === 'true',
    reporters: selectedReporters,
  })
  return {
    names: flowNames,
    filter: withinScope(expression, viewer, 'flows'),
    time: time === flowTimes.name ? flowTimes : fieldTime(time),
    span: span({ from, to }, now),
  }
}

/** Sortable and groupable, by any of its names. */
export function plainField(written: string, parameter: string): QueryField {
  const name = flowNames.resolve(written)
  const field = name === undefined ? undefined : flowNames.field(name)
  if (field === undefined) throw unknownField(written, parameter)
  if (!isSortable(field))
    throw new Refusal('WEIR_API_INVALID', `"${parameter}" does not support ${field.name}: it contains lists or JSON.`)
  return field
}

export function groupField(written: string): QueryField {
  const endpoint = endpointField(written)
  if (endpoint !== undefined) return endpoint
  const field = flowNames.field(flowNames.resolve(written) ?? '')
  return field?.kind === 'json' ? jsonText(field) : plainField(written, 'group')
}

export function unknownField(written: string, parameter: string, names: NameTable = flowNames): Refusal {
  const meant = nearest(
    written,
    names.fields.map(({ name }) => name),
  )
  return new Refusal(
    'WEIR_API_INVALID',
    `"${parameter}" contains ${written}, which is not a field of ${names.view}.`,
    meant === undefined ? ['GET /api/v1/fields lists them.'] : [`Did you mean ${meant}?`],
  )
}
