import { withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import type { Sample, Snapshot } from '../../polling/inventory/collector.ts'
import { nonEmpty } from '../../polling/inventory/fields.ts'
import { idOf, label, listOf, numberOf, resourceOf, snapshotOf, upOf } from './map-fields.ts'

export function mapLoadBalancers(balancers: readonly Fields[], region: string): Snapshot {
  const services = balancers.flatMap((balancer) =>
    listOf(balancer['services']).map((service) => ({ balancer, service })),
  )
  const foundResources = [
    ...balancers.map((balancer) => {
      const ip = textOf(balancer['ip'])
      const pools = listOf(balancer['services']).map((service) => idOf(service['instance-pool']))
      return resourceOf(
        balancer,
        { type: 'load_balancer', region },
        { addresses: ip === undefined ? undefined : [ip], attachedTo: nonEmpty(pools) ?? [] },
      )
    }),
    ...services.map(({ balancer, service }) => {
      const pool = idOf(service['instance-pool'])
      return resourceOf(
        service,
        { type: 'lb_service', region },
        {
          parent: idOf(balancer),
          attachedTo: pool === undefined ? undefined : [pool],
          attributes: withoutUndefined<Record<string, string | number>>({
            port: numberOf(service['port']),
            targetPort: numberOf(service['target-port']),
            protocol: textOf(service['protocol']),
            strategy: textOf(service['strategy']),
          }),
        },
      )
    }),
  ]
  return snapshotOf(foundResources, {
    samples: [
      ...balancers.map((balancer): Sample => ({
        name: 'exoscale_load_balancer',
        value: upOf(balancer),
        labels: { name: label(balancer['name']) },
      })),
      ...services.map(({ balancer, service }): Sample => ({
        name: 'exoscale_load_balancer_service',
        value: upOf(service),
        labels: {
          name: label(balancer['name']),
          service: label(service['name']),
          port: label(service['port']),
          target_port: label(service['target-port']),
          strategy: label(service['strategy']),
        },
      })),
    ],
    totals: [
      { name: 'exoscale_load_balancer_count', value: balancers.length },
      { name: 'exoscale_load_balancer_service_count', value: services.length },
    ],
  })
}

/** The list does not contain the instances that use an address. */
export function mapElasticIps(addresses: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    addresses.map((address) => {
      const ip = textOf(address['ip']) ?? textOf(address['cidr'])
      return resourceOf(
        { ...address, name: ip },
        { type: 'ip_address', region },
        { addresses: ip === undefined ? undefined : [ip] },
      )
    }),
    {
      samples: addresses.map((address) => ({
        name: 'exoscale_elastic_ip',
        value: 1,
        labels: { ip: label(address['ip']) },
      })),
      totals: [{ name: 'exoscale_elastic_ip_count', value: addresses.length }],
    },
  )
}

export function mapNetworks(networks: readonly Fields[], region: string): Snapshot {
  return snapshotOf(
    networks.map((network) =>
      resourceOf(
        network,
        { type: 'network', region },
        {
          attributes: withoutUndefined<Record<string, string | number>>({
            vni: numberOf(network['vni']),
            start: textOf(network['start-ip']),
            end: textOf(network['end-ip']),
            netmask: textOf(network['netmask']),
          }),
        },
      ),
    ),
    {
      samples: networks.map((network) => ({
        name: 'exoscale_private_network',
        value: 1,
        labels: { name: label(network['name']), vni: label(network['vni']) },
      })),
      totals: [{ name: 'exoscale_private_network_count', value: networks.length }],
    },
  )
}

const maxRules = 200

