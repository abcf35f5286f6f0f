import { expect, test } from 'vitest'
import type { WeirEvent } from '../../model/events.ts'
import { statementsOf } from './map-cypher.ts'
import { toGraph } from './map.ts'

const base: WeirEvent = { id: 'a1', source: '/s', type: 'ecs.start', family: 'audit', time: 1_710_846_287_100, encoding: 'json' }
const event = (data: unknown, more: Partial<WeirEvent> = {}): WeirEvent => ({ ...base, data: Buffer.from(JSON.stringify(data)), ...more })
const audit = { actor: { kind: 'user', id: 'b1', name: 'anna', domain: 'd/1', address: '192.0.2.7' }, action: 'start', service: 'ECS', resource: { type: 'vm', id: 'v1', name: 'web' }, tenant: 't1', region: 'eu', outcome: 'success', severity: 'normal' }

test('an actor, not the resource, is the subject; a name holds in its domain only; the resource is found by its reference', () => {
  const { length: _, ...row } = toGraph(event({ record_time: 5, audit: { ...audit, actor: { ...audit.actor, kind: 'session', impersonatedBy: { name: 'eve' } } } }, { ref: 'otc:t1/ecs/vm/v1', extensions: { domain: 'd1', code: 200 } }))
  expect(row).toEqual({
    action: { id: 'a1', time: 1_710_846_287_100, recorded: 5, set: { source: '/s', type: 'ecs.start', status: 'normal', name: 'start', service: 'ECS', code: '200', sourceIp: '192.0.2.7' } },
    subject: { key: 'd%2F1/b1', set: { id: 'b1', name: 'anna', kind: 'session', domainId: 'd/1' } }, behind: { key: '/eve', set: { id: 'eve', name: 'eve', kind: 'user' } },
    resource: { key: 'otc:t1/ecs/vm/v1', set: { id: 'v1', name: 'web', type: 'vm', service: 'ECS' } }, tenant: { tenantId: 't1', domainId: 'd1' }, region: 'eu', status: 'normal',
  })
})

test('what is not told makes no node: no resource without id and name, no tenant, no region', () => {
  const { length: _, ...row } = toGraph(event({ audit: { actor: { kind: 'system' }, action: 'x', severity: 'odd', resource: { id: ' ', type: 'vm' } } }, { time: Number.NaN }))
  expect(row).toEqual({ action: { id: 'a1', time: null, recorded: null, set: { source: '/s', type: 'ecs.start', status: 'unknown', name: 'x' } }, subject: { key: 'system', set: { id: 'system', kind: 'system' } }, status: 'unknown' })
})

test('an event as cts_exporter sends it is read by its attributes and its trace', () => {
  const data = { trace_name: 'login', trace_type: 'ConsoleAction', user: { id: 'u1', name: 'jdoe', domain: { id: 'd9' } } }
  expect(toGraph(event(data, { subject: 'jdoe', extensions: { status: 'warning', code: '401', resourceid: 'r1', region: 'eu', domain: 'd1', tenant: 't1' } }))).toMatchObject({
    action: { set: { name: 'login', code: '401', status: 'warning' } }, subject: { key: 'd9/u1' }, resource: { key: 'cloud:t1///r1', set: { id: 'r1', name: 'jdoe' } }, tenant: { tenantId: 't1', domainId: 'd1' }, region: 'eu', status: 'warning',
  })
  expect(toGraph({ ...base, encoding: 'none' })).toMatchObject({ subject: { key: 'unknown' }, status: 'unknown' })
})

test('what makes no graph is told with the reason', () => {
  const why = (one: WeirEvent): string => {
    try {
      return JSON.stringify(toGraph(one))
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
  }
  expect(why(event({ audit }, { family: 'change' }))).toContain('only audit events make a graph')
  expect(why({ ...base, data: Buffer.from('{') })).toContain('should be JSON')
  expect(why(event({ audit }, { id: 'ü'.repeat(2001) }))).toContain('its id has 4002 bytes')
  expect(why(event({ audit: { ...audit, region: 'r'.repeat(5000) } }))).toContain('its region has 5000 bytes')
})

test('what many rows share is written once, sorted; of an event that comes twice the later one holds', () => {
  const rows = ['b', 'a', 'b'].map((id, index) => toGraph(event({ audit: { ...audit, action: `n${index}`, resource: { type: 'vm', id: `v${2 - index}` } } }, { id })))
  const written = statementsOf(rows).map(({ text, parameters }) => `${/MERGE \(.*?:([A-Z_]+)/.exec(text)?.[1] ?? ''} ${parameters.rows.length}`)
  expect(written).toEqual(['REGION 1', 'STATUS 1', 'TENANT 1', 'LOCATED_AT 1', 'SUBJECT 1', 'RESOURCE 3', 'MEMBER_OF 3', 'ACTION 2', 'APPLIED_ON 3'])
  const actions = statementsOf(rows).find(({ text }) => text.includes('MERGE (a:ACTION'))?.parameters.rows as { id: string; set: { name: string } }[]
  expect(actions.map(({ id, set }) => `${id} ${set.name}`)).toEqual(['a n1', 'b n2'])
})
