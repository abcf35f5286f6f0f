import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import {
  eventsOfReport,
  hasParts,
  imageOfReport,
  readReports,
  ReportError,
  type Report,
  type Reserve,
} from '../../codecs/sbom/index.ts'
import { toEventBatch } from '../../model/events.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { settle } from './events.ts'
import { object, problem, string } from '../json-schema.ts'

const count = { type: ['integer', 'null'] } as const

const schema = {
  operationId: 'putReport',
  summary: 'Store a document about an image',
  description:
    'A bill of materials, vulnerability report, inspection or OpenVEX document, as `weir help insights` lists ' +
    'them, plain, or compressed with gzip or Zstandard. With 200, all of it is synced to the journal. With any ' +
    'other status send it again: an incomplete report is never shown.',
  params: object({
    digest: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$', description: 'Digest of the image.' },
  }),
  response: {
    200: object(
      {
        format: string,
        packages: { ...count, description: 'Distinct packages; null: the document lists none.' },
        problems: { ...count, description: 'Findings; null: the document has no search for problems.' },
        facts: count,
        waivers: count,
        skipped: { type: 'integer', description: 'Parts of the document that are not readable; absent: none.' },
        skipped_reason: string,
        accepted: { type: 'integer', description: 'Events.' },
      },
      { required: ['format', 'accepted'] },
    ),
    400: problem,
    413: problem,
    415: problem,
    503: problem,
  },
} as const

const eventsPerUnit = 500

export function reportRoute(app: FastifyInstance, { control, host, limits }: ApiContext): void {
  app.put('/api/v1/images/:digest/sbom', { schema, config: { body: 'raw' } }, async (request, reply) => {
    const { digest } = request.params as { digest: string }
    const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0)
    const reports = await parsed(body, limits.bodyBytes, (bytes) => request.memory.grow(bytes))
    const report = reportAbout(digest, reports)
    const now = host.clock.now()
    const events = eventsOfReport(report, {
      sha256: createHash('sha256').update(body).digest('hex'),
      time: now,
      origin: request.url,
      image: { digest },
    })
    let accepted = 0
    for (let from = 0; from < events.length; from += eventsPerUnit) {
      const unit = await control.ingest(toEventBatch(events.slice(from, from + eventsPerUnit)))
      if (unit.outcome !== undefined) settle(unit.outcome)
      accepted += unit.accepted
    }
    const { format, packages, problems, facts, waivers, skipped, skippedReason } = report
    return reply.send({
      format,
      packages: packages?.length ?? null,
      problems: problems?.length ?? null,
      facts: facts?.length ?? null,
      waivers: waivers?.length ?? null,
      ...(skipped === undefined ? {} : { skipped, skipped_reason: skippedReason }),
      accepted,
    })
  })
}

/** Of a document about several images, the report about this one. */
function reportAbout(digest: string, reports: readonly Report[]): Report {
  const [first, other] = reports
  const report =
    other === undefined
      ? first
      : reports.find((each) => {
          const image = imageOfReport(each)
          return image !== undefined && [image.digest, ...(image.aliases ?? [])].includes(digest)
        })
  if (report === undefined)
    throw new ApiError('WEIR_API_INVALID', `None of the ${reports.length} reports of the document is about ${digest}.`)
  if (!hasParts(report) && (report.waivers ?? []).length === 0)
    throw new ApiError(
      'WEIR_API_INVALID',
      `The document (${report.format}) lists no packages, searched none for problems, and has neither facts nor ` +
        'waivers. Nothing of it was stored.',
    )
  return report
}

async function parsed(body: Uint8Array, maxBytes: number, reserve: Reserve): Promise<readonly Report[]> {
  if (body.length === 0) throw new ApiError('WEIR_API_BODY', 'The request has no body.')
  try {
    return await readReports(body, maxBytes, reserve)
  } catch (error) {
    if (!(error instanceof ReportError)) throw error
    const code = {
      'too-large': 'WEIR_API_TOO_LARGE',
      malformed: 'WEIR_API_BODY',
      'unknown-format': 'WEIR_API_MEDIA_TYPE',
    } as const
    throw new ApiError(code[error.problem], `${error.message} Nothing of this document was stored.`)
  }
}