/** Rules are attributes, so that each added or removed rule is a change of the group. */
export function mapSecurityGroups(groups: readonly Fields[]): Snapshot {
  const ruleSamples = groups.flatMap((group) =>
    listOf(group['rules']).map((rule): Sample => ({
      name: 'exoscale_security_group_rule',
      value: 1,
      labels: {
        security_group: label(group['name']),
        start_port: label(rule['start-port'] ?? 0),
        end_port: label(rule['end-port'] ?? 0),
        direction: label(rule['flow-direction']),
        network: label(rule['network']),
        protocol: label(rule['protocol']),
      },
    })),
  )
  return snapshotOf(
    groups.map((group) =>
      resourceOf(
        group,
        { type: 'security_group', region: 'global' },
        {
          attributes: Object.fromEntries(
            listOf(group['rules'])
              .slice(0, maxRules)
              .map((rule) => [`rule-${label(rule['id'])}`, ruleText(rule)]),
          ),
        },
      ),
    ),
    {
      samples: [
        ...groups.map((group): Sample => ({
          name: 'exoscale_security_group',
          value: 1,
          labels: { security_group: label(group['name']) },
        })),
        ...ruleSamples,
      ],
      totals: [
        { name: 'exoscale_security_group_count', value: groups.length },
        { name: 'exoscale_security_group_rule_count', value: ruleSamples.length },
      ],
    },
  )
}

function ruleText(rule: Fields): string {
  const { type, code } = (rule['icmp'] ?? {}) as Fields
  const ports = rule['start-port'] === undefined ? '' : `${label(rule['start-port'])}-${label(rule['end-port'])}`
  const icmp = type === undefined ? '' : `type ${label(type)} code ${label(code)}`
  const peer = textOf(rule['network']) ?? idOf(rule['security-group']) ?? ''
  return [label(rule['flow-direction']), label(rule['protocol']), ports, icmp, peer]
    .filter((part) => part !== '')
    .join(' ')
}

/** Types with a host as their content. The content of others, such as TXT, may be long or secret. */
const hostTypes = new Set(['A', 'AAAA', 'CNAME', 'NS', 'MX', 'ALIAS'])

/** Records by domain. */
export function mapDomains(records: ReadonlyMap<Fields, readonly Fields[]>): Snapshot {
  const domains = [...records.keys()]
  const all = [...records].flatMap(([domain, of]) => of.map((record) => ({ domain, record })))
  const counts = new Map<string, Sample>()
  for (const { domain, record } of all) {
    const labels = { domain: label(domain['unicode-name']), type: label(record['type']) }
    const value = (counts.get(JSON.stringify(labels))?.value ?? 0) + 1
    counts.set(JSON.stringify(labels), { name: 'cloud_dns_records', value, labels })
  }
  const contentOf = (record: Fields) => (hostTypes.has(label(record['type'])) ? textOf(record['content']) : undefined)
  const foundResources = [
    ...domains.map((domain) =>
      resourceOf({ ...domain, name: domain['unicode-name'] }, { type: 'dns_domain', region: 'global' }),
    ),
    ...all.map(({ domain, record }) => {
      const [type, content] = [textOf(record['type']), contentOf(record)]
      return resourceOf(
        record,
        { type: 'dns_record', region: 'global' },
        {
          name: [textOf(record['name']), textOf(domain['unicode-name'])].filter((part) => part !== undefined).join('.'),
          parent: idOf(domain),
          addresses: content !== undefined && (type === 'A' || type === 'AAAA') ? [content] : undefined,
          attributes: withoutUndefined<Record<string, string | number>>({
            type,
            content,
            ttl: numberOf(record['ttl']),
          }),
        },
      )
    }),
  ]
  return snapshotOf(foundResources, {
    samples: [
      ...counts.values(),
      ...domains.map((domain): Sample => ({
        name: 'exoscale_domain',
        value: 1,
        labels: { domain: label(domain['unicode-name']) },
      })),
      ...all.map(({ domain, record }): Sample => ({
        name: 'exoscale_domain_record',
        value: 1,
        labels: {
          domain: label(domain['unicode-name']),
          name: label(record['name']),
          record: contentOf(record) ?? '',
          priority: label(record['priority'] ?? 0),
          ttl: label(record['ttl'] ?? 0),
          type: label(record['type']),
        },
      })),
    ],
    totals: [
      { name: 'exoscale_domain_count', value: domains.length },
      { name: 'exoscale_domain_record_count', value: all.length },
    ],
  })
}
