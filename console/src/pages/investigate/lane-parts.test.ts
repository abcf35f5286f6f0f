import { expect, test } from 'vitest'
import type { Investigation, LaneName } from '../../../../src/api/published.ts'
import { arrivedLanes, laneParts } from './lane-parts.ts'

const investigation = (lanes: readonly LaneName[], more: Partial<Investigation> = {}): Investigation => ({
  subject: { is: 'object', text: 'Deployment shop/api', ref: 'k8s:c1/apps/Deployment/shop/api' },
  span: { from: '2026-11-20T10:00:00Z', to: '2026-11-20T11:00:00Z' },
  namespaces: null,
  filter: null,
  step: 60,
  buckets: [],
  measured: [],
  since: null,
  stored_to: null,
  lost: [],
  stopped: [],
  lanes: lanes.map((name) => ({ name, state: 'empty', note: null, total: 0, items: [] })),
  ...more,
})

const nothing = { data: undefined, isOld: false }
const fresh = (data: Investigation) => ({ data, isOld: false })
const old = (data: Investigation) => ({ data, isOld: true })

test('lanes are shown as they arrive, in the order of the parts', () => {
  expect(arrivedLanes([nothing, nothing, nothing, nothing])).toBeUndefined()
  const bucket = { time: '2026-11-20T10:00:00Z', bytes: 1, packets: 1, flows: 1 }
  const [, second, third, fourth] = laneParts.map((names) => fresh(investigation(names)))
  const first = fresh(investigation(['traffic'], { buckets: [bucket] }))
  const early = arrivedLanes([nothing, nothing, third!, nothing])
  expect(early?.data.lanes.map(({ name }) => name)).toEqual(['problems'])
  expect(early?.waiting).toEqual(['traffic', 'changes', 'audit', 'events', 'cost', 'gaps'])
  const whole = arrivedLanes([first, second!, third!, fourth!])
  expect(whole?.waiting).toEqual([])
  expect(whole?.data.buckets).toEqual([bucket])
  expect(whole?.data.lanes.map(({ name }) => name)).toEqual([
    'traffic',
    'changes',
    'audit',
    'events',
    'errors',
    'problems',
    'cost',
    'gaps',
  ])
})

test('lanes of another subject or range are never beside new ones', () => {
  const before = old(investigation(['changes', 'audit', 'events']))
  const other = { is: 'address', text: '10.0.0.1', ref: '10.0.0.1' } as const
  const now = fresh(investigation(['traffic'], { subject: other }))
  expect(arrivedLanes([now, before, nothing, nothing])?.data.lanes.map(({ name }) => name)).toEqual(['traffic'])
  const longer = fresh(
    investigation(['traffic'], { span: { from: '2026-11-20T08:00:00Z', to: '2026-11-20T11:00:00Z' } }),
  )
  expect(arrivedLanes([longer, before, nothing, nothing])?.waiting).toContain('changes')
  const renewed = fresh(
    investigation(['traffic'], { span: { from: '2026-11-20T10:00:05Z', to: '2026-11-20T11:00:05Z' } }),
  )
  expect(arrivedLanes([renewed, before, nothing, nothing])?.data.lanes.map(({ name }) => name)).toEqual([
    'traffic',
    'changes',
    'audit',
    'events',
  ])
  expect(arrivedLanes([nothing, before, nothing, nothing])?.data.lanes).toHaveLength(3)
})
