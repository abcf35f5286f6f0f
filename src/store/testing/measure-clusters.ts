/**
 * Prints CPU seconds of queries over resource events, and as many changes and audit events. `node
 * src/store/testing/measure-clusters.ts [events]`
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../host/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import { openStore } from '../index.ts'
import { printCosts } from './costs.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from './cluster.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver, startOfDay } from './frames.ts'

const total = Number(process.argv[2] ?? 100_000)
const perFrame = 500
const iso = (second: number): string => new Date(startOfDay + second * 1000).toISOString()

function eventsOf(n: number): { readonly resource: WeirEvent; readonly change: WeirEvent; readonly audit: WeirEvent } {
  const pod = n % Math.ceil(total / 4)
  const person = identity(
    `Pod/ns${pod % 50}/web-${pod}-7c9d8f6b5-abcde`,
    String(n),
    `00000000-0000-4000-8000-${String(pod).padStart(12, '0')}`,
  )
  const state = {
    metadata: { name: person.name },
    spec: {
      containers: [
        { name: 'web', env: Array.from({ length: 20 }, (_, at) => ({ name: `ENV_${at}`, value: `value ${at} ${n}` })) },
      ],
    },
  }
  const second = `${iso(Math.floor(n / 10)).slice(0, 19)}Z`
  return {
    resource: resourceEvent(person, iso(n / 10), {
      phase: 'Running',
      node: `worker-${pod % 100}`,
      created: iso(0),
      labels: { app: `web-${pod % 500}`, 'pod-template-hash': '7c9d8f6b5', tier: 'front' },
      addresses: [{ ip: `10.${pod >> 16}.${(pod >> 8) & 255}.${pod & 255}`, as: 'pod' }],
      owners: [
        {
          kind: 'ReplicaSet',
          group: 'apps',
          name: `web-${pod % 500}-7c9d8f6b5`,
          uid: 'x'.repeat(36),
          controller: true,
        },
      ],
      images: [{ container: 'web', image: `registry/web:${pod % 500}`, id: `registry/web@sha256:${'ab'.repeat(32)}` }],
    }),
    change:
      n % 10 === 9
        ? changeEvent(person, iso(n / 10), { operation: 'deleted', old: state })
        : changeEvent(person, iso(n / 10), {
            operation: 'updated',
            old: state,
            new: state,
            patch: [{ op: 'replace', path: '/spec/x', value: n }],
            actor: { manager: 'kubectl-edit', time: second },
          }),
    audit:
      n % 10 === 9
        ? auditEvent(person, `user${n % 20}`, 'delete', iso(n / 10))
        : auditEvent(
            person,
            `user${n % 20}`,
            'patch',
            iso(n / 10),
            n % 2 === 0 ? { uri: '/x?fieldManager=kubectl-edit' } : { version: String(n) },
          ),
  }
}

const asOf = (second: number): string =>
  `valid_from <= TIMESTAMPTZ '${iso(second)}' AND (valid_to IS NULL OR valid_to > TIMESTAMPTZ '${iso(second)}')`
const uid = '00000000-0000-4000-8000-000000000777'
const queries: readonly (readonly [what: string, sql: string])[] = [
  [
    'objects at a time, all',
    `SELECT count(*), count(DISTINCT node), count(DISTINCT owner_name) FROM resources WHERE ${asOf(total / 20)}`,
  ],
  [
    'objects at a time, one page',
    `SELECT kind, name, phase, node, owner_name, labels FROM resources WHERE ${asOf(total / 20)} ORDER BY name
      LIMIT 100`,
  ],
  ['one object, all versions', `SELECT * FROM resources WHERE uid = '${uid}'`],
  ['all relations', 'SELECT relation, count(*) FROM relations GROUP BY ALL'],
  ['relations of one object', "SELECT * FROM relations WHERE from_ref = 'k8s:c1//Pod/ns27/web-777-7c9d8f6b5-abcde'"],
  ['changes of a namespace', "SELECT operation, count(*) FROM changes WHERE namespace = 'ns7' GROUP BY ALL"],
  [
    'newest changes with positions',
    'SELECT time, kind, name, paths, manager FROM changes ORDER BY time DESC LIMIT 100',
  ],
  ['newest changes with actor', 'SELECT time, kind, name, actor, actor_kind FROM changes ORDER BY time DESC LIMIT 100'],
  [
    'deletions of 15 minutes with actor',
    `SELECT time, kind, name, actor FROM changes WHERE operation = 'deleted'
      AND time >= make_timestamptz(${startOfDay * 1000}) AND time < make_timestamptz(${(startOfDay + 900_000) * 1000})`,
  ],
  [
    'changes of one object with actor',
    "SELECT time, operation, actor FROM changes WHERE subject = 'pods/ns27/web-777-7c9d8f6b5-abcde'",
  ],
  ['all changes by actor', 'SELECT actor_kind, count(*), count(DISTINCT actor) FROM changes GROUP BY ALL'],
]

const home = await mkdtemp(join(tmpdir(), 'weir-measure-'))
const store = await openStore({
  host: realHost(),
  directory: join(home, 'store'),
  resolver,
  log: recordingLog(),
  metrics: recordingMetrics(),
})
try {
  const make = new FrameMaker()
  for (let from = 0; from < total; from += perFrame) {
    const made = Array.from({ length: Math.min(perFrame, total - from) }, (_, at) => eventsOf(from + at))
    await store.projection.apply([
      make.events(made.map(({ resource }) => resource)),
      make.events(made.flatMap(({ change, audit }) => [change, audit])),
    ])
    if (store.projection.wantsCommit()) await store.projection.commit()
  }
  await store.projection.commit()
  console.log(`${'events of each kind'.padEnd(45)} ${total}`)
  await printCosts(store.reader, queries, 62)
} finally {
  await store.close()
  await rm(home, { recursive: true, force: true })
}
