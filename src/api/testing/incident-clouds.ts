// Changes of cloud resources that break, or do not break, the traffic of a seeded incident.
import { cloudTypes, type CloudChange, type CloudResource } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'
import { cloudEvent } from '../../store/testing/cloud-events.ts'
import { identity, resourceEvent } from '../../store/testing/cluster.ts'
import { event } from '../../store/testing/frames.ts'
import type { SeededRandom } from '../../../test/kit/random.ts'
import type { Scene } from './incident-causes.ts'
import { between, minute, nodes, people, refOf, type Edge, type Service } from './incident-services.ts'

type Resource = Partial<CloudResource> & Pick<CloudResource, 'type' | 'id'>
type Changed = Readonly<{
  resource: Resource
  operation: 'created' | 'changed' | 'deleted'
  changes?: NonNullable<CloudChange['changes']>
  /** Unix ms; `recorded`: when the inventory was read. */
  at: number
  recorded: number
  user: string | null
}>
export type CloudCause = Readonly<{ changed: Changed; broken: readonly Edge[]; left: number }>

const address = '198.51.100.9'
const groups = [nodes.slice(0, 2), nodes.slice(2, 4), nodes.slice(4)]
const pools = [nodes.slice(0, 3), nodes.slice(3)]
const machineOf = (node: string) => `i-${node}`
/** Inventories are read every two minutes. */
const nextRead = (at: number) => Math.ceil(at / (2 * minute)) * 2 * minute
const placeOf = (parts: readonly (readonly string[])[], node: string) => parts.findIndex((part) => part.includes(node))

const instance = (node: string): Resource => ({
  type: 'instance',
  id: machineOf(node),
  parent: `pool-${placeOf(pools, node)}`,
  size: 'medium',
  tags: { team: 'shop' },
})
const securityGroup = (index: number): Resource => ({
  type: 'security_group',
  id: `sg-${index}`,
  attachedTo: groups[index]?.map(machineOf) ?? [],
  attributes: { rules: 3 },
})
const pool = (index: number): Resource => ({ type: 'node_pool', id: `pool-${index}`, nodes: pools[index]?.length ?? 0 })
const balancer: Resource = { type: 'load_balancer', id: 'lb-public', addresses: [address] }
const dnsRecord: Resource = { type: 'dns_record', id: 'www', addresses: [address] }
const others: readonly Resource[] = [
  { type: 'security_group', id: 'sg-unused', attachedTo: [], attributes: { rules: 1 } },
  { type: 'instance', id: 'batch', size: 'large' },
  { type: 'volume', id: 'archive', attachedTo: ['batch'] },
  { type: 'bucket', id: 'backups' },
]

/** Nodes with their machines, and the public address of the first service. */
export function cloudObjects([first]: readonly Service[], time: number): WeirEvent[] {
  const since = new Date(time).toISOString()
  const resources = [
    ...nodes.map(instance),
    ...groups.map((_, index) => securityGroup(index)),
    ...pools.map((_, index) => pool(index)),
    balancer,
    dnsRecord,
    ...others,
  ]
  return [
    ...resources.map((resource) => cloudEvent({ ...resource, time, event: cloudTypes.observed })),
    ...nodes.map((node) =>
      resourceEvent(identity(`Node/${node}`), since, { providerId: `exoscale://${machineOf(node)}` }),
    ),
    ...(first === undefined
      ? []
      : [
          resourceEvent(identity(refOf('Service', first), '2'), new Date(time + 1000).toISOString(), {
            selector: { app: first.name },
            addresses: [{ ip: address, as: 'load-balancer' }],
          }),
        ]),
  ]
}

