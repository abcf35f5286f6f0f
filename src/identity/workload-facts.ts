import { parseIp } from '../model/ip.ts'
import type { ResourceAddress, ResourceData } from '../model/kubernetes.ts'
import { ranks } from './claims.ts'

export type Claimed = Readonly<{
  words: Uint32Array
  rank: number
  network?: string | undefined
  mac?: number | undefined
}>

export type HolderFacts = Readonly<{
  cluster: string
  kind: string
  namespace?: string
  name: string
  node?: string
  owner?: Owner
  template?: string
}>

export type Owner = Readonly<{
  kind: string
  name: string
  uid: string
}>

const rankOf: Readonly<Record<ResourceAddress['as'], number>> = {
  pod: ranks.pod,
  node: ranks.node,
  cluster: ranks.service,
  external: ranks.outside,
  'load-balancer': ranks.outside,
  secondary: ranks.secondary,
}

export const intermediateOwners: ReadonlySet<string> = new Set(['ReplicaSet', 'Job', 'ReplicationController'])

export function ownerOf(data: ResourceData): Owner | undefined {
  const [owner] = data.owners ?? []
  return owner === undefined ? undefined : { kind: owner.kind, name: owner.name, uid: owner.uid }
}

export function heldOf(data: ResourceData): HolderFacts {
  const { cluster, kind, namespace, name, node } = data
  // Without a pod only the service is known.
  if (kind === 'EndpointSlice')
    return { cluster, kind: 'Service', ...(namespace === undefined ? {} : { namespace }), name: data.service ?? name }
  const owner = kind === 'Pod' ? ownerOf(data) : undefined
  const template = data.labels?.['pod-template-hash']
  return {
    cluster,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(kind === 'Node' ? { node: name } : node === undefined ? {} : { node }),
    ...(owner === undefined ? {} : { owner }),
    ...(kind !== 'Pod' || template === undefined ? {} : { template }),
  }
}

const labeled = new Set(['Pod', 'Node', 'Service'])

export function labelText({ kind, labels = {} }: ResourceData): string {
  const names = labeled.has(kind) ? Object.keys(labels).toSorted() : []
  return names.length === 0 ? '' : JSON.stringify(Object.fromEntries(names.map((name) => [name, labels[name]])))
}

/** Claimed addresses without invalid ones. A finished pod has the lowest priority. */
export function claimedBy(data: ResourceData): Claimed[] {
  const claimed: Claimed[] = []
  const add = (ip: string, rank: number, network?: string, mac?: number) => {
    const words = parseIp(ip)
    if (words !== undefined)
      claimed.push({
        words,
        rank,
        ...(network === undefined ? {} : { network }),
        ...(mac === undefined ? {} : { mac }),
      })
  }
  const finished = data.phase === 'Succeeded' || data.phase === 'Failed'
  for (const { ip, as, network, mac } of data.addresses ?? []) {
    if (finished) add(ip, ranks.finished, network)
    else add(ip, rankOf[as] ?? ranks.outside, network, as === 'secondary' ? macOf(mac) : undefined)
  }
  if (data.kind === 'EndpointSlice') {
    for (const { addresses, kind } of data.endpoints ?? [])
      if (kind === undefined) for (const ip of addresses) add(ip, ranks.slice)
  }
  return claimed
}

function macOf(text: string | undefined) {
  return text !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)
    ? Number.parseInt(text.replaceAll(':', ''), 16)
    : undefined
}

export function sameHolder(a: HolderFacts, b: HolderFacts): boolean {
  return (
    a.name === b.name &&
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    a.node === b.node &&
    a.cluster === b.cluster &&
    a.template === b.template &&
    a.owner?.uid === b.owner?.uid &&
    a.owner?.kind === b.owner?.kind &&
    a.owner?.name === b.owner?.name
  )
}
