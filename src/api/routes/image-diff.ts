import type { FastifyInstance } from 'fastify'
import { severities } from '../../model/image-insights.ts'
import { dialectOf } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { packageDiffs, problemDiffs } from '../image-diff.ts'
import { insightRows, type InsightList } from '../insights.ts'
import { atParameter, moment } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { abortOnDisconnect, requireStore, rowsOf } from '../store-query.ts'
import { boolean, closed, list, nullable, object, problem, refusals, string } from '../json-schema.ts'

const digest = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } as const

const versions = list(string)

export const imageDiffSchemas = {
  ImageDiff: object(
    {
      from: digest,
      to: digest,
      at: { type: 'string', description: 'Time of the state.' },
      packages: {
        type: ['array', 'null'],
        description: 'Packages of different versions; null: an image has no report with packages.',
        items: object({
          name: string,
          type: nullable,
          from: { ...versions, description: 'Versions that only the first image has; empty: added.' },
          to: { ...versions, description: 'Versions that only the second image has; empty: removed.' },
        }),
      },
      problems: {
        type: ['array', 'null'],
        description: 'Problems that one image has, worst first; null: an image was not searched for problems.',
        items: object({
          id: string,
          severity: { type: 'string', enum: severities },
          package: nullable,
          in: { type: 'string', enum: ['from', 'to'], description: 'from: gone; to: new.' },
          waived: boolean,
        }),
      },
    },
    { required: ['from', 'to', 'at', 'packages', 'problems'] },
  ),
} as const

const schema = {
  operationId: 'imageDiff',
  summary: 'Packages and problems that differ between two images',
  description: 'As of a time. Both images need a report.',
  querystring: closed(
    {
      from: { ...digest, description: 'Digest of the first image.' },
      to: { ...digest, description: 'Digest of the second image.' },
      at: atParameter,
    },
    { required: ['from', 'to'] },
  ),
  response: {
    200: { $ref: 'ImageDiff#' },
    ...refusals,
    404: problem,
  },
} as const

export function imageDiffRoute(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/images/diff', { schema }, async (request, reply) => {
    const { from, to, at: written = 'now' } = request.query as Readonly<{ from: string; to: string; at?: string }>
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const dialect = dialectOf(store)
    const at = moment(written, 'at', context.host.clock.now())
    const read = (list: InsightList, columns: string, order: string) => {
      const rows = insightRows({ dialect, list, at, principal: request.principal, fields: [] })
      const images = [from, to].map((each) => dialect.text(each)).join(', ')
      return rowsOf(
        store,
        `SELECT ${columns} FROM (${rows}) WHERE image IN (${images}) ORDER BY ${order}`,
        disconnected,
      )
    }
    const [images, packages, problems] = await Promise.all([
      read('images', 'image, packages, findings', 'image'),
      read('packages', 'name, version, type, image', 'name, type'),
      read('problems', 'id, severity, package, waived, image', 'severity_rank, score DESC NULLS LAST, id'),
    ])
    if (images === undefined || packages === undefined || problems === undefined || disconnected.aborted)
      return reply.hijack()
    const missing = [from, to].find((each) => !images.some(({ image }) => image === each))
    if (missing !== undefined)
      throw new ApiError('WEIR_API_NOT_FOUND', `No report of the image ${missing} is known at this time.`, {
        hints: ['GET /api/v1/images lists the known images.'],
      })
    const lacks = (name: string) => images.some((image) => image[name] === null)
    return answerJson(request, reply, {
      from,
      to,
      at: isoOf(at),
      packages: lacks('packages') ? null : packageDiffs(packages, from),
      problems: lacks('findings') ? null : problemDiffs(problems, from),
    })
  })
}
