import { expect, test } from 'vitest'
import { pieces, RecordingControl } from '../testing/recording-control.ts'
import { start } from '../testing/kit.ts'

const tokens = [{ name: 'heavy', token: 'secret-heavy-1' }, { name: 'light', token: 'secret-light-1' }] as const

test('who asks twelve at once has ten answered in turn and two refused, and another user is not refused', async () => {
  const control = new RecordingControl()
  const ends: (() => void)[] = []
  const begun: string[] = []
  control.answer = (sql) => {
    begun.push(sql)
    return new Promise((resolve) => ends.push(() => resolve(pieces('[]'))))
  }
  const { api } = await start({ control, auth: { tokens }, limits: { questionsAtOnce: 2, questionsPerUser: 8, questions: 100 } })
  const ask = async (name: 'heavy' | 'light', sql: string): Promise<number> => {
    const answer = await fetch(`${api.url}/api/v1/sql`, { method: 'POST', headers: { authorization: `Bearer secret-${name}-1`, 'content-type': 'application/json' }, body: JSON.stringify({ sql, format: 'json' }) })
    if (answer.status === 429) expect(await answer.json()).toMatchObject({ code: 'WEIR_API_LIMIT', detail: '8 questions of one user wait already to be answered by the store.' })
    return answer.status
  }
  const refused: number[] = []
  const heavy = Array.from({ length: 12 }, async (_, at) => {
    const status = await ask('heavy', `SELECT ${at} AS heavy`)
    if (status === 429) refused.push(status)
    return status
  })
  // Two are under way and eight wait; whichever came last is refused.
  await expect.poll(() => refused.length).toBe(2)
  expect(begun).toHaveLength(2)
  // Another user still may.
  const light = ask('light', 'SELECT 1 AS light')
  while (ends.length > 0 || begun.length < 11) {
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await light).toBe(200)
  expect((await Promise.all(heavy)).toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429])
})
