import { expect, it } from 'vitest'
import { rowsBatch } from '../../../test/graph/seed.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { drawnSize, seeds } from '../../../test/kit/seeds.ts'
import type { EdgeQuery, StoredEdge, StoreReader } from '../../engine/control.ts'
import { realHost, type Host } from '../../host/index.ts'
import { eventRelations, summedRelations } from '../../model/graph.ts'
import type { FlowBatch } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { Store } from '../index.ts'
import { clusterRelationNames } from '../kubernetes/resources.ts'
import { openReadOnly } from '../read/read-only.ts'
import { msPerHour } from '../names.ts'
import { queryRows } from '../testing/query-rows.ts'
import { identity, resourceEvent } from '../testing/cluster.ts'
import { event, FrameMaker, recordingLog, startOfDay } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const never = new AbortController().signal

function hostAt(now: () => number): Host {
  const host = realHost()
  return { ...host, clock: { ...host.clock, now } }
}

const us = (ms: number): bigint => BigInt(Math.round(ms * 1000))
const everything = (from: number, to: number): Pick<EdgeQuery, 'span' | 'relations' | 'namespaces' | 'limit'> => ({
  span: { from: us(from), to: us(to) },
  relations: undefined,
  namespaces: undefined,
  limit: 100,
})

const namespaces = ['shop', 'pay', 'edge']
const names = ['web', 'api', 'db', 'job']
/** Few values, so that all combinations occur; some sort differently in UTF-16 and UTF-8. */
const people = ['alice', 'bob', '\u{ffee}eve', '\u{1f600}']

function trace(random: SeededRandom, id: number, time: number): WeirEvent {
  const person = (): object => ({ id: random.pick(people), domain: random.pick(['d1', 'a/b']) })
  const who = person() as { readonly id: string }
  const [what, namespace, name] = [random.integer(0, 7), random.pick(namespaces), random.pick(names)]
  const tenant = `p${random.integer(0, 2)}`
  const ref = random.pick([
    `otc:${tenant}/ecs/server/s${what}`,
    `otc:${tenant}/vpc/eip/'${what}`,
    `k8s:c1/apps/Deployment/${namespace}/${name}`,
    `k8s:c1//Secret/${namespace}/${name}`,
    'k8s:c1//Node//n1',
    '',
  ])
  const audit = {
    actor: random.chance(0.05)
      ? { kind: random.pick(['system', 'unknown']) }
      : {
          kind: 'user',
          ...who,
          ...(random.chance(0.7) ? { name: `name of ${who.id}` } : {}),
          ...(random.chance(0.2) ? { impersonatedBy: person() } : {}),
        },
    action: random.pick(['login', 'delete', 'get']),
    resource: random.chance(0.7) ? { name: `name of ${ref}` } : {},
    ...(random.chance(0.9) ? { tenant } : {}),
    ...(random.chance(0.8) ? { region: `eu-${random.integer(0, 1)}` } : {}),
    ...(random.chance(0.9) ? { severity: random.pick(['normal', 'warning', 'incident', 'loud']) } : {}),
  }
  return {
    ...event(`t${id}`, { family: 'audit', time, json: { audit } }),
    ...(ref === '' ? {} : { ref }),
    ...(random.chance(0.5) ? { extensions: { domain: random.pick(['d1', 'a/b']) } } : {}),
  }
}

function randomEvent(random: SeededRandom, time: number): WeirEvent {
  const since = new Date(time).toISOString()
  const [namespace, name] = [random.pick(namespaces), random.pick(names)]
  const owners = (kind: string, owner: string): object => ({
    owners: [{ group: 'apps', kind, name: owner, uid: `u-${owner}` }],
  })
  if (random.chance(0.2)) return resourceEvent(identity(`Pod/${namespace}/${name}-1`), since, { state: 'gone' })
  return random.pick([
    () => resourceEvent(identity(`Deployment/${namespace}/${name}`), since),
    () => resourceEvent(identity('Node/n1'), since, { providerId: 'otc:p1/ecs/server/s1' }),
    () =>
      resourceEvent(identity(`Pod/${namespace}/${name}-1`), since, {
        ...owners('Deployment', name),
        node: 'n1',
        images: [{ container: 'main', image: `shop/${name}:1` }],
      }),
    () =>
      resourceEvent(identity(`EndpointSlice/${namespace}/${name}`), since, {
        service: name,
        endpoints: [{ addresses: [], ready: true, kind: 'Pod', name: `${name}-1` }],
      }),
  ])()
}

