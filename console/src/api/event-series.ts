/** Responses of /api/v1/events/fields and /api/v1/events/series. */
import { request, type Query } from './client.ts'
import type { Covered } from './series.ts'

/** JSON pointers. */
export type EventFields = Readonly<{ numbers: readonly string[]; texts: readonly string[] }>

export type EventSeries = Covered &
  Readonly<{
    series: readonly Readonly<{
      /** null: events without one, or the rest. */
      value: string | null
      /** Groups of the rest; 0: a group. */
      others: number
      points: readonly Readonly<{ time: number; number: number }>[]
    }>[]
  }>

export function readEventFields(query: Query, signal: AbortSignal): Promise<EventFields> {
  return request('/api/v1/events/fields', { query, signal })
}

export function readEventSeries(query: Query, signal: AbortSignal): Promise<EventSeries> {
  return request('/api/v1/events/series', { query, signal })
}
