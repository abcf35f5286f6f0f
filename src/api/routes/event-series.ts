import type { FastifyInstance } from 'fastify'
import { eventFields, eventSeries } from '../../topics/events/index.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'

export const eventSeriesSchemas = {
  EventFields: eventFields.result,
  EventSeries: eventSeries.result,
} as const

export function eventSeriesRoutes(app: FastifyInstance, context: ApiContext): void {
  serve(app, { context, url: '/api/v1/events/fields' }, eventFields)
  serve(app, { context, url: '/api/v1/events/series' }, eventSeries, () => ({ instance: context }))
}
