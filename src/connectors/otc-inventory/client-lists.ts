import { textOf, type Fields } from '../../model/json.ts'
import { CollectError, type Snapshot } from '../../polling/inventory/collector.ts'
import { listOf } from '../../polling/inventory/fields.ts'
import { countedTotal, noNextLink, noNextMarker, type OtcClient, type Paging } from './client.ts'
import type { PriceList } from './client-prices.ts'
import { services } from './client-services.ts'
import { mapClusters, mapServers, mapVolumes, type ClusterOfList } from './map-compute.ts'
import { mapAddresses, mapLoadBalancers, mapNetworks, mapSecurityGroups, mapZones } from './map-network.ts'

export type Reading = Readonly<{
  client: OtcClient
  project: Readonly<{ id: string; name: string; region: string }>
  prices: PriceList
  signal: AbortSignal
}>
type Read = (reading: Reading) => Promise<Snapshot>

const serverPages: Paging = { by: 'page', size: 500, isLast: countedTotal }
const volumePages: Paging = { by: 'offset', size: 500 }
const markerPages: Paging = { by: 'marker', size: 500 }
const elbPages: Paging = { by: 'marker', size: 500, isLast: noNextMarker }
const dnsPages: Paging = { by: 'marker', size: 500, isLast: noNextLink }
const { ecs, evs, vpc, elb, cce, dns } = services

const vpcList = ({ client, project, signal }: Reading, path: string, envelope: string) =>
  client.list(vpc, `/v1/${project.id}/${path}`, envelope, signal, { paging: markerPages })

const elbList = ({ client, project, signal }: Reading, path: string, envelope: string) =>
  client.list(elb, `/v3/${project.id}/elb/${path}`, envelope, signal, { paging: elbPages })

function idOf(given: Fields, what: string): string {
  const id = textOf(given['id'])
  if (id === undefined) throw new CollectError('decode', `${what} has no id`, { mayPass: true })
  return id
}

export const fastLists: Readonly<Record<string, Read>> = {
  async servers({ client, project, prices, signal }) {
    const path = `/v1/${project.id}/cloudservers/detail`
    const results = await client.list(ecs, path, 'servers', signal, { paging: serverPages })
    const priceOf = await prices.of(project.region, signal)
    return mapServers(results, { region: project.region, project: project.name, priceOf })
  },
  async volumes({ client, project, signal }) {
    const path = `/v2/${project.id}/cloudvolumes/detail`
    return mapVolumes(await client.list(evs, path, 'volumes', signal, { paging: volumePages }), project.region)
  },
  async clusters({ client, project, signal }) {
    const path = `/api/v3/projects/${project.id}/clusters`
    const clusters: ClusterOfList[] = []
    for (const cluster of await client.list(cce, path, 'items', signal)) {
      const uid = textOf((cluster['metadata'] as Fields | undefined)?.['uid'])
      if (uid === undefined) throw new CollectError('decode', 'a cluster of CCE has no id', { mayPass: true })
      const of = `${path}/${encodeURIComponent(uid)}`
      clusters.push({
        cluster,
        pools: await client.list(cce, `${of}/nodepools`, 'items', signal),
        nodes: await client.list(cce, `${of}/nodes`, 'items', signal),
      })
    }
    return mapClusters(clusters, project.region)
  },
}

export const slowLists: Readonly<Record<string, Read>> = {
  async networks(reading) {
    const vpcs = await vpcList(reading, 'vpcs', 'vpcs')
    return mapNetworks(vpcs, await vpcList(reading, 'subnets', 'subnets'), reading.project.region)
  },
  async addresses(reading) {
    const addresses = await vpcList(reading, 'publicips', 'publicips')
    const isUsed = addresses.some(({ port_id: port }) => (textOf(port) ?? '') !== '')
    return mapAddresses(addresses, isUsed ? await vpcList(reading, 'ports', 'ports') : [], reading.project.region)
  },
  async 'security-groups'(reading) {
    return mapSecurityGroups(await vpcList(reading, 'security-groups', 'security_groups'), reading.project.region)
  },
  async 'load-balancers'(reading) {
    const balancers = await elbList(reading, 'loadbalancers', 'loadbalancers')
    const listeners = await elbList(reading, 'listeners', 'listeners')
    const pools = await elbList(reading, 'pools', 'pools')
    const members = new Map<string, readonly Fields[]>()
    for (const pool of pools) {
      if (listOf(pool['members']).length === 0) continue
      const id = idOf(pool, 'a pool of ELB')
      members.set(id, await elbList(reading, `pools/${encodeURIComponent(id)}/members`, 'members'))
    }
    return mapLoadBalancers({ balancers, listeners, pools, members }, reading.project.region)
  },
  async dns({ client, project, signal }) {
    const zones = new Map<Fields, readonly Fields[]>()
    for (const type of ['public', 'private'])
      for (const zone of await client.list(dns, '/v2/zones', 'zones', signal, {
        paging: dnsPages,
        query: [['type', type]],
      })) {
        const path = `/v2/zones/${encodeURIComponent(idOf(zone, 'a zone of DNS'))}/recordsets`
        zones.set(zone, await client.list(dns, path, 'recordsets', signal, { paging: dnsPages }))
      }
    return mapZones(zones, project.region)
  },
}
