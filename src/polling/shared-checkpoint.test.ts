import { expect, onTestFinished, test } from 'vitest'
import { otcCtsSchema } from '../connectors/otc-cts/config.ts'
import { openOtcCts } from '../connectors/otc-cts/source.ts'
import { configFrom } from '../schema/index.ts'
import { QueryScene, minute } from '../../test/kit/query-scene.ts'
import { CtsServer } from '../../test/kit/cts.ts'
import { kubeconfigOf } from '../../test/kit/kubeconfig.ts'
import { LeaseServer } from '../../test/kit/lease-server.ts'
import { checkpointRecord } from './shared-checkpoint.ts'
import type { AwaitedSink, SourceContext } from '../engine/contracts.ts'

const start = Date.parse('2026-11-22T10:00:00Z')
const trace = (id: string, time: number): object => ({ trace_id: id, time, trace_name: 'stop' })

class Sink {
  isOpen = true
  readonly #waiting: (() => void)[] = []

  settle(): void {
    this.isOpen = true
    for (const act of this.#waiting.splice(0)) act()
  }

  get awaited(): AwaitedSink {
    return {
      ready: () => Promise.resolve(true),
      settled: (_, signal) => {
        if (this.isOpen) return Promise.resolve('settled')
        const { promise, resolve } = Promise.withResolvers<'settled' | 'stopped'>()
        this.#waiting.push(() => {
          resolve('settled')
        })
        signal.addEventListener('abort', () => {
          resolve('stopped')
        })
        return promise
      },
    }
  }
}

async function cloud(ack: string) {
  const [server, leases] = [await new CtsServer(() => start).start(), await new LeaseServer().start()]
  onTestFinished(async () => {
    await Promise.all([server.stop(), leases.stop()])
  })
  const project = server.project('eu-de_prod')
  const auth = {
    type: 'password',
    user: server.user.name,
    password: server.user.password,
    domain: server.domain.name,
  } as const
  const config = configFrom(otcCtsSchema, {
    iam: `${server.url}/v3`,
    auth,
    projects: [{ name: 'eu-de_prod' }],
    look_back: '5m',
    lease: { name: 'cts', kubeconfig: '/kubeconfig' },
    ack,
  })
  return {
    server,
    project,
    leases,
    /** A pod has a separate journal and folder, which end with it. */
    async pod(sink: Sink, at = start) {
      const it = new QueryScene('cts', at)
      const file = await it.host.disk.open('/kubeconfig', 'create')
      await file.writeAll([Buffer.from(kubeconfigOf(leases.url))], 0)
      await file.close()
      const context: SourceContext = { ...it.context(), awaited: () => sink.awaited }
      const abort = new AbortController()
      const done = (await openOtcCts(config, context)).run(abort.signal)
      const stop = async (): Promise<void> => {
        abort.abort()
        await done
      }
      onTestFinished(stop)
      const emitted = async (...ids: readonly string[]): Promise<void> => {
        await expect.poll(() => it.ids, { interval: 2, timeout: 20_000 }).toEqual(ids)
      }
      return { it, stop, emitted }
    },
    kept: (): string => leases.leases.get('default/cts')?.metadata.annotations?.['weir/checkpoint'] ?? '',
  }
}

test('with separate journals one instance reads, and the next one resumes from the Lease', async () => {
  const { server, project, pod, kept } = await cloud('sink:out')
  const sink = new Sink()
  server.put(project, [trace('t1', start - minute)])
  const one = await pod(sink)
  await one.emitted('t1')
  const two = await pod(sink)
  await expect.poll(kept, { interval: 2, timeout: 20_000 }).toContain('t1')
  await one.stop()
  server.put(project, [trace('t2', start - minute + 1)])
  await two.emitted('t2')
  expect(one.it.ids).toEqual(['t1'])
})

test('an instance that starts hours later without a folder reads from the checkpoint', async () => {
  const { server, project, pod, kept } = await cloud('sink:out')
  const sink = new Sink()
  server.put(project, [trace('t1', start - minute)])
  const one = await pod(sink)
  await one.emitted('t1')
  await expect.poll(kept, { interval: 2, timeout: 20_000 }).toContain('t1')
  await one.stop()
  server.put(project, [trace('t2', start + 60 * minute)])
  const two = await pod(sink, start + 180 * minute)
  await two.emitted('t2')
})

test('rows that a sink has not settled are lost with the pod, so the next leader emits them again', async () => {
  const { server, project, pod, kept } = await cloud('sink:out')
  const sink = new Sink()
  sink.isOpen = false
  server.put(project, [trace('t1', start - minute)])
  const one = await pod(sink)
  await one.emitted('t1')
  const renewed = one.it.slept.length
  await expect.poll(() => one.it.slept.length, { interval: 2, timeout: 20_000 }).toBeGreaterThan(renewed + 20)
  expect(kept()).not.toContain('t1')
  await one.stop()
  sink.settle()
  const two = await pod(sink)
  await two.emitted('t1')
  await expect.poll(kept, { interval: 2, timeout: 20_000 }).toContain('t1')
})

test('the Lease has as many of the newest ids as fit', () => {
  const seen = new Map([
    ['a', new Map(Array.from({ length: 20_000 }, (_, at) => [`"a${at}`, at] as const))],
    ['b', new Map([['old', -1]])],
  ])
  const {
    places,
    seen: [a, b],
  } = checkpointRecord({ a: 1, b: 2 }, seen)
  expect([places, a?.[0], a?.[1][0], b]).toEqual([{ a: 1, b: 2 }, 'a', ['"a19999', 19_999], ['b', []]])
  const bytes = JSON.stringify(JSON.stringify(a)).length
  expect([bytes > 90 * 1024, bytes < 110 * 1024]).toEqual([true, true])
})
