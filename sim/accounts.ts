/** Two cloud accounts of the shop: their resources, as an inventory lists them, and their daily costs. */
import { completed, costEvent } from '../src/codecs/focus/index.ts'
import type { CloudProvider, CloudResource } from '../src/model/cloud.ts'
import type { WeirEvent } from '../src/model/events.ts'
import { differences } from '../src/polling/inventory/diff.ts'
import { baselineEvent, changeEvent } from '../src/polling/inventory/events.ts'

const dayMs = 86_400_000
const gib = 2 ** 30
const costDays = 120

type Account = Readonly<{ provider: CloudProvider; account: string; name: string; currency: string }>

export const accounts = {
  shop: { provider: 'exoscale', account: 'shop', name: 'Shop', currency: 'CHF' },
  labs: { provider: 'digitalocean', account: 'labs', name: 'Shop labs', currency: 'USD' },
} as const satisfies Readonly<Record<string, Account>>

type Given = Partial<CloudResource> & Pick<CloudResource, 'type' | 'id'> & Readonly<{ price?: string }>

function resource(of: Account, { price, ...given }: Given): CloudResource {
  const { provider, account, currency } = of
  return {
    provider,
    account,
    region: provider === 'exoscale' ? 'ch-gva-2' : 'fra1',
    name: given.id,
    state: 'running',
    tags: { team: account === 'labs' ? 'data' : 'checkout', env: account === 'labs' ? 'test' : 'prod' },
    ...(price === undefined ? {} : { costPerHour: { amount: price, currency, source: 'pricelist' } }),
    ...given,
  }
}

type Size = Readonly<{ size: string; cores: number; price: string }>

const sizes = {
  standardLarge: { size: 'standard.large', cores: 4, price: '0.09247' },
  standardSmall: { size: 'standard.small', cores: 2, price: '0.02311' },
  cpuExtraLarge: { size: 'cpu.extra-large', cores: 8, price: '0.31944' },
  droplet: { size: 's-4vcpu-8gb', cores: 4, price: '0.07143' },
} as const satisfies Record<string, Size>

const machine = (of: Account, id: string, { size, cores, price }: Size, more: Partial<Given> = {}) =>
  resource(of, { type: 'instance', id, size, cpuCores: cores, memoryBytes: 2 * cores * gib, price, ...more })

const volume = (of: Account, id: string, size: number, attachedTo: readonly string[], price: string) =>
  resource(of, { type: 'volume', id, diskBytes: size * gib, attachedTo, price })

export function resources(now: number): readonly CloudResource[] {
  const { shop, labs } = accounts
  const node = { parent: 'pool-1', attributes: { template: 'Linux Debian 13' } }
  return [
    resource(shop, { type: 'kubernetes_cluster', id: 'demo', price: '0.06849', size: 'pro' }),
    resource(shop, { type: 'node_pool', id: 'pool-1', parent: 'demo', nodes: 3, size: 'standard.large' }),
    ...[1, 2, 3].map((at) =>
      machine(shop, `worker-${at}`, sizes.standardLarge, { ...node, addresses: [`203.0.113.${20 + at}`] }),
    ),
    machine(shop, 'bastion', sizes.standardSmall, { addresses: ['203.0.113.9'] }),
    machine(shop, 'reports', sizes.cpuExtraLarge, { state: 'stopped' }),
    volume(shop, 'database-data', 200, ['worker-2'], '0.02740'),
    volume(shop, 'old-database-data', 200, [], '0.02740'),
    resource(shop, {
      type: 'load_balancer',
      id: 'front',
      addresses: ['203.0.113.80'],
      attachedTo: ['pool-1'],
      price: '0.03425',
    }),
    resource(shop, { type: 'dns_domain', id: 'shop.example', region: 'global' }),
    resource(shop, {
      type: 'dns_record',
      id: 'www.shop.example',
      region: 'global',
      parent: 'shop.example',
      addresses: ['203.0.113.80'],
    }),
    resource(shop, { type: 'ip_address', id: 'spare', addresses: ['203.0.113.200'], attachedTo: [], price: '0.01370' }),
    resource(shop, {
      type: 'snapshot',
      id: 'database-before-upgrade',
      diskBytes: 200 * gib,
      createdAt: new Date(now - 140 * dayMs).toISOString(),
      price: '0.01096',
    }),
    machine(labs, 'notebook-1', sizes.droplet),
    machine(labs, 'notebook-2', sizes.droplet, { state: 'stopped' }),
    volume(labs, 'datasets', 500, ['notebook-1'], '0.07440'),
    resource(labs, { type: 'database', id: 'experiments', size: 'db-s-2vcpu-4gb', nodes: 1, price: '0.08929' }),
    resource(labs, { type: 'bucket', id: 'models', diskBytes: 900 * gib, price: '0.02679' }),
  ]
}

