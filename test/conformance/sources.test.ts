import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { startApi } from '../../src/api/index.ts'
import { RecordingControl } from '../../src/api/testing/recording-control.ts'
import { decodeHttp } from '../../src/codecs/cloudevents/index.ts'
import type { Ingested } from '../../src/engine/control.ts'
import type { Source, SourceContext } from '../../src/engine/contracts.ts'
import { decodeBatch, encodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, eventId, toEventBatch } from '../../src/model/events.ts'
import {
  runSourceCase,
  sourceConformance,
  type Answer,
  type SourceCase,
  type SourceHarness,
  type SourceSide,
} from './source.ts'
import type { NewUnit } from './test-journal.ts'

const batchOf = (numbers: readonly number[]): string =>
  JSON.stringify(
    numbers.map((number) => ({ specversion: '1.0', id: String(number), source: '/conformance', type: 'io.weir.test' })),
  )

function unitOf(batch: EventBatch): NewUnit {
  return {
    stream: 'http',
    kind: 'events',
    count: batch.count,
    raw: encodeBatch(batch),
    received: 0,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  }
}

const numbersOfEvents = (unit: NewUnit): number[] => {
  const batch = decodeBatch('events', unit.raw) as EventBatch
  return Array.from({ length: batch.count }, (_, row) => Number(eventId(batch, row)))
}

class JournallingControl extends RecordingControl {
  readonly #context: SourceContext

  constructor(context: SourceContext) {
    super()
    this.#context = context
  }

  override async ingest(batch: EventBatch): Promise<Ingested> {
    await this.#context.append(unitOf(batch))
    return { accepted: batch.count, duplicates: 0 }
  }
}

function httpClient(source: Source): SourceSide {
  const post = async (body: string): Promise<Answer> => {
    const headers = { 'content-type': 'application/cloudevents-batch+json' }
    const { status } = await fetch(`${source.addresses[0] ?? ''}/events`, { method: 'POST', body, headers })
    if (status >= 200 && status < 300) return 'accepted'
    return status >= 500 || status === 429 ? 'retry' : 'refused'
  }
  return {
    source,
    send: (numbers) => post(batchOf(numbers)),
    sendMalformed: () => post('[{"specversion":"1.0"}]'),
    close: () => Promise.resolve(),
  }
}

const apiHarness: SourceHarness = {
  order: 'as received',
  async build(context, address) {
    const listen = { host: '127.0.0.1', port: Number(address === undefined ? 0 : new URL(address).port) }
    const api = await startApi({
      control: new JournallingControl(context),
      listen,
      auth: { tokens: [] },
      httpAuth: 'api',
      log: context.log,
      host: context.host,
      version: '0.0.0-test',
      limits: { closeMs: 300 },
    })
    const run = async (signal: AbortSignal): Promise<void> => {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true })
      })
      await api.close()
    }
    return httpClient({ addresses: [api.url], run })
  },
  numbersIn: numbersOfEvents,
}

// A path of the API, not of a connector.
sourceConformance('http', apiHarness, { system: 'http', server: 'client', standIn: true })

// The suite itself: each faulty source must fail its case.

type Handle = (batch: EventBatch, context: SourceContext, response: ServerResponse) => Promise<void>

function faultyHarness(handle: Handle, malformedEnds = false): SourceHarness {
  return {
    async build(context, address) {
      const server = createServer((request, response) => {
        const chunks: Uint8Array[] = []
        request
          .on('data', (chunk: Uint8Array) => chunks.push(chunk))
          .on('end', () => {
            const answer = (status: number): void => {
              response.writeHead(status, { connection: 'close' }).end()
            }
            let batch: EventBatch
            try {
              batch = decodeHttp(request.headers, Buffer.concat(chunks))
            } catch {
              if (malformedEnds) server.close()
              return answer(400)
            }
            handle(batch, context, response).then(
              () => {
                answer(200)
              },
              () => {
                answer(503)
              },
            )
          })
      })
      await new Promise<void>((resolve) =>
        server.listen(Number(address === undefined ? 0 : new URL(address).port), '127.0.0.1', resolve),
      )
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const run = async (signal: AbortSignal): Promise<void> => {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve, { once: true })
        })
        await new Promise((resolve) => server.close(resolve))
      }
      return httpClient({ addresses: [url], run })
    },
    numbersIn: numbersOfEvents,
  }
}

const honest: Handle = async (batch, context) => {
  await context.append(unitOf(batch))
}

test('a correct source passes every case', async () => {
  for (const which of ['accepted', 'refused', 'drain', 'malformed', 'restart'] as const)
    await expect(runSourceCase(faultyHarness(honest), which)).resolves.toBeUndefined()
})

const faultySources: readonly (readonly [string, SourceCase, SourceHarness])[] = [
  [
    'responds before the sync',
    'accepted',
    faultyHarness((batch, context) => {
      honest(batch, context, undefined as never).catch(() => undefined)
      return Promise.resolve()
    }),
  ],
  [
    'acknowledges a refused append',
    'refused',
    faultyHarness((batch, context, response) => honest(batch, context, response).catch(() => undefined)),
  ],
  [
    'loses acknowledged rows at stop',
    'drain',
    faultyHarness((batch, context) => {
      honest(toEventBatch([eventAt(batch, 0)]), context, undefined as never).catch(() => undefined)
      return Promise.resolve()
    }),
  ],
  ['stops on malformed input', 'malformed', faultyHarness(honest, true)],
  [
    'appends only a part of the rows',
    'restart',
    faultyHarness((batch, context, response) => honest({ ...batch, count: batch.count - 1 }, context, response)),
  ],
]

test.each(faultySources)('a source that %s fails the case "%s"', async (_, which, harness) => {
  await expect(runSourceCase(harness, which, 1000)).rejects.toThrow()
})
