import { expect, test } from 'vitest'
import { recordedChanges } from './inventory.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`
const record = (time: string, more: object = {}) => ({
  time: at(time),
  type: 'weir.cloud.changed',
  id: 'i1',
  kind: 'instance',
  name: 'worker',
  ref: 'otc:org/eu/instance/i1',
  changes: '[{"path":"tags.a/b","from":"x"},{"path":"state","from":"running","to":"stopped"}]',
  pos: `pos-${time}`,
  ...more,
})
const act = (time: string, actor: string, more: object = {}) => ({
  time: at(time),
  resource_id: 'i1',
  actor: `user:org/${actor}`,
  actor_name: actor,
  id: `a-${time}`,
  ...more,
})

test('changed fields are steps with the value before', () => {
  expect(recordedChanges([record('10:00:00')], [])).toMatchObject([
    {
      is: 'resource',
      time: at('10:00:00'),
      operation: 'changed',
      actor: null,
      paths: ['/tags/a~1b', '/state'],
      diff: [
        { op: 'remove', path: '/tags/a~1b', old: 'x' },
        { op: 'replace', path: '/state', value: 'stopped', old: 'running' },
      ],
    },
  ])
})

test('the first record after an audit event of its resource has the time and actor of the event', () => {
  const records = [record('10:04:00'), record('10:02:00'), record('09:30:00'), record('10:04:00', { id: 'i2' })]
  const acts = [act('10:01:10', 'alice'), act('10:01:50', 'bob'), act('09:00:00', 'early'), act('10:05:00', 'late')]
  expect(recordedChanges(records, acts).map(({ time, actor, audit_id: id }) => [time, actor, id])).toEqual([
    [at('10:04:00'), null, null],
    [at('10:01:50'), 'bob', 'a-10:01:50'],
    [at('09:30:00'), null, null],
    [at('10:04:00'), null, null],
  ])
})
