import type { FastifyInstance } from 'fastify'
import { toEventBatch } from '../../model/events.ts'
import { eventsOfDocument } from '../../topics/insights/report.ts'
import { ReportParameters, StoredReport } from '../../topics/insights/schema.ts'
import { problem } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { typed } from '../request/typed.ts'
import { rawBody, settle } from './cloudevents.ts'

const schema = {
  operationId: 'putReport',
  summary: 'Store a document about an image',
  description:
    'A bill of materials, vulnerability report, inspection or OpenVEX document, as `weir help insights` lists ' +
    'them, plain, or compressed with gzip or Zstandard. With 200, all of it is synced to the journal. With any ' +
    'other status send it again: an incomplete report is never shown.',
  params: ReportParameters,
  response: { 200: StoredReport, 400: problem, 413: problem, 415: problem, 503: problem },
} as const

const eventsPerUnit = 500

export function reportRoute(app: FastifyInstance, { control, host, limits }: ApiContext): void {
  typed(app).put('/api/v1/images/:digest/sbom', { schema, config: { body: 'raw' } }, async (request, reply) => {
    const { digest } = request.params
    const body = rawBody(request)
    const { events, counts } = await eventsOfDocument(
      { digest, body, origin: request.url, time: host.clock.now() },
      { bytes: limits.bodyBytes, reserve: (bytes) => request.memory.grow(bytes) },
    )
    let accepted = 0
    for (let from = 0; from < events.length; from += eventsPerUnit) {
      const unit = await control.ingest(toEventBatch(events.slice(from, from + eventsPerUnit)))
      if (unit.outcome !== undefined) settle(unit.outcome)
      accepted += unit.accepted
    }
    const stored: StoredReport = { ...counts, accepted }
    return reply.send(stored)
  })
}
