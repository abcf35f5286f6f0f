import { expect, test } from 'vitest'
import { weir } from './testing/command.ts'
import { startIncident } from './testing/incident.ts'
import { whyText } from './why.ts'

test('`weir why` lists the change that preceded a drop first, with actor and relation', async () => {
  const { url, range, actor, kind, object } = await startIncident(2)
  const { out, code, err } = await weir(['why', '--url', url, ...range])
  expect([code, err]).toEqual([0, ''])
  const lines = out.split('\n')
  expect(lines[0]).toMatch(/^Traffic changed at .* UTC, from .* to .* in equal times\.$/)
  expect(lines[3]).toContain(`${kind} ${object} updated`)
  expect(lines[3]).toContain(actor)
  expect(lines[3]).toContain(`is ${object}`)
  expect(out).toMatch(/Not listed: 0 noise, \d+ by controllers as results, \d+ without a known relation\.\n$/)
  const json = JSON.parse((await weir(['why', '--url', url, ...range, '-o', 'json', '--limit', '1'])).out) as {
    candidates: { name: string }[]
  }
  expect(json.candidates.map((each) => each.name)).toEqual([object.split('/').at(-1)])
  expect((await weir(['why', '--url', url, '--lookback', 'soon'])).err).toContain('"lookback" is not a duration')
})

test('an answer without candidates names the searched time', () => {
  const text = whyText({
    onset: '2026-11-20T10:00:00.000Z',
    detected: false,
    by: 'flows',
    before: 0,
    after: 0,
    window: { from: '2026-11-20T09:30:00.000Z', to: '2026-11-20T10:00:11.000Z' },
    candidates: [],
    others: 0,
    excluded: { noise: 1, controllers: 2, unrelated: 3 },
  })
  expect(text).toContain('No recorded change between 2026-11-20 09:30:00 and 2026-11-20 10:00:11 UTC')
})
