// List, page, slider and SQL give the same state of an object at every time, also after it was deleted and created
// again.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawn } from '../kit/seeds.ts'
import { startStored, type StoredApi } from '../../src/api/testing/stored.ts'
import type { ResourceType } from '../../src/connectors/kubernetes/client/discovery.ts'
import type { KubeObject } from '../../src/connectors/kubernetes/client/types.ts'
import { Noise, usualNoise } from '../../src/connectors/kubernetes/map/noise.ts'
import { toEventBatch } from '../../src/model/events.ts'
import { kubernetesRef } from '../../src/model/refs.ts'
import { queryRows } from '../../src/store/testing/query-rows.ts'
import { live, ModelJournal } from '../kit/kubernetes-model.ts'

type Kind = Readonly<{
  of: ResourceType
  /** Parts of the object by the number of its content and that of its status. */
  parts: (content: number, status: number) => object
  hasStatus: boolean
}>

const typeOf = (kind: string, group = '', namespaced = true): ResourceType => ({
  group,
  version: 'v1',
  resource: `${kind.toLowerCase()}s`,
  kind,
  namespaced,
})
const template = (content: number): object => ({ spec: { containers: [{ name: 'c', image: `shop/api:${content}` }] } })

const kinds: readonly Kind[] = [
  { of: typeOf('ConfigMap'), parts: (content) => ({ data: { price: String(content) } }), hasStatus: false },
  { of: typeOf('NetworkPolicy', 'networking.k8s.io'), parts: (content) => ({ spec: { content } }), hasStatus: false },
  {
    of: typeOf('Pod'),
    parts: (content, status) => ({
      ...template(content),
      status: {
        phase: 'Running',
        podIP: '10.0.0.7',
        containerStatuses: [{ name: 'c', ready: status % 2 === 0, restartCount: status, state: { running: {} } }],
      },
    }),
    hasStatus: true,
  },
  {
    of: typeOf('Deployment', 'apps'),
    parts: (content, status) => ({
      spec: { replicas: 3, template: template(content) },
      status: { replicas: 3, readyReplicas: status },
    }),
    hasStatus: true,
  },
  {
    of: typeOf('Node', '', false),
    parts: (content, status) => ({
      metadata: { labels: { content: String(content) } },
      status: { conditions: [{ type: 'Ready', status: status % 2 === 0 ? 'True' : 'False' }] },
    }),
    hasStatus: true,
  },
  {
    of: typeOf('Certificate', 'cert-manager.io'),
    parts: (content, status) => ({ spec: { content }, status: { phase: `Phase${status}` } }),
    hasStatus: true,
  },
]

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-object-times-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const begun = Date.parse('2026-11-20T10:00:00.000Z')
const [stepMs, half] = [10_000, 5000]
const name = 'api'

type State = Readonly<{ version: string; since: number; uid: string }>