function flows(random: SeededRandom, count: number, now: number): FlowBatch {
  const end = (of: string): object => ({
    [`${of}_namespace`]: random.pick(namespaces),
    [`${of}_owner_kind`]: 'Deployment',
    [`${of}_owner_name`]: random.pick(names),
  })
  return rowsBatch(
    Array.from({ length: count }, () => ({
      time_start: now - 2000,
      time_end: now - 1000,
      time_received: now,
      src_addr: '10.1.0.1',
      dst_addr: '10.1.0.2',
      ...end('src'),
      ...end('dst'),
      src_port: 40_000,
      dst_port: 8080,
      proto: 6,
      bytes: random.integer(1, 1000),
      packets: 3,
      cluster: 'c1',
    })),
  )
}

const relations = [...summedRelations, ...eventRelations]

function question(random: SeededRandom, now: number): EdgeQuery {
  const [namespace, name] = [random.pick(namespaces), random.pick(names)]
  const node = (): string =>
    random.pick([
      ...people.flatMap((id) => [`user:d1/${id}`, `user:a%2Fb/${id}`]),
      'unknown',
      'system',
      'tenant:d1/p1',
      'tenant:a%2Fb/p0',
      'tenant:/p2',
      'region:eu-0',
      'action:login',
      'action:get',
      'otc:p1/ecs/server/s1',
      "otc:p0/vpc/eip/'3",
      'nobody:knows/this',
      `k8s:c1/apps/Deployment/${namespace}/${name}`,
      `k8s:c1/apps/Deployment/${random.pick(namespaces)}/${random.pick(names)}`,
      `k8s:c1//Pod/${namespace}/${name}-1`,
      `k8s:c1//Namespace//${namespace}`,
      `k8s:c1//Service/${namespace}/${name}`,
      'k8s:c1//Node//n1',
      `image:shop/${name}:1`,
      't17',
      't40',
    ])
  const nodes = (max: number): string[] => [...new Set(Array.from({ length: random.integer(1, max) }, node))]
  const from = random.pick([
    startOfDay,
    now - 2 * msPerHour,
    now - random.integer(0, 9 * msPerHour),
    startOfDay + random.integer(0, 100) + 0.001 * random.integer(0, 999),
  ])
  return {
    near: nodes(12),
    limit: random.pick([1, 2, 5, 100]),
    span: {
      from: us(from),
      to: us(Math.max(from + 1, random.chance(0.6) ? now + 1 : from + random.integer(1, 9 * msPerHour))),
    },
    ...(random.chance(0.2) ? { far: nodes(12) } : {}),
    ...(random.chance(0.3) ? { without: nodes(3) } : {}),
    relations: random.chance(0.3)
      ? new Set(Array.from({ length: random.integer(1, 4) }, () => random.pick(relations)))
      : undefined,
    namespaces: random.chance(0.2) ? random.pick([[], ['shop'], ['pay', 'edge']]) : undefined,
  }
}

/** Cluster relations equal those of view `relations` at that time. */
async function heldThen({ reader }: Store, random: SeededRandom, now: number): Promise<void> {
  const { near } = question(random, now)
  const to = now - random.pick([-1, random.integer(0, 3 * msPerHour)])
  const actual = await reader.edges(
    { near, ...everything(to - 1, to), relations: new Set(clusterRelationNames), limit: 1000 },
    never,
  )
  const [refs, at] = [
    `(${near.map((ref) => `'${ref.replaceAll("'", "''")}'`).join(', ')})`,
    `make_timestamptz(${us(to)})`,
  ]
  const expected = await queryRows(
    reader,
    `SELECT from_ref, relation, to_ref, valid_from, valid_to FROM relations
      WHERE relation IN (${clusterRelationNames.map((name) => `'${name}'`).join(', ')})
      AND (from_ref IN ${refs} OR to_ref IN ${refs}) AND valid_from <= ${at}
      AND (valid_to IS NULL OR valid_to > ${at})`,
  )
  const lines = actual.map((edge) => ({
    from_ref: edge.forward ? edge.near : edge.far,
    relation: edge.relation,
    to_ref: edge.forward ? edge.far : edge.near,
    valid_from: edge.first,
    valid_to: edge.last,
  }))
  expect([...new Set(lines.map((line) => JSON.stringify(line)))].sort()).toEqual(
    expected.map((line) => JSON.stringify(line)).sort(),
  )
}

