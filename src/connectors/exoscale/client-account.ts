import type { Context } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { fieldsOf, textOf } from '../../model/json.ts'
import { CollectError, type Account, type Collector, type Snapshot } from '../../polling/inventory/collector.ts'
import { ExoscaleClient } from './client.ts'
import { globalLists, zonalLists, type ListReader } from './client-lists.ts'
import { InstanceTypes } from './client-types.ts'
import type { ExoscaleConfig } from './config.ts'

/** Zones of the API that are used without discovery. */
const usualZones = [
  'ch-gva-2',
  'ch-dk-2',
  'de-fra-1',
  'de-muc-1',
  'at-vie-1',
  'at-vie-2',
  'bg-sof-1',
  'hr-zag-1',
] as const
const usualEndpoint = /^https:\/\/api-[a-z0-9-]+\.exoscale\.com\/?$/

type AccountContext = Pick<Context, 'host' | 'metrics' | 'log' | 'id'>

export function exoscaleAccount(config: ExoscaleConfig, { host, metrics, log, id: source }: AccountContext): Account {
  const clients: ExoscaleClient[] = []
  let account = config.organization ?? ''
  const open = (endpoint: string) => {
    const client = new ExoscaleClient({
      host,
      config,
      endpoint,
      env: self.env,
      requested: (path, status) => {
        metrics.count('cloud_api_requests_total', 1, { provider: 'exoscale', account, endpoint: path, status })
      },
    })
    clients.push(client)
    return client
  }
  const main = open(config.endpoint)
  return {
    provider: 'exoscale',
    requiredTags: config.required_tags,
    origin: (id) => `https://api.exoscale.com/${id}`,
    concurrency: 4,
    async open(signal) {
      account = config.organization ?? (await organizationOf(main, signal))
      const zones = await zonesOf(config, main, signal).catch((error: unknown) => {
        if (!(error instanceof CollectError) || !usualEndpoint.test(config.endpoint)) throw error
        log.warn('The list of zones cannot be read; the known zones are used.', { source, error: error.message })
        return usual(usualZones)
      })
      const types = new InstanceTypes(host.clock, main)
      const collector = (list: ListReader, client: ExoscaleClient, region: string): Collector => ({
        name: list.name,
        region,
        every: list.pace === 'slow' ? config.every_slow : list.pace === 'balance' ? config.every_balance : config.every,
        async collect(until): Promise<Snapshot> {
          const { totals = [], samples = [], ...read } = await list.read({ client, region, types, signal: until })
          const isWanted = ({ name }: { name: string }) => config.legacy_names || !name.startsWith('exoscale_')
          return { ...read, samples: samples.filter(isWanted), totals: totals.filter(isWanted) }
        },
      })
      return {
        id: account,
        collectors: [
          ...globalLists
            .filter(({ isLegacy }) => config.legacy_names || isLegacy !== true)
            .map((list) => collector(list, main, 'global')),
          ...zones.flatMap(({ name, endpoint }) => {
            const client = open(endpoint)
            return zonalLists.map((list) => collector(list, client, name))
          }),
        ],
      }
    },
    close() {
      for (const client of clients) client.close()
    },
  }
}

export async function organizationOf(client: ExoscaleClient, signal: AbortSignal): Promise<string> {
  const id = textOf((await client.get('/organization', signal))['id'])
  if (id === undefined)
    throw new CollectError('decode', `${client.endpoint} returned no id of the organization; set \`organization\``)
  return id
}

type Zone = Readonly<{ name: string; endpoint: string }>

export async function zonesOf(
  { zones: wanted, endpoint }: Pick<ExoscaleConfig, 'zones' | 'endpoint'>,
  client: ExoscaleClient,
  signal: AbortSignal,
): Promise<readonly Zone[]> {
  if (wanted.length > 0 && usualEndpoint.test(endpoint)) return usual(wanted)
  const zones = (await client.list('/zone', 'zones', signal)).flatMap((given): Zone[] => {
    const { name, 'api-endpoint': at } = fieldsOf(given)
    const [zone, url] = [textOf(name), textOf(at)]
    if (zone === undefined) return []
    // The credentials are sent there.
    const isTrusted = url !== undefined && (url.startsWith('https:') || endpoint.startsWith('http:'))
    return [{ name: zone, endpoint: isTrusted ? url.replace(/\/v2\/?$/, '') : `https://api-${zone}.exoscale.com` }]
  })
  const missing = wanted.filter((text) => !zones.some(({ name }) => name === text))
  if (missing.length > 0)
    throw new CollectError('server', `the zone ${missing.join(', ')} does not exist; correct \`zones\``)
  return wanted.length === 0 ? zones : zones.filter(({ name }) => wanted.includes(name))
}

function usual(zones: readonly string[]): readonly Zone[] {
  return zones.map((name) => ({ name, endpoint: `https://api-${name}.exoscale.com` }))
}