/** Emits the life of an object; the state that holds after each step, undefined: it does not exist. */
async function lived({
  of,
  parts,
  hasStatus,
}: Kind): Promise<Readonly<{ journal: ModelJournal; states: readonly (State | undefined)[] }>> {
  const journal = new ModelJournal()
  let now = begun
  const { tracker, stop } = await live(journal, join(dir, `${of.kind}.sqlite`), {
    begun,
    of,
    noise: new Noise(usualNoise),
    marked: new Noise(['status']),
    now: () => now,
  })
  const states: (State | undefined)[] = []
  let version = 1
  const object = (uid: string, created: number, content: number, status: number): KubeObject => {
    const { metadata, ...rest } = parts(content, status) as { metadata?: object }
    return {
      apiVersion: of.group === '' ? of.version : `${of.group}/${of.version}`,
      kind: of.kind,
      metadata: {
        name,
        uid,
        ...(of.namespaced ? { namespace: 'shop' } : {}),
        resourceVersion: String(version),
        creationTimestamp: new Date(created).toISOString(),
        ...metadata,
      },
      ...rest,
    }
  }
  const step = async (act: () => void | Promise<void>, state: (before: State | undefined) => State | undefined) => {
    now += stepMs
    version++
    await act()
    states.push(state(states.at(-1)))
  }
  const changedTo = (uid: string) => (): State => ({ version: String(version), since: now, uid })
  const life = async (uid: string, created: number) => {
    const write = (content: number, status: number) => () =>
      tracker.changed('MODIFIED', object(uid, created, content, status))
    await step(write(2, 0), changedTo(uid))
    await step(write(2, 1), hasStatus ? changedTo(uid) : (before) => before)
    // Nothing but its version changes.
    await step(write(2, 1), (before) => before)
    await step(write(3, 1), changedTo(uid))
    await step(
      () => tracker.changed('DELETED', object(uid, created, 3, 1)),
      () => undefined,
    )
  }
  const first = object('u1', begun - 3_600_000, 1, 0)
  await tracker.listing()
  await tracker.present(first)
  await tracker.listed('1')
  states.push({ version: '1', since: begun - 3_600_000, uid: 'u1' })
  await life('u1', begun - 3_600_000)
  const created = now + stepMs
  await step(() => tracker.changed('ADDED', object('u2', created, 1, 0)), changedTo('u2'))
  await life('u2', created)
  await stop()
  return { journal, states }
}

type Row = Readonly<{ uid: string; valid_from: string; resource_version: string }>
const stateOf = (row: Row | undefined): State | undefined =>
  row && { version: row.resource_version, since: Date.parse(row.valid_from), uid: row.uid }

async function fromList(api: StoredApi, kind: string, at: string): Promise<State | undefined> {
  const { status, body } = await api.get('resources', { at, kind })
  expect(status).toBe(200)
  return stateOf((body['resources'] as readonly Row[])[0])
}

async function fromSql(api: StoredApi, ref: string, at: string): Promise<State | undefined> {
  const [row] = await queryRows(
    api.store.reader,
    `SELECT uid, resource_version, epoch_ms(valid_from) AS since FROM resources WHERE ref = '${ref}' ` +
      `AND valid_from <= TIMESTAMPTZ '${at}' AND (valid_to IS NULL OR valid_to > TIMESTAMPTZ '${at}')`,
  )
  return row && { version: String(row['resource_version']), since: Number(row['since']), uid: String(row['uid']) }
}

test.each(drawn(kinds, 3).map((kind) => [kind.of.kind, kind] as const))(
  'list, page, slider and SQL have the state of a %s at every time',
  async (_, kind) => {
    const { journal, states } = await lived(kind)
    const api = await startStored()
    await api.addBatch(toEventBatch(journal.events()), begun)
    const { of } = kind
    const ref = kubernetesRef({
      cluster: 'c1',
      group: of.group,
      kind: of.kind,
      namespace: of.namespaced ? 'shop' : '',
      name,
    })
    for (const [index, state] of drawn([...states.entries()], 10)) {
      const at = new Date(begun + index * stepMs + half).toISOString()
      const { body } = await api.get('resources/one', { ref, at })
      const moments = (body['moments'] as readonly string[]).map((moment) => Date.parse(moment))
      const reached = moments.findLast((moment) => moment <= Date.parse(at))
      expect([await fromList(api, of.kind, at), await fromSql(api, ref, at)], `${of.kind} at ${at}`).toEqual([
        state,
        state,
      ])
      expect(stateOf((body['now'] as Row | null) ?? undefined), `page of ${of.kind} at ${at}`).toEqual(state)
      if (state !== undefined) expect(reached, `slider of ${of.kind} at ${at}`).toBe(state.since)
    }
    const changes = new Set(states.flatMap((state) => (state === undefined ? [] : [state.since])))
    const { body } = await api.get('resources/one', { ref, at: new Date(begun + 3_600_000).toISOString() })
    // And two deletions.
    expect(body['moments'] as readonly string[]).toHaveLength(changes.size + 2)
  },
)
