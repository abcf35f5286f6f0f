import { describe, expect, it } from 'vitest'
import { actorRef, type AuditActor } from '../../model/audit.ts'
import type { WeirEvent } from '../../model/events.ts'
import { queryRows } from '../testing/query-rows.ts'
import { event } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const time = Date.parse('2026-11-20T10:00:00Z')

function trace(id: string, audit: unknown, more: Partial<WeirEvent> & { readonly body?: object } = {}): WeirEvent {
  const { body, ...rest } = more
  return {
    ...event(id, {
      source: '/cloud',
      type: 'ecs.deleteserver',
      family: 'audit',
      time,
      json: { ...body, ...(audit === undefined ? {} : { audit }) },
    }),
    ...rest,
  }
}

describe('audit', () => {
  it('has the fields of audit events from any source, and no events of other families', async () => {
    const audit = {
      actor: {
        kind: 'session',
        id: 'u1',
        name: 'deployer',
        domain: 'a/b',
        impersonatedBy: { name: 'alice', domain: 'a/b' },
        address: '198.51.100.7',
      },
      action: 'deleteServer',
      service: 'ECS',
      resource: { type: 'ecs', id: 's1', name: 'web-1' },
      tenant: 'p1',
      region: 'eu-de',
      outcome: 'failure',
      severity: 'warning',
      requestId: 'r1',
    }
    const { reader } = await stores.filled([
      trace('t1', audit, { ref: 'otc:p1/ecs/ecs/s1', body: { code: 403 }, extensions: { domain: 'd1' } }),
      event('other', { source: '/cloud', type: 't', time }),
    ])
    expect(await queryRows(reader, 'SELECT * FROM audit')).toEqual([
      {
        time: '2026-11-20T10:00:00.000Z',
        actor: 'user:a%2Fb/u1',
        actor_kind: 'session',
        actor_id: 'u1',
        actor_name: 'deployer',
        actor_domain: 'a/b',
        impersonated_by: 'user:a%2Fb/alice',
        address: '198.51.100.7',
        service: 'ECS',
        action: 'deleteServer',
        resource: 'otc:p1/ecs/ecs/s1',
        resource_type: 'ecs',
        resource_id: 's1',
        resource_name: 'web-1',
        tenant: 'p1',
        tenant_domain: 'd1',
        region: 'eu-de',
        outcome: 'failure',
        severity: 'warning',
        request_id: 'r1',
        code: '403',
        id: 't1',
        source: '/cloud',
        type: 'ecs.deleteserver',
        data: { code: 403, audit },
        _pos: 'http:1:1:0',
      },
    ])
  })

  it('names actors like the Neo4j sink, from any available fields', async () => {
    const actors: AuditActor[] = [
      { kind: 'user', id: '1', name: 'alice', domain: 'd' },
      { kind: 'user', name: 'alice', domain: 'd' },
      { kind: 'user', id: '1' },
      { kind: 'service', name: 'a/b%c', domain: '50%/x' },
      { kind: 'system' },
      { kind: 'unknown' },
      { kind: 'user' },
      { kind: 'system', domain: 'd' },
      { kind: 'system', name: 'cron' },
    ]
    const { reader } = await stores.filled(actors.map((actor, at) => trace(`t${at}`, { actor, action: 'a' })))
    expect((await queryRows(reader, 'SELECT actor FROM audit ORDER BY id')).map(({ actor }) => actor)).toEqual(
      actors.map(actorRef),
    )
  })

  it('absent, blank or invalid values are NULL or unknown', async () => {
    const { reader } = await stores.filled([
      trace('t1', undefined, { encoding: 'binary' }),
      trace('t2', {
        actor: { kind: 'wizard', id: ' ', impersonatedBy: {} },
        action: '',
        service: '\t',
        severity: 'loud',
        outcome: 'so-so',
        tenant: null,
      }),
    ])
    const nothing = {
      actor: 'unknown',
      actor_kind: 'unknown',
      actor_id: null,
      impersonated_by: null,
      service: null,
      tenant: null,
      resource: null,
      outcome: 'unknown',
      severity: 'unknown',
      code: null,
    }
    expect(
      await queryRows(
        reader,
        'SELECT actor, actor_kind, actor_id, impersonated_by, service, action, tenant, resource, outcome, ' +
          'severity, code FROM audit ORDER BY id',
      ),
    ).toEqual([
      { ...nothing, action: 'ecs.deleteserver' },
      { ...nothing, action: 'unknown' },
    ])
  })

  it('time bounds include every audit event within them', async () => {
    const { reader } = await stores.filled(
      [trace('early', { action: 'a' }), trace('none', { action: 'a' }, { time: Number.NaN })],
      [trace('late', { action: 'a' }, { time: time + 7_200_000 })],
    )
    const within = (from: number, to: number): Promise<unknown> =>
      queryRows(
        reader,
        `SELECT id FROM audit WHERE time >= make_timestamptz(${from * 1000})
          AND time < make_timestamptz(${to * 1000}) ORDER BY id`,
      )
    expect(await within(time, time + 1)).toEqual([{ id: 'early' }])
    expect(await within(time + 1, time + 8_000_000)).toEqual([{ id: 'late' }])
    expect(await within(time, time + 8_000_000)).toEqual([{ id: 'early' }, { id: 'late' }])
    expect(await queryRows(reader, 'SELECT count(*)::INTEGER AS n FROM audit')).toEqual([{ n: 3 }])
  })

  it('audit events from cts_exporter without the record are read from their attributes', async () => {
    const { reader } = await stores.filled([
      trace('t1', undefined, {
        extensions: { status: 'incident', region: 'eu-de', tenant: 'p1', sourceip: '198.51.100.7' },
        body: { trace_name: 'deleteEip', service_type: 'VPC', user: { id: 'u1', name: 'bob', domain: { id: 'd1' } } },
      }),
    ])
    expect(
      await queryRows(
        reader,
        'SELECT actor, actor_name, action, service, region, tenant, address, severity, outcome FROM audit',
      ),
    ).toEqual([
      {
        actor: 'user:d1/u1',
        actor_name: 'bob',
        action: 'deleteEip',
        service: 'VPC',
        region: 'eu-de',
        tenant: 'p1',
        address: '198.51.100.7',
        severity: 'incident',
        outcome: 'failure',
      },
    ])
  })

  it('files with and without audit events are merged without loss', async () => {
    const frames = Array.from({ length: 20 }, (_, at) =>
      at % 3 === 0
        ? [trace(`t${at}`, { actor: { kind: 'user', name: `u${at}` }, action: 'a' })]
        : [event(`e${at}`, { source: '/cloud', type: 't', time })],
    )
    const store = await stores.filled(...frames)
    while (await store.maintain());
    expect(
      await queryRows(store.reader, 'SELECT count(*)::INTEGER AS n, count(actor)::INTEGER AS named FROM audit'),
    ).toEqual([{ n: 7, named: 7 }])
    expect(await queryRows(store.reader, "SELECT id FROM audit WHERE actor = 'user:/u18'")).toEqual([{ id: 't18' }])
    expect(await queryRows(store.reader, 'SELECT count(*)::INTEGER AS n FROM events')).toEqual([{ n: 20 }])
  })
})
