import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EventReceiver } from '../kit/event-receiver.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

interface AlertList {
  readonly rules: readonly Readonly<{
    name: string
    state: string
    error?: string
    alerts: readonly Readonly<{ state: string; labels: Record<string, string>; value: number; active_at: string }>[]
  }>[]
  readonly firing: number
  readonly pending: number
}

const statement = `SELECT subject,
  (count(*) FILTER (WHERE type = 'trip') - count(*) FILTER (WHERE type = 'clear'))::INTEGER AS value
  FROM events WHERE source = '/test' GROUP BY 1`

let posted = 0
const event = (type: string, subject: string): object => ({
  specversion: '1.0',
  id: `${type}-${++posted}`,
  source: '/test',
  type,
  subject,
  data: {},
})

const polling = { timeout: 90_000, interval: 200 }
const alerts = (weir: WeirProcess): Promise<AlertList> => weir.get('/api/v1/alerts')

test('kill -9 between evaluation and delivery: one firing, one resolution, and `for` continues', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-alerts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const receiver = await EventReceiver.prepare()
  onTestFinished(() => receiver.close())
  await using weir = await startWeir({
    folder,
    config: {
      alerts: {
        tripped: { sql: statement, condition: '> 0', every: '1s', for: '3s' },
        broken: { sql: 'SELECT nothing FROM nowhere', every: '1s' },
      },
      sinks: { hook: { type: 'http', url: receiver.url, from: ['alerts'], delivery: { retry_max: '500ms' } } },
    },
  })
  await weir.events([event('trip', 'a')])
  await expect.poll(async () => (await alerts(weir)).pending, polling).toBe(1)
  const { active_at: since } = (await alerts(weir)).rules.find(({ name }) => name === 'tripped')!.alerts[0]!
  await weir.kill()
  await weir.start()
  await expect.poll(async () => (await alerts(weir)).firing, polling).toBe(1)
  const fired = (await alerts(weir)).rules.find(({ name }) => name === 'tripped')!
  expect(fired).toMatchObject({ state: 'firing', alerts: [{ labels: { subject: 'a' }, value: 1, active_at: since }] })

  // The receiver does not exist yet: the event is only in the journal.
  await weir.kill()
  await weir.start()
  await receiver.listen()
  await expect.poll(() => receiver.received.length, polling).toBeGreaterThan(0)
  await receiver.close()

  await weir.events([event('clear', 'a')])
  await expect.poll(async () => (await alerts(weir)).firing, polling).toBe(0)
  await weir.kill()
  await weir.start()
  await receiver.listen()
  const states = (): string[] => [...new Set(receiver.received.map(({ id }) => id))].map((id) => id.split('/').at(-1)!)
  await expect.poll(states, polling).toEqual(['firing', 'resolved'])

  await expect
    .poll(async () => (await alerts(weir)).rules.find(({ name }) => name === 'broken'), polling)
    .toMatchObject({ state: 'failing', alerts: [], error: expect.stringMatching(/nowhere/) as string })
  const stored = await weir.sql(
    `SELECT type, count(*) AS n FROM events WHERE subject = 'tripped' GROUP BY 1 ORDER BY 1`,
  )
  expect(stored).toEqual([
    { type: 'weir.alert.firing', n: 1 },
    { type: 'weir.alert.resolved', n: 1 },
  ])
})

test('a reload applies rules: a removed rule resolves its alerts, an unchanged one continues', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-alerts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const rule = { on: 'events', filter: 'source = "/test"', condition: '> 0', window: '1h', every: '1s' }
  await using weir = await startWeir({ folder, config: { alerts: { one: rule, two: rule } } })
  await weir.events([event('trip', 'a')])
  await expect.poll(async () => (await alerts(weir)).firing, polling).toBe(2)
  weir.configure({ alerts: { one: rule } })
  expect(await weir.post('/api/v1/reload', {})).toMatchObject({ ok: true, changed: ['alerts'] })
  await expect
    .poll(async () => (await alerts(weir)).rules.map(({ name, state }) => [name, state]), polling)
    .toEqual([['one', 'firing']])
  weir.configure({ alerts: {} })
  await weir.post('/api/v1/reload', {})
  await expect
    .poll(() => weir.sql(`SELECT subject, type FROM events WHERE source LIKE '/weir/%' ORDER BY ALL`), polling)
    .toEqual(
      ['one', 'two'].flatMap((subject) => ['firing', 'resolved'].map((to) => ({ subject, type: `weir.alert.${to}` }))),
    )
})

test('a rule and a silence of a user survive kill -9, and the alert is sent when the silence is ended', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-alerts-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const receiver = await EventReceiver.start()
  onTestFinished(() => receiver.close())
  await using weir = await startWeir({
    folder,
    config: { sinks: { hook: { type: 'http', url: receiver.url, from: ['alerts'] } } },
  })
  const send = async (method: string, path: string, body?: object) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${weir.url}/api/v1/alerts/${path}`, {
      method,
      ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }),
    })
    expect(answer.status, `${method} ${path}`).toBe(200)
    return (await answer.json()) as Readonly<{ id: string }>
  }
  const settings = { sql: statement, condition: '> 0', every: '1s' }
  await send('PUT', 'tripped', { settings })
  const { id } = await send('POST', 'tripped/silences', { until: 'now+1h', reason: 'test' })
  await weir.kill()
  await weir.start()
  await weir.events([event('trip', 'a')])
  await expect.poll(async () => (await alerts(weir)).firing, polling).toBe(1)
  // Later rows of the same source arrive, so that the silenced ones would have, too.
  await send('POST', 'tripped/send-test')
  const received = () => [...new Set(receiver.received.map(({ id: each }) => each))].map((each) => each.split('/')[0])
  await expect.poll(received, polling).toEqual(['test'])
  await weir.kill()
  await weir.start()
  await send('DELETE', `tripped/silences/${id}`)
  await expect.poll(received, polling).toEqual(['test', 'tripped'])
})
