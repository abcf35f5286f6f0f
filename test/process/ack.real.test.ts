import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventReceiver } from '../kit/event-receiver.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

let folder = ''
let weir: WeirProcess
let receiver: EventReceiver

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-ack-'))
  receiver = await EventReceiver.start()
  weir = await startWeir({
    folder,
    config: {
      http: { ack: 'sink:bus', ack_timeout: '3s' },
      sinks: { bus: { type: 'http', url: receiver.url, delivery: { retry_initial: '50ms', retry_max: '100ms' } } },
    },
  })
})
afterEach(async () => {
  await weir.kill()
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

async function post(
  ...ids: string[]
): Promise<{ status: number; body: Record<string, unknown>; retryAfter: string | null }> {
  const answer = await fetch(`${weir.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(ids.map((id) => ({ specversion: '1.0', id, source: '/s', type: 't' }))),
  })
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    retryAfter: answer.headers.get('retry-after'),
  }
}

describe('with `ack: sink:bus`', () => {
  it('a push is answered once the sink has it', async () => {
    expect(await post('a', 'b')).toMatchObject({ status: 200, body: { accepted: 2 } })
    expect(receiver.received.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('a push that the sink does not take in time has to be repeated, and is neither lost nor duplicated', async () => {
    receiver.status = 503
    const first = await post('a')
    expect(first.status).toBe(503)
    expect(first.retryAfter).not.toBeNull()
    receiver.status = 204
    await expect.poll(async () => (await post('a')).status, { timeout: 20_000 }).toBe(200)
    const ledger = await weir.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    // A repetition after the sink has it is delivered once more, under its id.
    const { accepted } = ledger.sources.find(({ name }) => name === 'http') ?? {}
    expect(ledger.sinks.find(({ name }) => name === 'bus')).toMatchObject({ delivered: accepted })
    expect(new Set(receiver.received.map(({ id }) => id))).toEqual(new Set(['a']))
  })

  it('a repeated push of a delivered event is delivered again, one of a pending event is not', async () => {
    expect(await post('a')).toMatchObject({ status: 200, body: { accepted: 1, duplicates: 0 } })
    expect(await post('a')).toMatchObject({ status: 200, body: { accepted: 1, duplicates: 0 } })
    expect(receiver.received.map(({ id }) => id)).toEqual(['a', 'a'])
    receiver.status = 503
    expect(await Promise.all([post('b'), post('b')])).toMatchObject([{ status: 503 }, { status: 503 }])
    // Rejected permanently, and so is the waiting request.
    receiver.status = 400
    expect(await post('b')).toMatchObject({ status: 422 })
    const ledger = await weir.caughtUp(30_000)
    expect(ledger.balanced).toBe(true)
    // A repetition after `b` was rejected is tried once more.
    const { accepted = 0, duplicates = 0 } = ledger.sources.find(({ name }) => name === 'http') ?? {}
    expect([accepted + duplicates, duplicates > 0]).toEqual([5, true])
    expect(ledger.sinks.find(({ name }) => name === 'bus')).toMatchObject({
      delivered: 2,
      dead_lettered: accepted - 2,
      pending: 0,
    })
  })

  it('a push that the sink refuses for good is answered so, and becomes a dead letter', async () => {
    receiver.status = 400
    const answer = await post('a')
    expect(answer.status).toBe(422)
    expect(JSON.stringify(answer.body)).toContain('dead')
    const ledger = await weir.caughtUp(30_000)
    expect(ledger.sinks.find(({ name }) => name === 'bus')).toMatchObject({
      delivered: 0,
      dead_lettered: 1,
      pending: 0,
    })
    receiver.status = 204
    expect(await weir.post('/api/v1/dead-letters/bus/retry', {})).toMatchObject({})
    await expect.poll(() => receiver.received.map(({ id }) => id), { timeout: 10_000 }).toEqual(['a'])
    await expect
      .poll(async () => (await weir.ledger()).sinks.find(({ name }) => name === 'bus'), { timeout: 10_000 })
      .toMatchObject({ delivered: 1, dead_lettered: 0 })
  })
})
