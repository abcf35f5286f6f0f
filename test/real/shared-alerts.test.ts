// Alerts of two Weirs with one journal: one evaluates, the other takes over after kill -9, and nothing is sent twice.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Alerts } from '../../src/topics/alerts/schema.ts'
import { EventReceiver } from '../kit/event-receiver.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { nats as program } from './install/nats.ts'
import { startNats } from './kit/nats.ts'
import { need } from './kit/need.ts'

const patience = { timeout: 120_000, interval: 200 }

/** Active while there are more trips than clears. */
const statement = `SELECT subject,
  (count(*) FILTER (WHERE type = 'trip') - count(*) FILTER (WHERE type = 'clear'))::INTEGER AS value
  FROM events WHERE source = '/test' GROUP BY 1`

describe('nats-server', () => {
  test('alerts of two Weirs are sent once despite kill -9 of the one that evaluates', async (context) => {
    await need(context, program)
    const dir = await mkdtemp(join(tmpdir(), 'weir-shared-alerts-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    await using server = await startNats({ jetstream: true, dir })
    const receiver = await EventReceiver.start()
    onTestFinished(() => receiver.close())
    const start = (instance: string): Promise<WeirProcess> =>
      startWeir({
        folder: join(dir, instance),
        config: {
          instance,
          journal: { on: { type: 'nats', url: server.url, partitions: 2 } },
          sources: { netflow: { listen: 'off', tcp: 'off' } },
          alerts: { tripped: { sql: statement, condition: '> 0', every: '1s', for: '3s' } },
          sinks: { hook: { type: 'http', url: receiver.url, from: ['alerts'], delivery: { retry_max: '500ms' } } },
        },
      })
    await using one = await start('one')
    await using two = await start('two')
    const list = (weir: WeirProcess): Promise<Alerts> => weir.get('/api/v1/alerts')
    const evaluator = async (weir: WeirProcess) => (await list(weir)).evaluated_by
    const since = async (weir: WeirProcess) => (await list(weir)).rules[0]?.alerts[0]?.active_at
    let events = 0
    const post = (type: string, to: WeirProcess) =>
      to.events([{ specversion: '1.0', id: `${type}-${++events}`, source: '/test', type, subject: 'db', data: {} }])
    const evaluators = async () => [await evaluator(one), await evaluator(two)]
    await expect.poll(async () => new Set(await evaluators()), patience).toEqual(new Set([await evaluator(one)]))
    await expect.poll(() => evaluator(one), patience).toBeDefined()

    const [first, second] = (await evaluator(one)) === 'one' ? ([one, two] as const) : ([two, one] as const)
    await post('trip', second)
    await expect.poll(() => since(second), patience).toBeDefined()
    const began = await since(second)
    await first.kill()
    await expect.poll(async () => (await list(second)).firing, patience).toBe(1)
    expect([(await evaluator(second)) === 'one' ? one : two, await since(second)]).toEqual([second, began])

    await first.start()
    await expect.poll(async () => [(await list(first)).firing, await since(first)], patience).toEqual([1, began])
    expect(await evaluator(first)).toBe(await evaluator(second))
    await second.kill()
    await post('clear', first)
    await expect.poll(async () => (await list(first)).firing, patience).toBe(0)
    const states = (): string[] =>
      [...new Set(receiver.received.map(({ id }) => id))].map((id) => id.split('/').at(-1)!)
    await expect.poll(states, patience).toEqual(['firing', 'resolved'])
    const stored = await first.sql(
      `SELECT type, count(*)::INTEGER AS n FROM events WHERE subject = 'tripped' GROUP BY 1 ORDER BY 1`,
    )
    expect(stored).toEqual([
      { type: 'weir.alert.firing', n: 1 },
      { type: 'weir.alert.resolved', n: 1 },
    ])
  }, 400_000)
})