async function fromFiles<Answer>(host: Host, ask: (reader: StoreReader) => Promise<Answer>): Promise<Answer> {
  const store = await openReadOnly({ host, directory: stores.directory, log: recordingLog() })
  if (store === undefined) throw new Error('there is no store')
  try {
    return await ask(store.reader)
  } finally {
    await store.close()
  }
}

it.each(seeds(1, 6))(
  'edges from the cache, from files and from both are equal while hours close, grow, merge and expire (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed)
    let now = startOfDay
    const options = {
      host: hostAt(() => now),
      retain: {
        ageMs: 5 * msPerHour,
        rollupAgesMs: { flows_1m: 3 * msPerHour, flows_5m: 4 * msPerHour, flows_1h: 5 * msPerHour },
      },
      ...(seed % 3 === 0 ? { keptBytes: 64 * random.integer(1, 200) } : {}),
    }
    let store = await stores.open(options)
    const make = new FrameMaker(random.integer(1, 9))
    let made = 0
    let edges = 0
    const commit = async (): Promise<void> => {
      const events = Array.from({ length: random.integer(1, 60) }, () =>
        random.chance(0.15)
          ? randomEvent(random, now)
          : trace(
              random,
              made++,
              now -
                random.pick([
                  0,
                  random.integer(0, 1000) + 0.001 * random.integer(0, 999),
                  random.integer(0, 3 * msPerHour),
                ]),
            ),
      )
      await store.projection.apply([
        make.events(events, now),
        make.batch(flows(random, random.integer(1, 40), now), now, 'netflow'),
      ])
      await store.projection.commit()
    }
    /** Two comparisons with results from files, of one or two queries each. */
    const same = async (): Promise<(() => Promise<void>)[]> => {
      const each = drawnSize(1, 2)
      const requests = Array.from({ length: 2 * each }, () => question(random, now))
      const expected = await fromFiles(options.host, async (reader) => {
        const all: (readonly StoredEdge[])[] = []
        for (const request of requests) all.push(await reader.edges(request, never))
        return all
      })
      edges += expected.flat().length
      return [0, each].map((first) => async () => {
        for (let at = first; at < first + each; at++)
          expect(
            await store.reader.edges(requests[at]!, never),
            JSON.stringify(requests[at], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
          ).toEqual(expected[at])
      })
    }
    for (let hour = 0; hour < drawnSize(4, 5); hour++, now += msPerHour) {
      // Retention first, so that it does not change later results.
      while (await store.maintain());
      for (let some = random.integer(1, 3); some > 0; some--) await commit()
      const [one, other] = (await same()) as [() => Promise<void>, () => Promise<void>]
      await one()
      await heldThen(store, random, now)
      await store.reader.idle()
      await Promise.all([one(), other(), store.maintain()])
      await store.reader.idle()
      await (random.chance(0.5) ? one() : other())
      if (random.chance(0.15)) {
        await stores.close()
        store = await stores.open(options)
      }
    }
    expect(edges).toBeGreaterThan(drawnSize(20, 50))
  },
  300_000,
)

async function hours(
  count: number,
  options: Parameters<typeof stores.open>[0],
  set: (now: number) => void,
): Promise<Store> {
  const store = await stores.open(options)
  const make = new FrameMaker()
  const ends = Object.fromEntries(
    ['src', 'dst'].flatMap((of) => [
      [`${of}_namespace`, 'shop'],
      [`${of}_owner_kind`, 'Deployment'],
      [`${of}_owner_name`, of],
    ]),
  )
  for (let hour = 0; hour < count; hour++) {
    const now = startOfDay + hour * msPerHour
    set(now)
    const traces = Array.from({ length: 10 }, (_, at) => ({
      ...event(`t${hour}-${at}`, {
        family: 'audit',
        time: now + at + 0.001,
        json: { audit: { actor: { kind: 'user', id: 'alice' }, action: 'get' } },
      }),
      ref: `otc:p/ecs/server/${hour}`,
    }))
    const flow = {
      time_start: now,
      time_end: now,
      time_received: now,
      src_addr: '10.1.0.1',
      dst_addr: '10.1.0.2',
      ...ends,
      proto: 6,
      bytes: 100,
      packets: 1,
      cluster: 'c1',
    }
    await store.projection.apply([make.events(traces, now), make.batch(rowsBatch([flow]), now, 'netflow')])
    await store.projection.commit()
  }
  while (await store.maintain());
  return store
}

async function remove({ disk }: Host, stream: string, but: readonly string[] = []): Promise<void> {
  for (const name of await disk.list(stores.directory))
    if (name.startsWith(`${stream}-`) && !but.some((hour) => name.includes(hour)))
      await disk.remove(`${stores.directory}/${name}`)
}

