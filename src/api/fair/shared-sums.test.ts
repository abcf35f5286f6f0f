import { expect, test } from 'vitest'
import { startStored } from '../testing/stored.ts'

test('equal panels of several clients share a run, although their ranges end now', async () => {
  const api = await startStored()
  const now = Date.now()
  await api.add([{ src: '10.0.0.1', dst: '10.0.0.2', bytes: 70 }], now - 1000)
  const store = api.control.store!
  let runs = 0
  let release = () => undefined as void
  const held = new Promise<void>((resolve) => (release = resolve))
  api.control.store = {
    ...store,
    async query(sql, ...more) {
      runs++
      await held
      return store.query(sql, ...more)
    },
  }
  const get = (parameters: Readonly<Record<string, string>>) =>
    api.get('flows', { group: 'src_addr', source: 'raw', ...parameters })
  const equal = Array.from({ length: 8 }, () => get({ from: 'now-1h' }))
  await expect.poll(() => runs).toBe(1)
  const others = [
    get({ from: 'now-1h', filter: 'bytes > 1' }),
    get({ from: 'now-1h', limit: '5' }),
    get({ from: String(now - 3_600_000), to: String(now) }),
    get({ from: String(now - 3_600_001), to: String(now - 1) }),
  ]
  // Two run at once.
  await expect.poll(() => runs).toBe(2)
  release()
  const answers = await Promise.all([...equal, ...others])
  for (const { status, body } of answers)
    expect([status, body['rows']]).toEqual([200, [['10.0.0.1', 70, expect.anything(), 1]]])
  expect(new Set(answers.slice(0, 8).map(({ body }) => JSON.stringify(body['span']))).size).toBe(1)
  expect(runs).toBe(5)
})
