import { withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { Sample, Snapshot } from '../../polling/inventory/collector.ts'
import { listOf, nonEmpty, numberOf, snapshotOf } from '../../polling/inventory/fields.ts'
import { nameOf } from './map-compute.ts'
import { pairTags, resourceOf, timeOf } from './map-fields.ts'

/** Subnets belong to their VPC. */
export function mapNetworks(vpcs: readonly Fields[], subnets: readonly Fields[], region: string): Snapshot {
  const network = (given: Fields) =>
    ({
      type: 'network',
      region,
      id: textOf(given['id']),
      name: nameOf(given),
      rawState: textOf(given['status']),
      attributes: withoutUndefined<Record<string, string>>({
        range: textOf(given['cidr']),
        gateway: textOf(given['gateway_ip']),
        zone: textOf(given['availability_zone']),
      }),
    }) as const
  return snapshotOf([
    ...vpcs.map((vpc) => resourceOf(network(vpc))),
    ...subnets.map((subnet) => resourceOf({ ...network(subnet), parent: textOf(subnet['vpc_id']) })),
  ])
}

/** `ports`: an address has the port of its device; the device is a server or a load balancer. */
export function mapAddresses(addresses: readonly Fields[], ports: readonly Fields[], region: string): Snapshot {
  const devices = new Map(ports.map((port) => [textOf(port['id']), textOf(port['device_id'])]))
  return snapshotOf(
    addresses.map((address) => {
      const [ip, port] = [textOf(address['public_ip_address']), textOf(address['port_id'])]
      const device = devices.get(port)
      const isUsed = port !== undefined && port !== ''
      const bandwidth = numberOf(address['bandwidth_size'])
      return resourceOf({
        type: 'ip_address',
        region,
        id: textOf(address['id']),
        name: ip,
        rawState: textOf(address['status']),
        createdAt: timeOf(address['create_time']),
        addresses: nonEmpty([ip, textOf(address['public_ipv6_address'])]),
        attachedTo: isUsed ? [device === undefined || device === '' ? port : device] : [],
        attributes: withoutUndefined<Record<string, string | number>>({
          type: textOf(address['type']),
          bandwidthMbit: bandwidth,
        }),
      })
    }),
  )
}

const maxRules = 200

/** Rules are attributes, so that each added or removed rule is a change of the group. */
export function mapSecurityGroups(groups: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    groups.map((group) =>
      resourceOf({
        type: 'security_group',
        region,
        id: textOf(group['id']),
        name: nameOf(group),
        attributes: Object.fromEntries(
          listOf(group['security_group_rules'])
            .slice(0, maxRules)
            .map((rule) => [`rule-${textOf(rule['id']) ?? ''}`, ruleText(rule)]),
        ),
      }),
    ),
  )
}

/** `ingress IPv4 tcp 443-443 0.0.0.0/0` */
function ruleText(rule: Fields): string {
  const text = (name: string) => textOf(rule[name])
  const [from, to] = [text('port_range_min'), text('port_range_max')]
  const remote = text('remote_ip_prefix') ?? text('remote_group_id')
  const ports = from === undefined ? undefined : `${from}-${to ?? from}`
  return [text('direction'), text('ethertype'), text('protocol') ?? 'any', ports, remote]
    .filter((part) => part !== undefined && part !== '')
    .join(' ')
}

export type BalancerLists = Readonly<{
  balancers: readonly Fields[]
  listeners: readonly Fields[]
  pools: readonly Fields[]
  /** By pool. */
  members: ReadonlyMap<string, readonly Fields[]>
}>

