import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Integer, Optional, String as Text } from 'typebox'
import type { TapTarget } from '../../engine/control.ts'
import type { FrameHeader, SinkPiece } from '../../engine/contracts.ts'
import type { Batch, BatchKind } from '../../model/batches.ts'
import { bind, compileLive, nameTables } from '../../query/index.ts'
import { whenAccessEnds } from '../access/gate.ts'
import type { Principal } from '../access/principal.ts'
import { parameters, type Of } from '../../topics/schema.ts'
import { withinScope } from '../../topics/scope.ts'
import { filterOf } from '../../topics/filter-text.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { typed } from '../request/typed.ts'
import { TapFeed } from '../tap/feed.ts'
import { derivationLines } from '../tap/derivations.ts'
import { previewLines, rowLines } from '../tap/lines.ts'
import { problem, string } from '../openapi/json-schema.ts'

const text = (description: string) => Optional(Text({ minLength: 1, maxLength: 64, description }))

const TapParameters = parameters({
  source: text('Id of a source. Set this, `sink` or `transform`.'),
  sink: text('Id of a sink.'),
  transform: text('Id of a transform, to see its rows before and after.'),
  filter: Optional(Text({ maxLength: 10_000, description: 'Only matching rows.' })),
  limit: Optional(
    Integer({ minimum: 1, maximum: 1_000_000_000, description: 'Number of rows after which the stream ends.' }),
  ),
})
type Query = Of<typeof TapParameters>

const waitingBytes = 1024 * 1024
const linesPerSecond = 5000
const quietMs = 15_000
const maxTaps = 32

export function tapRoutes(app: FastifyInstance, context: ApiContext): void {
  const { control, host } = context
  const feeds = new Set<TapFeed>()
  app.addHook('preClose', (done) => {
    for (const feed of feeds) feed.end()
    done()
  })
  typed(app).get(
    '/api/v1/tap',
    {
      schema: {
        operationId: 'tap',
        summary: 'Stream the rows of one source, sink or transform as they are synced',
        description:
          'One JSON object a line, from now on. For a source: each row with `_pos`, its stable id. For a ' +
          'sink: each routed row in the form in which it is delivered: ' +
          '`to`, `headers`, `body` (or `body_base64`), or the `problem` that prevents its encoding. For a ' +
          'transform: each row that it took as `before` (null: a window ended), the rows that it wrote as `after` ' +
          '(`_to`: the output of a route), and the `outcome` of a row that it filtered or rejected. Delivery is not ' +
          'affected. ' +
          '`{"skipped":n}` counts rows omitted because the client is too slow; empty lines are heartbeats.',
        querystring: TapParameters,
        response: {
          200: {
            description: 'A stream that ends after `limit` rows, or never.',
            content: { 'application/x-ndjson': { schema: string } },
          },
          404: problem,
          429: problem,
        },
      },
    },
    async (request, reply) => {
      const { query } = request
      const target = targetOf(query)
      const matching = matcher(query.filter, request.principal, context)
      const visible = matcher(undefined, request.principal, context)
      if (feeds.size >= maxTaps)
        throw new ApiError('WEIR_API_LIMIT', `The limit is ${maxTaps} taps on this server.`, {
          headers: { 'retry-after': '10' },
          hints: ['End another one.'],
        })
      const feed = new TapFeed({
        clock: host.clock,
        timers: host.timers,
        limit: query.limit ?? Number.MAX_SAFE_INTEGER,
        bytes: waitingBytes,
        linesPerSecond,
        quietMs,
      })
      const stop =
        'transform' in target
          ? control.derivations(target.transform, {
              derived(derivations, skipped) {
                // Rows of other namespaces are among them.
                if (request.seal === undefined) feed.skip(skipped)
                for (const line of derivationLines(derivations, {
                  matching,
                  visible,
                  now: host.clock.now(),
                  seal: request.seal,
                }))
                  if (feed.room(1) === 1) feed.push(line)
              },
              closed: () => feed.end(),
            })
          : control.tap(target, (piece) => {
              const rows = matching(piece)
              if (rows.length === 0) return
              const chosen = { ...piece, rows: rows.subarray(0, feed.room(rows.length)) }
              for (const line of linesOf(target, chosen, request.seal)) feed.push(line)
            })
      feeds.add(feed)
      const stream = Readable.from(feed, { objectMode: false })
      // The stream's end would wait for the feed.
      const release = whenAccessEnds(request.admission, host, () => feed.end())
      reply.raw.on('close', () => {
        stop()
        release()
        feed.end()
        feeds.delete(feed)
      })
      return reply
        .type('application/x-ndjson; charset=utf-8')
        .headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
        .send(stream)
    },
  )

  function linesOf(target: TapTarget, piece: SinkPiece, seal: FastifyRequest['seal']): Iterable<string> {
    if (piece.rows.length === 0) return []
    const previews =
      'sink' in target
        ? control.preview(target.sink, { token: 'tap', count: piece.rows.length, pieces: [piece], retried: false })
        : undefined
    return previews === undefined ? rowLines(piece, seal) : previewLines(piece, previews, seal)
  }
}

function targetOf({ source, sink, transform }: Query): TapTarget | { readonly transform: string } {
  const [target, current] = [
    ...(source === undefined ? [] : [{ source }]),
    ...(sink === undefined ? [] : [{ sink }]),
    ...(transform === undefined ? [] : [{ transform }]),
  ]
  if (target !== undefined && current === undefined) return target
  throw new ApiError('WEIR_API_INVALID', 'Set one of `source`, `sink` and `transform`.', {
    hints: ['GET /api/v1/pipeline lists them.'],
  })
}

type BatchTest = (batch: Batch, header: FrameHeader) => (row: number) => boolean

/** A filter never matches rows of another kind. */
function matcher(
  filter: string | undefined,
  principal: Principal,
  { resolver }: ApiContext,
): (piece: SinkPiece) => Uint32Array {
  if (principal.namespaces === undefined && (filter === undefined || filter.trim() === '')) return ({ rows }) => rows
  const tests = new Map<BatchKind, BatchTest>()
  let problem: unknown
  for (const kind of ['events', 'flows'] as const) {
    try {
      const test = compileLive(
        bind(withinScope(filterOf(filter ?? '', kind).expression, principal, kind), nameTables[kind]),
      )
      tests.set(kind, (batch, header) => test(batch, header, resolver))
    } catch (error) {
      problem = error
    }
  }
  if (tests.size === 0) throw problem
  return ({ batch, header, rows }) => {
    const matches = tests.get(batch.kind)?.(batch, header)
    return matches === undefined ? new Uint32Array(0) : rows.filter(matches)
  }
}
