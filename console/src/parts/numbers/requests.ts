import type { EventFields, EventSeries } from '../../../../src/topics/events/schema.ts'
import { request, type Query } from '../../api/client.ts'

export type { EventFields, EventSeries }

export function readEventFields(query: Query, signal: AbortSignal): Promise<EventFields> {
  return request('/api/v1/events/fields', { query, signal })
}

export function readEventSeries(query: Query, signal: AbortSignal): Promise<EventSeries> {
  return request('/api/v1/events/series', { query, signal })
}
