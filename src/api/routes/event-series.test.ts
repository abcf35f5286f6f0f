import { expect, test } from 'vitest'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { startStored } from '../testing/stored.ts'

const start = Date.parse('2026-11-20T10:00:00Z')
const utf8 = new TextEncoder()
let count = 0

const point = (host: string, seconds: number, value: unknown): WeirEvent => ({
  id: `point-${++count}`,
  source: '/feed',
  type: 'com.example.point',
  family: 'point',
  subject: host,
  time: start + seconds * 1000,
  datacontenttype: 'application/json',
  encoding: 'json',
  data: utf8.encode(JSON.stringify({ labels: { host }, fields: { 'load/1': value }, note: 'text' })),
})

const events = [
  point('a', 0, 1),
  point('a', 30, 3),
  point('a', 60, '5.5'),
  point('b', 0, 10),
  point('b', 60, 'high'),
  point('c', 0, 100),
]
const span = { from: '2026-11-20T10:00:00Z', to: '2026-11-20T10:02:00Z' }

test('numbers and texts in the bodies are found, and series are by group with the rest', async () => {
  const api = await startStored({})
  await api.addBatch(toEventBatch(events), start)
  expect((await api.get('events/fields', { family: 'point', ...span })).body).toEqual({
    numbers: ['/fields/load~11'],
    texts: ['/fields/load~11', '/labels/host', '/note'],
    members: [
      { name: 'data."/fields/load~11"', events: 6 },
      { name: 'data.labels.host', events: 6 },
      { name: 'data.note', events: 6 },
    ],
    sampled: 6,
  })
  const series = async (parameters: Readonly<Record<string, string>>): Promise<unknown> => {
    const query = { family: 'point', field: '/fields/load~11', buckets: '2', ...span, ...parameters }
    const { body } = await api.get('events/series', query)
    return (body['series'] as { value: string | null; others: number; points: { number: number }[] }[]).map(
      ({ value, others, points }) => [value, others, ...points.map(({ number }) => number)],
    )
  }
  expect(await series({ function: 'sum' })).toEqual([[null, 0, 114, 5.5]])
  expect(await series({ by: 'subject' })).toEqual([
    ['a', 0, 2, 5.5],
    ['b', 0, 10],
    ['c', 0, 100],
  ])
  expect(await series({ by: '/labels/host', function: 'max', limit: '1' })).toEqual([
    ['a', 0, 3, 5.5],
    [null, 2, 100],
  ])
  expect((await api.get('events/series', { family: 'point', field: 'x' })).status).toBe(400)
})