/** Targets are the members of all pools of a load balancer: the id of their server, else their address. */
export function mapLoadBalancers({ balancers, listeners, pools, members }: BalancerLists, region: string): Snapshot {
  const targets = (records: readonly Fields[]): readonly string[] =>
    nonEmpty(
      records.flatMap((pool) =>
        (members.get(textOf(pool['id']) ?? '') ?? []).map(
          (member) => textOf(member['instance_id']) ?? textOf(member['address']) ?? textOf(member['id']),
        ),
      ),
    ) ?? []
  const refers = (given: unknown, id: string | undefined) =>
    id !== undefined && listOf(given).some((record) => textOf(record['id']) === id)
  return snapshotOf([
    ...balancers.map((balancer) => {
      const id = textOf(balancer['id'])
      const status = textOf(balancer['provisioning_status'])
      return resourceOf({
        type: 'load_balancer',
        region,
        id,
        name: nameOf(balancer),
        rawState: status === 'ACTIVE' ? (textOf(balancer['operating_status']) ?? status) : status,
        tags: pairTags(balancer['tags']),
        size: textOf(balancer['l7_flavor_id']) ?? textOf(balancer['l4_flavor_id']),
        createdAt: timeOf(balancer['created_at']),
        addresses: nonEmpty([
          ...listOf(balancer['eips']).map((record) => textOf(record['eip_address'])),
          ...listOf(balancer['publicips']).map((record) => textOf(record['publicip_address'])),
        ]),
        attachedTo: targets(pools.filter((pool) => refers(pool['loadbalancers'], id))),
        attributes: withoutUndefined<Record<string, string>>({
          vip: textOf(balancer['vip_address']),
          vpc: textOf(balancer['vpc_id']),
        }),
      })
    }),
    ...listeners.map((listener) =>
      resourceOf({
        type: 'lb_service',
        region,
        id: textOf(listener['id']),
        name: nameOf(listener),
        parent: textOf(listOf(listener['loadbalancers'])[0]?.['id']),
        tags: pairTags(listener['tags']),
        createdAt: timeOf(listener['created_at']),
        attachedTo: targets(pools.filter((pool) => textOf(pool['id']) === textOf(listener['default_pool_id']))),
        attributes: withoutUndefined<Record<string, string | number>>({
          protocol: textOf(listener['protocol']),
          port: numberOf(listener['protocol_port']),
        }),
      }),
    ),
  ])
}

/** Records by zone. The data of A and AAAA is taken only: that of others, such as TXT, may be long or secret. */
export function mapZones(zones: ReadonlyMap<Fields, readonly Fields[]>, region: string): Snapshot {
  const counts = new Map<string, Sample>()
  const foundResources = [...zones].flatMap(([zone, records]) => {
    const domain = plainName(textOf(zone['name']))
    return [
      resourceOf({
        type: 'dns_domain',
        region,
        id: textOf(zone['id']),
        name: domain,
        rawState: textOf(zone['status']),
        createdAt: timeOf(zone['created_at']),
        attributes: withoutUndefined<Record<string, string>>({ visibility: textOf(zone['zone_type']) }),
      }),
      ...records.map((record) => {
        const type = textOf(record['type'])
        const labels = { domain: domain ?? '', type: type ?? '' }
        const value = (counts.get(JSON.stringify(labels))?.value ?? 0) + 1
        counts.set(JSON.stringify(labels), { name: 'cloud_dns_records', value, labels })
        const isAddress = (type === 'A' || type === 'AAAA') && Array.isArray(record['records'])
        const addresses = isAddress ? (record['records'] as unknown[]).flatMap((item) => textOf(item) ?? []) : []
        return resourceOf({
          type: 'dns_record',
          region,
          id: textOf(record['id']),
          name: plainName(textOf(record['name'])),
          parent: textOf(zone['id']),
          rawState: textOf(record['status']),
          createdAt: timeOf(record['created_at']),
          addresses: nonEmpty(addresses),
          attributes: withoutUndefined<Record<string, string | number>>({ type, ttl: numberOf(record['ttl']) }),
        })
      }),
    ]
  })
  return snapshotOf(foundResources, { samples: [...counts.values()] })
}

function plainName(name: string | undefined): string | undefined {
  return name?.replace(/\.$/, '')
}
