// Falls of less than a minute in ranges of hours, with hours of stored flows before them.
import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { edgesOf, minute, servicesOf, type Edge } from '../../api/testing/incident-services.ts'
import { randomTraffic } from '../../api/testing/incident-traffic.ts'
import { startStored } from '../../api/testing/stored.ts'
import { realHost } from '../../host/index.ts'

const [everyMs, fallMs, nearMs] = [3 * minute, 40_000, 15_000]
const hour = 60 * minute

/** Length of a range, and the age of its end. */
const rangesHours = [
  [1, 0],
  [1, 1.5],
  [2, 3],
  [3, 0.5],
  [6, 0],
] as const

test('falls of 40 seconds every three minutes are listed in ranges of one to six hours, at any age', async () => {
  const now = realHost().clock.now()
  const from = now - 7 * hour
  const random = new SeededRandom(3)
  const edges = edgesOf(random, servicesOf(random))
  const [broken] = edges.toSorted((a, b) => b.rate - a.rate)
  const levelOf = (edge: Edge, time: number) => (edge === broken && (time - from) % everyMs < fallMs ? 0.05 : 1)
  const api = await startStored()
  await api.addBatch(randomTraffic(random, edges, { from, to: now, flowsPerMinute: 1200, levelOf }), now)
  for (const [length, age] of rangesHours) {
    const span = { from: now - (length + age) * hour, to: now - age * hour }
    const { status, body } = await api.get('why', {
      from: new Date(span.from).toISOString(),
      to: new Date(span.to).toISOString(),
    })
    expect(status, JSON.stringify(body)).toBe(200)
    const levels = body['levels'] as readonly Readonly<{ time: string; kind: string }>[]
    const listed = levels.filter(({ kind }) => kind === 'fall').map(({ time }) => Date.parse(time))
    const falls = Array.from({ length: (7 * hour) / everyMs }, (_, index) => from + index * everyMs).filter(
      (time) => time >= span.from + minute && time < span.to - minute,
    )
    const found = falls.filter((fall) => listed.some((time) => Math.abs(time - fall) <= nearMs))
    const title = `${length} h, ended ${age} h before`
    expect(found.length / falls.length, title).toBeGreaterThanOrEqual(0.95)
    expect(listed.length, title).toBeLessThanOrEqual(falls.length + 2)
  }
})