/** A list of yesterday, and what changed since. */
export function accountEvents(now = Date.now()): readonly WeirEvent[] {
  const after = resources(now)
  const before = after
    .filter(({ id }) => id !== 'spare')
    .map((resource): CloudResource =>
      resource.id === 'notebook-2'
        ? { ...resource, state: 'running' }
        : resource.id === 'worker-2'
          ? { ...resource, size: 'standard.medium', cpuCores: 2, memoryBytes: 4 * gib }
          : resource.id === 'old-database-data'
            ? { ...resource, attachedTo: ['worker-2'] }
            : resource,
    )
  return Object.values(accounts).flatMap(({ provider, account }) => {
    const resourcesOf = (all: readonly CloudResource[]) => all.filter((candidate) => candidate.account === account)
    const since = now - dayMs
    const first = differences(undefined, resourcesOf(before), { complete: true, now: since, since })
    const second = differences(first.after, resourcesOf(after), { complete: true, now: now - dayMs / 8, since })
    const collector = { region: 'global', name: 'resources' }
    const baseline = {
      provider,
      account,
      region: 'global',
      collector: 'resources',
      resources: resourcesOf(before).length,
    }
    return [
      baselineEvent(baseline, `/clouds/${provider}/${account}`, { since, time: since }),
      ...[...first.events, ...second.events].map((event) =>
        changeEvent(event, `/clouds/${provider}/${account}`, collector),
      ),
    ]
  })
}

const services: Readonly<Record<string, string>> = {
  instance: 'Compute',
  kubernetes_cluster: 'Kubernetes',
  volume: 'Block storage',
  snapshot: 'Block storage',
  load_balancer: 'Network',
  ip_address: 'Network',
  database: 'Databases',
  bucket: 'Object storage',
}

/** Costs of the last months. Those of the last two days are estimates. */
export function costEvents(now = Date.now()): readonly WeirEvent[] {
  const today = Math.floor(now / dayMs)
  return resources(now).flatMap((resource) => {
    const { costPerHour: price, provider, account, type } = resource
    if (price === undefined) return []
    const { name } = Object.values(accounts).find((candidate) => candidate.account === account)!
    return Array.from({ length: costDays }, (_, ago) => {
      const day = today - ago
      // Usage varies by the day of the week, and grows.
      const hours = 18 + ((day * 3 + resource.id.length * 5) % 7) - Math.floor(ago / 30)
      const row = completed(
        {
          BilledCost: (Number(price.amount) * hours).toFixed(6),
          BillingCurrency: price.currency,
          BillingAccountId: account,
          BillingAccountName: name,
          ChargePeriodStart: new Date(day * dayMs).toISOString().replace('.000', ''),
          ChargeDescription: `${type} ${resource.size ?? ''}`.trim(),
          ProviderName: provider,
          ServiceName: services[type] ?? type,
          RegionId: resource.region,
          ResourceId: resource.id,
          ResourceName: resource.name,
          ResourceType: type,
          Tags: JSON.stringify(resource.tags ?? {}),
        },
        { source: 'focus', collected: now, estimated: ago < 2 },
      )
      return costEvent(row)
    })
  })
}
