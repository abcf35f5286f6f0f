import { describe, expect, test } from 'vitest'
import { normal, SeededRandom } from '../../../test/kit/random.ts'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { levelsOf } from './levels.ts'

const length = 240

function poisson(random: SeededRandom, mean: number) {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  let [count, product] = [0, random.next()]
  for (const end = Math.exp(-mean); product > end; count++) product *= random.next()
  return count
}

/** Gamma distributed factor with mean 1: the counts become overdispersed. */
function factor(random: SeededRandom, size: number) {
  let sum = 0
  for (let index = 0; index < size; index++) sum -= Math.log(1 - random.next())
  return sum / size
}

type Shape = (random: SeededRandom, at: number) => number
const noises: Readonly<Record<string, (random: SeededRandom, mean: number) => number>> = {
  counts: poisson,
  'overdispersed counts': (random, mean) => poisson(random, mean * factor(random, 8)),
}

const calm: Readonly<Record<string, Shape>> = {
  stationary: () => 1,
  seasonal: (_random, at) => 1 + 0.3 * Math.sin((2 * Math.PI * at) / length),
  bursty: (random) => (random.chance(0.02) ? 3 : 1),
}

describe('levels of a series', () => {
  test.each(Object.entries(noises))('are found within a bucket in 95 %% of random steps ($0)', (_name, noise) => {
    let [total, near, extra] = [0, 0, 0]
    for (let seed = 1; seed <= drawnSize(100, 1000); seed++) {
      const random = new SeededRandom(seed)
      const level = 10 ** (0.7 + 3.3 * random.next())
      const left = random.chance(0.7) ? 0.3 * random.next() : 2 + 2 * random.next()
      const at = random.integer(60, 180)
      const until = at + random.integer(12, 50)
      const values = Array.from({ length }, (_, index) =>
        noise(random, level * (index >= at && index < until ? left : 1)),
      )
      const { changes } = levelsOf(values)
      total += 2
      near += [at, until].filter((wanted) => changes.some((change) => Math.abs(change.at - wanted) <= 1)).length
      extra += changes.length > 2 ? 1 : 0
    }
    expect(near / total).toBeGreaterThanOrEqual(0.95)
    expect((2 * extra) / total).toBeLessThanOrEqual(0.05)
  })

  test.each(Object.entries(calm))('do not change in 97 %% of calm series (%s)', (_name, shape) => {
    let alarms = 0
    const count = drawnSize(100, 1000)
    for (let seed = 1; seed <= count; seed++) {
      const random = new SeededRandom(seed)
      const level = 10 ** (4 * random.next())
      const noise = random.pick(Object.values(noises))
      const values = Array.from({ length }, (_, at) => noise(random, level * shape(random, at)))
      const sudden = levelsOf(values).changes.filter(({ isGradual }) => !isGradual)
      if (sudden.length > 0) alarms++
    }
    expect(alarms / count).toBeLessThanOrEqual(0.03)
  })

  test('are a fall and a recovery, or a rise and a recovery, with intervals of two buckets', () => {
    for (const [share, kind] of [
      [0.1, 'fall'],
      [3, 'rise'],
    ] as const) {
      const random = new SeededRandom(1)
      const values = Array.from({ length }, (_, at) => poisson(random, at >= 100 && at < 130 ? share * 40 : 40))
      const { changes } = levelsOf(values)
      expect(changes.map((change) => change.kind)).toEqual([kind, 'recovery'])
      for (const { at, earliest, latest } of changes) {
        expect(latest - earliest).toBeLessThanOrEqual(1)
        expect([earliest, latest]).toContain(at)
      }
    }
  })

  test('of few counts need less evidence where a change is expected', () => {
    const [all, hits] = [drawnSize(100, 1000), { usual: 0, expected: 0, calm: 0 }]
    for (let seed = 1; seed <= all; seed++) {
      const random = new SeededRandom(seed)
      const at = random.integer(60, 150)
      const until = at + 40
      const expected = new Map([at, at + 1, at + 2, until, until + 1, until + 2].map((bucket) => [bucket, 11]))
      const series = (left: number) =>
        Array.from({ length }, (_, bucket) => poisson(random, bucket >= at && bucket < until ? 1.5 * left : 1.5))
      const isNear = ({ changes }: ReturnType<typeof levelsOf>) =>
        changes.some((change) => Math.abs(change.at - at) <= 2)
      const values = series(0.3)
      if (isNear(levelsOf(values))) hits.usual++
      if (isNear(levelsOf(values, { expected }))) hits.expected++
      if (levelsOf(series(1), { expected }).changes.length > 0) hits.calm++
    }
    expect(hits.expected / all).toBeGreaterThan(0.6)
    expect(hits.usual / all).toBeLessThan(0.2)
    expect(hits.calm / all).toBeLessThanOrEqual(0.03)
  })

  test('of empty and constant series do not change', () => {
    for (const values of [[], [0, 0, 0, 0, 0, 0], new Array<number>(100).fill(7)])
      expect(levelsOf(values).changes).toEqual([])
  })

  test('at the start of the data return to the usual level after them', () => {
    const random = new SeededRandom(1)
    const values = Array.from({ length }, (_, at) => poisson(random, at < 6 || (at > 100 && at < 110) ? 300 : 40))
    expect(levelsOf(values).changes.map(({ kind }) => kind)).toEqual(['recovery', 'rise', 'recovery'])
  })
})
