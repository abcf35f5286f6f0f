// Three instances behind a load balancer are restarted one after the other, as a StatefulSet does, under load.
import { Agent, request } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EventReceiver } from '../kit/event-receiver.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { nats as program } from './install/nats.ts'
import { startNats } from './kit/nats.ts'
import { need } from './kit/need.ts'

const partitions = 6
/** Longer than a poll of readiness takes, also on a busy machine. */
const drain = '8s'

/** Selects ready instances in turn, as a Service does, and keeps connections alive. */
class LoadBalancer {
  readonly #targets: readonly WeirProcess[]
  readonly #ready = new Set<WeirProcess>()
  readonly #agent = new Agent({ keepAlive: true })
  readonly #polls: Promise<void>[]
  #ended = false
  #turn = 0

  constructor(targets: readonly WeirProcess[]) {
    this.#targets = targets
    this.#polls = targets.map((target) => this.#poll(target))
  }

  get ready(): number {
    return this.#ready.size
  }

  isReady(target: WeirProcess): boolean {
    return this.#ready.has(target)
  }

  async post(body: string): Promise<{ status: number; text: string; target: string }> {
    const targets = this.#targets.filter((target) => this.#ready.has(target))
    const target = targets[this.#turn++ % targets.length]
    if (target === undefined) throw new Error('no instance is ready')
    const { url } = target
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/cloudevents-batch+json',
        'content-length': Buffer.byteLength(body),
      }
      const outgoing = request(`${url}/events`, { method: 'POST', agent: this.#agent, headers }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text, target: url }))
        answer.on('error', reject)
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  async close(): Promise<void> {
    this.#ended = true
    await Promise.all(this.#polls)
    this.#agent.destroy()
  }

  async #poll(target: WeirProcess): Promise<void> {
    while (!this.#ended) {
      const status = await fetch(`${target.opsUrl}/healthz/ready`).then(
        (answer) => answer.status,
        () => 0,
      )
      if (status === 200) this.#ready.add(target)
      else this.#ready.delete(target)
      await sleep(50)
    }
  }
}

describe('nats-server', () => {
  test('a rolling restart under load loses and fails nothing, and repeats only sends in progress', async (context) => {
    await need(context, program)
    const dir = await mkdtemp(join(tmpdir(), 'weir-rolling-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await using server = await startNats({ jetstream: true, dir })
    await using receiver = await EventReceiver.start()
    const instances = await Promise.all(
      [0, 1, 2].map((number) =>
        startWeir({
          folder: join(dir, `weir-${number}`),
          config: {
            instance: `weir-${number}`,
            drain,
            journal: { on: { type: 'nats', url: server.url, partitions } },
            sources: { netflow: { listen: 'off', tcp: 'off' } },
            sinks: { out: { type: 'http', url: receiver.url, mode: 'batched' } },
          },
        }),
      ),
    )
    onTestFinished(() => Promise.all(instances.map((weir) => weir.kill())).then(() => undefined))
    const balancer = new LoadBalancer(instances)
    await expect.poll(() => balancer.ready, { timeout: 120_000 }).toBe(3)
    // Each instance delivers its share.
    await expect
      .poll(
        async () =>
          (await Promise.all(instances.map((weir) => weir.metric('weir_shared_journal_partitions')))).toSorted(
            (a, b) => a - b,
          ),
        { timeout: 120_000 },
      )
      .toEqual([2, 2, 2])

    const failures: string[] = []
    let sent = 0
    let isLoading = true
    const load = Promise.all(
      [0, 1, 2, 3].map(async (client) => {
        while (isLoading) {
          const first = sent
          sent += 20
          const events = Array.from({ length: 20 }, (_, at) => ({
            specversion: '1.0',
            id: String(first + at),
            source: '/rolling',
            type: 'numbered',
            partitionkey: `${client}.${at % 4}`,
          }))
          const answer = await balancer.post(JSON.stringify(events)).catch((error: unknown) => ({
            status: 0,
            text: String(error),
            target: '',
          }))
          if (answer.status !== 200) failures.push(`${answer.target} ${answer.status} ${answer.text.slice(0, 200)}`)
          await sleep(20)
        }
      }),
    )
    for (const weir of instances) {
      const before = sent
      // Readiness ends before the listener does: a request to the leaving instance is still accepted.
      weir.signal('SIGTERM')
      await expect.poll(() => balancer.isReady(weir), { timeout: 60_000 }).toBe(false)
      const late = await fetch(`${weir.url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body: JSON.stringify([{ specversion: '1.0', id: weir.url, source: '/late', type: 'late' }]),
      })
      expect([late.status, late.headers.get('connection')]).toEqual([200, 'close'])
      expect(await weir.exited()).toEqual({ code: 0, signal: null })
      await weir.start()
      await expect.poll(() => balancer.ready, { timeout: 120_000 }).toBe(3)
      await expect.poll(() => sent, { timeout: 60_000 }).toBeGreaterThan(before + 200)
    }
    isLoading = false
    await load
    await balancer.close()
    expect(failures).toEqual([])

    const expected = Array.from({ length: sent }, (_, number) => String(number))
    const ids = (): string[] => receiver.received.filter(({ source }) => source === '/rolling').map(({ id }) => id)
    await expect.poll(() => new Set(ids()).size, { timeout: 120_000 }).toBe(sent)
    const sorted = (list: readonly string[]): string[] => list.toSorted((a, b) => Number(a) - Number(b))
    // A stop ends the send that is in progress; it is repeated, under the same ids, by the instance that takes over.
    const repeated = new Set(ids().filter((id, at, all) => all.indexOf(id) < at))
    expect(repeated.size).toBeLessThan(expected.length / 10)
    expect(receiver.received.filter(({ source }) => source === '/late').length).toBeGreaterThanOrEqual(3)
    for (const weir of instances) {
      const rows = (): Promise<{ id: string }[]> => weir.sql("SELECT id FROM events WHERE source = '/rolling'")
      await expect.poll(async () => (await rows()).length, { timeout: 120_000 }).toBeGreaterThanOrEqual(sent)
      expect(sorted((await rows()).map(({ id }) => id))).toEqual(expected)
    }
    const ledger = await instances[0]!.ledger()
    expect(ledger.balanced).toBe(true)
  }, 900_000)
})
