// Answers in seeded worlds of several incidents with repairs. Weights were chosen with seeds below 100.
import { expect, test } from 'vitest'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { realHost } from '../../host/index.ts'
import { incidentSequence } from '../../api/testing/incident-sequences.ts'
import { fill, outcomes, ratesOf, type Outcome } from '../../api/testing/sequence-answers.ts'
import { startStored } from '../../api/testing/stored.ts'

async function answers(first: number, count: number, caused: boolean): Promise<readonly Outcome[]> {
  const all: Outcome[] = []
  for (let seed = first; seed < first + count; seed++) {
    const api = await startStored()
    const world = incidentSequence(seed, realHost().clock.now(), caused)
    await fill(api, world)
    all.push(...(await outcomes(api, world, drawnSize(5, 1))))
  }
  return all
}

test('of later incidents the cause is first as often as of the first one, and another one seldom', async () => {
  const all = await answers(5001, drawnSize(1, 8), true)
  const rates = ratesOf(all.filter(({ kind }) => kind === 'fall'))
  const missed = all.filter(({ result }) => result !== 'first').map(({ range, text }) => `${range}: ${text}`)
  expect(rates['confidentlyWrong'], missed.join('\n')).toBeLessThanOrEqual(10)
})

test('of traffic that changes without a cause no change is named', async () => {
  const rates = ratesOf(await answers(6001, drawnSize(1, 8), false))
  expect(rates['confidentlyWrong']).toBe(0)
})
