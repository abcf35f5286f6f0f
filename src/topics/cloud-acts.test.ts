import { expect, test } from 'vitest'
import { cloudTypes } from '../model/cloud.ts'
import { actsOfRecords } from './cloud-acts.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`
const record = (time: string, type: string = cloudTypes.changed, id = 'i1') => ({ time: at(time), type, id })
const act = (time: string, more: object = {}) => ({
  time: at(time),
  resource_id: 'i1',
  actor: 'user:org/alice',
  action: 'ModifyInstanceAttribute',
  outcome: 'success',
  ...more,
})

type Record = ReturnType<typeof record>
type Act = ReturnType<typeof act>

/** Times of the events, in the order of the records. */
function timesOf(records: readonly Record[], acts: readonly Act[]): readonly (string | undefined)[] {
  const found = actsOfRecords(records, acts)
  return records.map((each) => found.get(each)?.time.slice(11, 19))
}

test('a record has the last event since the record before it, at most 15 minutes earlier', () => {
  const records = [record('10:20:00'), record('10:10:00'), record('10:00:00'), record('10:10:00', undefined, 'i2')]
  const acts = [act('09:44:59'), act('10:00:30'), act('10:09:00'), act('10:10:01'), act('10:20:01')]
  expect(timesOf(records, acts)).toEqual(['10:10:01', '10:09:00', undefined, undefined])
  expect(timesOf([record('10:00:00')], [act('09:45:00')])).toEqual(['09:45:00'])
})

test('events after a change are not its cause, and those that failed, read or have no actor are none', () => {
  expect(timesOf([record('10:00:00')], [act('10:00:01')])).toEqual([undefined])
  const others = [{ outcome: 'failure' }, { action: 'DescribeInstances' }, { actor: 'unknown' }]
  expect(
    timesOf(
      [record('10:00:00')],
      others.map((more) => act('09:59:00', more)),
    ),
  ).toEqual([undefined])
})

test('a creation without an earlier event has the first one after it, which is not that of the next record', () => {
  const created = record('10:00:00', cloudTypes.created)
  expect(timesOf([created], [act('10:00:20'), act('10:00:10'), act('10:00:31')])).toEqual(['10:00:10'])
  expect(timesOf([created], [act('10:00:31')])).toEqual([undefined])
  expect(timesOf([created], [act('09:59:50'), act('10:00:10')])).toEqual(['09:59:50'])
  expect(timesOf([created, record('10:05:00')], [act('10:00:10')])).toEqual(['10:00:10', undefined])
  expect(timesOf([created, record('10:05:00')], [act('09:59:50'), act('10:00:10')])).toEqual(['09:59:50', '10:00:10'])
})
