// A transform of a shared journal: each accepted row is derived once, by any deliverer, also after kills.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EventClient } from '../kit/event-client.ts'
import { WeirGroup } from '../kit/weir-group.ts'
import type { WeirProcess } from '../kit/weir-process.ts'
import { nats as program } from './install/nats.ts'
import { startNats } from './kit/nats.ts'
import { need } from './kit/need.ts'

const patience = { timeout: 60_000, interval: 100 }

describe('nats-server', () => {
  test('accepted events are derived, delivered and counted once despite kill -9 of a deliverer', async (context) => {
    await need(context, program)
    const dir = await mkdtemp(join(tmpdir(), 'weir-shared-transform-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await using server = await startNats({ jetstream: true, dir })
    await using group = await WeirGroup.start({
      folder: join(dir, 'group'),
      collectors: 1,
      deliverers: 2,
      journal: { on: { type: 'nats', url: server.url, partitions: 4 } },
      transform: { type: 'redact', fields: ['text'] },
    })
    await group.shared(4)
    const clients = group.collectors.map(
      (weir, at) =>
        new EventClient({ url: weir.url, connections: 2, batch: 20, pause: 5, padding: 20, source: `/test/${at}` }),
    )
    for (const client of clients) client.start()
    const [killed] = group.deliverers as [WeirProcess]
    await expect.poll(() => group.receiver.received.length, patience).toBeGreaterThan(500)
    await killed.kill()
    await killed.start()
    await expect.poll(() => group.receiver.received.length, patience).toBeGreaterThan(1500)
    for (const client of clients) await client.stop()
    const sent = clients.reduce((sum, client) => sum + client.sent, 0)
    const ledger = await group.caughtUp(2 * sent, 60_000)
    const derived = ledger.sources.filter(({ name }) => name.startsWith('masked@partition-'))
    expect(derived.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(sent)
    expect(ledger.sinks.map(({ name, delivered, pending }) => [name, delivered, pending])).toEqual(
      expect.arrayContaining([
        ['masked', sent, 0],
        ['out', sent, 0],
        ['store', 2 * sent, 0],
      ]),
    )
    expect(ledger.balanced).toBe(true)
    const rows = await group.api.sql<{ rows: number; ids: number; open: number }>(
      'SELECT count(*)::INT AS rows, count(DISTINCT (source, id))::INT AS ids, count(*) FILTER ' +
        "(data->>'text' <> '[redacted]')::INT AS open FROM events WHERE _pos LIKE 'masked@%'",
    )
    expect(rows).toEqual([{ rows: sent, ids: sent, open: 0 }])
    expect(new Set(group.receiver.received.map(({ source, id }) => `${source} ${id}`)).size).toBe(sent)
  }, 180_000)
})