export function cloudCause(
  seed: number,
  random: SeededRandom,
  { services, edges, target, person, at }: Scene,
): CloudCause {
  const on = (some: readonly string[]) => (service: Service | undefined) =>
    service?.nodes.some((node) => some.includes(node)) === true
  const touching = (some: readonly string[]) => edges.filter(({ from, to }) => on(some)(from) || on(some)(to))
  const node = target.nodes[0] ?? 'n1'
  const [group, poolIndex] = [placeOf(groups, node), placeOf(pools, node)]
  const published = edges.filter(({ to }) => to === services[0])
  // Half of the changes have an audit event; the record of an inventory is up to two minutes late.
  const when = { at, recorded: nextRead(at), user: random.next() < 0.5 ? person : null }
  const changed = (resource: Resource, path: string, from: unknown, to: unknown): Changed => ({
    ...when,
    resource: { ...resource, ...(path.includes('.') ? {} : { [path]: to }) },
    operation: 'changed',
    changes: [{ path, from, to }],
  })
  const causes: readonly CloudCause[] = [
    {
      changed: changed(securityGroup(group), 'attributes.rules', 3, 2),
      broken: touching(groups[group] ?? []),
      left: 0.1,
    },
    { changed: changed(instance(node), 'state', 'running', 'stopped'), broken: touching([node]), left: 0.4 },
    { changed: { ...when, resource: balancer, operation: 'deleted' }, broken: published, left: 0 },
    { changed: changed(dnsRecord, 'addresses', [address], ['198.51.100.77']), broken: published, left: 0.05 },
    {
      changed: changed(pool(poolIndex), 'nodes', 3, 1),
      broken: touching(pools[poolIndex] ?? []),
      left: 0.4,
    },
  ]
  const cause = causes[seed % causes.length]
  if (cause === undefined) throw new Error('no cause')
  return cause
}

/** Changes of the cloud that traffic does not depend on. */
export function cloudDecoys(random: SeededRandom, { target }: Pick<Scene, 'target'>, onset: number): Changed[] {
  const when = (least: number, most: number) => {
    const at = onset - between(random, least, most)
    return { at, recorded: nextRead(at), user: random.next() < 0.5 ? random.pick(people) : null }
  }
  const [unused, batch, archive, bucket] = others as [Resource, Resource, Resource, Resource]
  const node = groups.find((group) => group.includes(target.nodes[0] ?? 'n1'))?.find((each) => each !== target.nodes[0])
  return [
    {
      ...when(0, minute),
      resource: { ...instance(node ?? 'n1'), tags: { team: 'infra' } },
      operation: 'changed',
      changes: [{ path: 'tags.team', from: 'shop', to: 'infra' }],
    },
    {
      ...when(0, 2 * minute),
      resource: { ...unused, attributes: { rules: 2 } },
      operation: 'changed',
      changes: [{ path: 'attributes.rules', from: 1, to: 2 }],
    },
    {
      ...when(0, 2 * minute),
      resource: { ...batch, state: 'stopped' },
      operation: 'changed',
      changes: [{ path: 'state', from: 'running', to: 'stopped' }],
    },
    {
      ...when(0, 2 * minute),
      resource: { ...archive, attachedTo: [] },
      operation: 'changed',
      changes: [{ path: 'attachedTo', from: ['batch'], to: [] }],
    },
    { ...when(0, minute), resource: bucket, operation: 'deleted' },
    { ...when(0, minute), resource: { type: 'snapshot', id: 's1' }, operation: 'created' },
  ]
}

let traces = 0

/** The record of the inventory, and the audit event of its user. */
export function cloudEventsOf({ resource, operation, changes, at, recorded, user }: Changed): WeirEvent[] {
  const record = cloudEvent({
    ...resource,
    time: Math.round(recorded),
    event: cloudTypes[operation],
    ...(changes === undefined ? {} : { changes }),
  })
  if (user === null) return [record]
  const { type, id } = resource
  const trace = event(`trace-${++traces}`, {
    source: 'https://audit.cloud.test/org',
    type: `compute.apicall.${type}`,
    family: 'audit',
    time: Math.round(at),
    json: {
      audit: {
        actor: { kind: 'user', id: user, name: user, domain: 'org' },
        action: { created: 'create', changed: 'update', deleted: 'delete' }[operation],
        service: 'compute',
        resource: { type, id, name: id },
        tenant: 'org',
        outcome: 'success',
        severity: 'normal',
      },
    },
  })
  return [record, trace]
}
