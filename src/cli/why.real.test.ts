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
  const first = lines[lines.findIndex((line) => line.startsWith('time (UTC)') && line.includes('score')) + 1]
  expect(first).toContain(`${kind} ${object} updated`)
  expect(first).toContain(actor)
  expect(first).toContain(`is ${object}`)
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

test('the changes of level are counted, and the explained one is marked', () => {
  const interval = { earliest: '2026-11-20T09:59:59.000Z', latest: '2026-11-20T10:00:01.000Z' }
  const level = { ...interval, before: 90, after: 10, gradual: false, workloads: ['shop/web'] }
  const text = whyText({
    onset: '2026-11-20T10:00:00.000Z',
    detected: true,
    by: 'flows',
    before: 900,
    after: 100,
    levels: [
      { ...level, time: '2026-11-20T10:00:00.000Z', kind: 'fall', selected: true },
      { ...level, time: '2026-11-20T10:06:00.000Z', kind: 'recovery', selected: false },
      { ...level, time: '2026-11-20T10:20:00.000Z', kind: 'fall', selected: false },
    ],
    verdict: 'unexplained',
    reason: 'No change explains this: 3 changes and audit events, of which 0 are related.',
    missing: ['no audit log of cluster lab'],
    window: { from: '2026-11-20T09:30:00.000Z', to: '2026-11-20T10:00:11.000Z' },
    candidates: [],
    others: 0,
    excluded: { noise: 1, controllers: 2, unrelated: 3 },
  })
  expect(text).toContain('2 falls and 1 recovery; --at selects another one:')
  expect(text).toMatch(/^> +2026-11-20 10:00:00 +fall +90 flows\/s +10 flows\/s +shop\/web$/m)
  expect(text).toContain('No change explains this')
  expect(text).toContain('There is no audit log of cluster lab in this time.')
})