const src = 'k8s:c1/apps/Deployment/shop/src'
const counted = async ({ reader }: Store, near: string, ...span: [number, number]): Promise<readonly number[]> =>
  (await reader.edges({ near: [near], ...everything(...span) }, never)).map(({ count }) => count)

it('files of finished hours are read once for all edge queries; an unreadable file costs its own rows', async () => {
  let now = startOfDay
  const [host, log] = [hostAt(() => now), recordingLog()]
  const store = await hours(5, { host, log }, (time) => (now = time))
  const both = async (): Promise<unknown> => [
    await counted(store, 'user:/alice', startOfDay, now + 1000),
    await counted(store, src, startOfDay, now + 1000),
  ]
  expect(await both()).toEqual([[10, 10, 10, 10, 10], [5]])
  await store.reader.idle()
  for (const stream of ['events', 'flows_1h', 'flows_5m', 'flows_1m']) await remove(host, stream)
  // Sums of an hour exist after the next one is over, and those of the newest are not cached.
  expect(await both()).toEqual([[10, 10, 10, 10], [2]])
  expect(log.lines.map(({ fields }) => fields['rows'])).toContain(10)
  expect(await counted(store, 'user:/alice', startOfDay + 5.001, startOfDay + msPerHour + 3.001)).toEqual([5, 3])
  expect(await counted(store, 'user:/alice', startOfDay + 5.002, startOfDay + msPerHour + 3.002)).toEqual([4, 4])
})

it('a store without a cache reads its files for every edge query', async () => {
  let now = startOfDay
  const host = hostAt(() => now)
  const store = await hours(3, { host, cacheBytes: 0 }, (time) => (now = time))
  expect(await counted(store, 'user:/alice', startOfDay, now + 1000)).toEqual([10, 10, 10])
  await store.reader.idle()
  await remove(host, 'events')
  expect(await counted(store, 'user:/alice', startOfDay, now + 1000)).toEqual([])
})

it('an aborted request gets no edges, and a store can close while it fills the cache', async () => {
  let now = startOfDay
  const store = await hours(3, { host: hostAt(() => now) }, (time) => (now = time))
  const gone = new AbortController()
  const request = store.reader.edges({ near: ['user:/alice'], ...everything(startOfDay, now + 1000) }, gone.signal)
  gone.abort(new Error('gone'))
  await expect(request).rejects.toThrow('gone')
  expect(await counted(store, 'user:/alice', startOfDay, now + 1000)).toEqual([10, 10, 10])
  await stores.close()
  await expect(counted(store, 'user:/alice', startOfDay, now + 1000)).rejects.toThrow()
})

it('more edges than can be accumulated are ranked by DuckDB, with the same result', async () => {
  let now = startOfDay
  const store = await stores.open({ host: hostAt(() => now) })
  const make = new FrameMaker()
  const commit = async (resources: readonly string[]): Promise<void> => {
    await store.projection.apply([
      make.events(
        resources.map((resource, at) => ({
          ...event(`${resource}-${at}`, {
            family: 'audit',
            time: now,
            json: { audit: { actor: { kind: 'user', id: 'alice' }, action: 'get' } },
          }),
          ref: `otc:p/ecs/server/${resource}`,
        })),
        now,
      ),
    ])
    await store.projection.commit()
  }
  const shown = async (): Promise<unknown> =>
    (await store.reader.edges({ near: ['user:/alice'], ...everything(startOfDay, now + 1), limit: 2 }, never)).map(
      ({ far, count, others }) => [far, count, others],
    )
  await commit(['a', 'b', 'b'])
  now += msPerHour
  await commit(['b'])
  expect(await shown()).toEqual([
    ['otc:p/ecs/server/b', 3, 0],
    ['otc:p/ecs/server/a', 1, 0],
  ])
  await store.reader.idle()
  await commit(Array.from({ length: 51_000 }, (_, at) => `many${at}`))
  expect(await shown()).toEqual([
    ['otc:p/ecs/server/b', 3, 51_000],
    ['otc:p/ecs/server/many0', 1, 51_000],
  ])
})

it('a reference with a NUL character is refused', async () => {
  const store = await stores.filled()
  await expect(
    store.reader.edges({ near: ["user:/a\0' OR true"], ...everything(startOfDay, startOfDay + 1) }, never),
  ).rejects.toMatchObject({ code: 'WEIR_SQL_REFUSED' })
})
