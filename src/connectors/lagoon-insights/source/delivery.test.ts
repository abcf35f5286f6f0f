// Outages of 30 minutes on a clock that passes at once. The server keeps one ConfigMap and refuses stale versions; the
// same with real servers is test/real/lagoon-insights-cases.test.ts.
import { describe, expect, test } from 'vitest'
import type { AwaitedOutcome, AwaitedSink } from '../../../engine/contracts.ts'
import { isRecord } from '../../../model/json.ts'
import type { Answer } from '../../../net/kubernetes/types.ts'
import { testContext } from '../../../../test/conformance/batches.ts'
import { fakeHost } from '../../../../test/kit/fake-host.ts'
import { Cluster } from '../client.ts'
import { configMapOf, reportId } from '../map.ts'
import { Delivery } from './delivery.ts'

const minute = 60_000
const trigger = { 'lagoon.sh/insightsType': 'sbom-gz' }
const core = 'core.insights.lagoon.sh/status'

interface Stored {
  readonly metadata: {
    resourceVersion: string
    labels: Texts
    annotations: Texts
    name: string
    namespace: string
    uid: string
  }
}
type Texts = Record<string, string>

class Server {
  object: Stored | undefined = {
    metadata: {
      name: 'cm',
      namespace: 'proj-main',
      uid: 'u',
      resourceVersion: '1',
      labels: { ...trigger },
      annotations: { 'core.insights.lagoon.sh/enabled': 'true' },
    },
  }
  readonly client = {
    ask: () => Promise.resolve(answer(this.object === undefined ? 404 : 200, this.object ?? {})),
    write: (method: string, _path: string, body: object) => Promise.resolve(this.#write(method, body)),
    close: () => undefined,
  }

  /** Another program changes the object. */
  touch(annotations: Texts): void {
    const { metadata } = this.#found()
    Object.assign(metadata.annotations, annotations)
    metadata.resourceVersion = String(Number(metadata.resourceVersion) + 1)
  }

  #write(method: string, body: object): Answer {
    const { metadata } = this.#found()
    const given = body as { readonly metadata?: Stored['metadata']; readonly preconditions?: Stored['metadata'] }
    if ((given.metadata ?? given.preconditions)?.resourceVersion !== metadata.resourceVersion)
      return answer(409, { kind: 'Status', code: 409, message: 'the object has been modified' })
    if (method === 'DELETE') {
      this.object = undefined
      return answer(200, {})
    }
    for (const kind of ['labels', 'annotations'] as const)
      for (const [name, value] of Object.entries(given.metadata?.[kind] ?? {}) as [string, string | null][])
        if (value === null) delete metadata[kind][name]
        else metadata[kind][name] = value
    this.touch({})
    return answer(200, this.object ?? {})
  }

  #found(): Stored {
    if (!isRecord(this.object)) throw new Error('the object is gone')
    return this.object as unknown as Stored
  }
}

function answer(status: number, body: object): Answer {
  async function* pieces() {
    yield await Promise.resolve(Buffer.from(JSON.stringify(body)))
  }
  return { status, headers: {}, body: pieces(), close: () => undefined }
}

interface Options {
  readonly burn?: boolean
  readonly marks?: { readonly max: number; readonly wait: number }
}

function stage({ burn = false, marks }: Options = {}) {
  const [host, server] = [fakeHost(1), new Server()]
  const outcome = Promise.withResolvers<AwaitedOutcome>()
  const sink: AwaitedSink = {
    ready: () => Promise.resolve(true),
    settled: () => Promise.resolve('settled'),
    outcome: () => outcome.promise,
  }
  const delivery = new Delivery({
    config: { burn, retry_marks: marks ?? null, strict: false },
    context: { host, log: testContext().log, id: 'insights' },
    cluster: new Cluster(server.client, host),
    sinks: { core: sink },
  })
  const found = configMapOf(server.object) ?? expect.unreachable('no ConfigMap')
  const settled = delivery.settle(
    {
      meta: structuredClone(found.meta),
      id: reportId(found),
      position: { sequence: 1, row: 0 },
      isEnabled: true,
      isSbom: true,
    },
    new AbortController().signal,
  )
  return { host, server, settled, end: outcome.resolve }
}

describe('a broker that is unavailable for 30 minutes', () => {
  test('14: leaves the ConfigMap as it is, which is marked after the delivery', async () => {
    const { host, server, settled, end } = stage()
    const before = structuredClone(server.object)
    await host.advance(30 * minute)
    expect(server.object).toEqual(before)
    end({ is: 'delivered' })
    await host.settle()
    expect(await settled).toEqual({ is: 'delivered' })
    expect(server.object?.metadata).toMatchObject({
      labels: trigger,
      annotations: { [core]: 'success', 'lagoon.sh/insightsProcessed': '2026-01-01T00:30:00Z' },
    })
  })

  test('burns nothing before the delivery, also if the object changes meanwhile', async () => {
    const { host, server, settled, end } = stage({ burn: true })
    await host.advance(30 * minute)
    expect(server.object).toBeDefined()
    server.touch({ note: 'changed' })
    end({ is: 'delivered' })
    await host.advance(minute)
    expect([await settled, server.object]).toEqual([{ is: 'delivered', burnt: true }, undefined])
  })

  test('burns nothing that became a dead letter', async () => {
    const { host, server, settled, end } = stage({ burn: true })
    await host.advance(30 * minute)
    end({ is: 'dead-lettered', reason: 'x'.repeat(2000) })
    await host.settle()
    expect(await settled).toEqual({ is: 'dead_letter' })
    expect(server.object?.metadata.annotations).toMatchObject({
      [core]: 'failure',
      [`${core}-error`]: 'x'.repeat(1024),
      'insights.lagoon.sh/rejected': 'dead-letter',
    })
  })

  test('15 and 16: with marks is deferred after each failure, given up on the fourth, and delivered', async () => {
    const { host, server, settled, end } = stage({ marks: { max: 3, wait: 3 * minute } })
    const deferred = (): string | undefined => server.object?.metadata.labels['lagoon.sh/insightsWriteDeferred']
    await host.advance(29_000)
    expect(deferred()).toBeUndefined()
    await host.advance(1000)
    const first = Math.floor(host.clock.now() / 1000)
    expect(deferred()).toBe(String(first + 180))
    expect(server.object?.metadata.annotations).toMatchObject({
      [core]: 'failure',
      [`${core}-error`]: expect.stringContaining('not delivered yet'),
      'insights.lagoon.sh/retries': '1',
    })
    await host.advance(6 * minute)
    expect(server.object?.metadata.labels).not.toHaveProperty('insights.lagoon.sh/max-retry-exceeded')
    await host.advance(3 * minute)
    expect(server.object?.metadata.labels).toMatchObject({
      'insights.lagoon.sh/max-retry-exceeded': 'MAX_RETRY_EXCEEDED',
      'lagoon.sh/insightsWriteDeferred': String(first + 540 + 180),
    })
    await host.advance(21 * minute)
    end({ is: 'delivered' })
    await host.settle()
    expect(await settled).toEqual({ is: 'delivered' })
    expect(server.object?.metadata.labels).toEqual(trigger)
    expect(server.object?.metadata.annotations).not.toHaveProperty(`${core}-error`)
  })
})
