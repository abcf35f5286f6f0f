import type { ResourceAddress, ResourceData, ResourceOwner } from '../../../model/kubernetes.ts'
import { parsedJson } from '../../../model/json.ts'
import type { KubeObject } from '../client/types.ts'
import { stateOf } from './state.ts'
import { compact, dictOf, listOf, nonBlank, nonEmpty, nonEmptyList, textOf, texts, type Dict } from './untyped.ts'

export type ResourceFacts = Omit<
  ResourceData,
  | 'cluster'
  | 'group'
  | 'version'
  | 'kind'
  | 'resource'
  | 'namespace'
  | 'name'
  | 'uid'
  | 'resourceVersion'
  | 'since'
  | 'state'
>

export function factsOf(object: KubeObject): ResourceFacts {
  const { metadata } = object
  const owners = listOf(metadata?.['ownerReferences']).map(ownerOf)
  owners.sort((a, b) => Number(b.controller ?? false) - Number(a.controller ?? false))
  return compact({
    labels: nonEmpty(dictOf(metadata?.['labels'])) as ResourceFacts['labels'],
    created: textOf(metadata?.['creationTimestamp']),
    owners: nonEmptyList(owners),
    ...stateOf(object),
    ...(object.apiVersion === 'v1' && object.kind === 'Pod' ? podFacts(object) : {}),
    ...(object.apiVersion === 'v1' && object.kind === 'Node' ? nodeFacts(object) : {}),
    ...(object.apiVersion === 'v1' && object.kind === 'Service' ? serviceFacts(object) : {}),
    ...(object.kind === 'EndpointSlice' && object.apiVersion?.startsWith('discovery.k8s.io/') === true
      ? sliceFacts(object)
      : {}),
  })
}

function ownerOf(reference: Dict): ResourceOwner {
  const version = textOf(reference['apiVersion']) ?? ''
  const slash = version.indexOf('/')
  return {
    kind: textOf(reference['kind']) ?? '',
    group: slash === -1 ? '' : version.slice(0, slash),
    name: textOf(reference['name']) ?? '',
    uid: textOf(reference['uid']) ?? '',
    ...(reference['controller'] === true ? { controller: true } : {}),
  }
}

function podFacts({ spec: s, status: t, metadata }: KubeObject): ResourceFacts {
  const [spec, status] = [dictOf(s), dictOf(t)]
  const hostNetwork = spec['hostNetwork'] === true
  const ips = new Set([textOf(status['podIP']), ...listOf(status['podIPs']).map(({ ip }) => textOf(ip))])
  const addresses: ResourceAddress[] = hostNetwork
    ? []
    : [...ips].flatMap((ip) => (ip === undefined || ip === '' ? [] : [{ ip, as: 'pod' as const }]))
  const images = new Map(
    listOf(status['containerStatuses']).map((container) => [textOf(container['name']), textOf(container['imageID'])]),
  )
  return compact({
    addresses: nonEmptyList([...addresses, ...secondaryOf(metadata?.annotations)]),
    ...(hostNetwork ? { hostNetwork: true as const } : {}),
    phase: textOf(status['phase']),
    node: textOf(spec['nodeName']),
    images: nonEmptyList(
      listOf(spec['containers']).map((container) =>
        compact({
          container: textOf(container['name']) ?? '',
          image: textOf(container['image']) ?? '',
          id: nonBlank(images.get(textOf(container['name']))),
        }),
      ),
    ),
  })
}

function secondaryOf(annotations: Readonly<Record<string, string>> | undefined): ResourceAddress[] {
  const results: ResourceAddress[] = []
  for (const network of listOf(parsedJson(annotations?.['k8s.v1.cni.cncf.io/network-status'] ?? ''))) {
    if (network['default'] === true) continue
    for (const ip of texts(network['ips']))
      results.push(
        compact({
          ip,
          as: 'secondary' as const,
          network: textOf(network['name']),
          interface: nonBlank(textOf(network['interface'])),
          mac: nonBlank(textOf(network['mac'])),
        }),
      )
  }
  for (const [name, network] of Object.entries(dictOf(parsedJson(annotations?.['k8s.ovn.org/pod-networks'] ?? '')))) {
    const { role, ip_addresses: ranges, mac_address: mac } = dictOf(network)
    if (name === 'default' && role !== 'primary') continue
    for (const range of texts(ranges)) {
      const ip = range.split('/')[0] ?? ''
      if (ip !== '' && name !== 'default')
        results.push(compact({ ip, as: 'secondary' as const, network: name, mac: nonBlank(textOf(mac)) }))
    }
  }
  return results
}

const zoneLabels = ['topology.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/zone']
const regionLabels = ['topology.kubernetes.io/region', 'failure-domain.beta.kubernetes.io/region']

function nodeFacts({ spec, status, metadata }: KubeObject): ResourceFacts {
  const labels = dictOf(metadata?.['labels'])
  const first = (names: readonly string[]) =>
    names.map((name) => textOf(labels[name])).find((value) => value !== undefined)
  const addresses = listOf(dictOf(status)['addresses']).flatMap(({ type, address }): ResourceAddress[] => {
    const ip = textOf(address)
    return ip === undefined || (type !== 'InternalIP' && type !== 'ExternalIP') ? [] : [{ ip, as: 'node' }]
  })
  // The management port of an OVN node is the second address of its subnet.
  for (const range of texts(dictOf(parsedJson(metadata?.annotations?.['k8s.ovn.org/node-subnets'] ?? ''))['default'])) {
    const port = secondAddress(range)
    if (port !== undefined) addresses.push({ ip: port, as: 'node' })
  }
  return compact({
    addresses: nonEmptyList(addresses),
    zone: first(zoneLabels),
    region: first(regionLabels),
    providerId: nonBlank(textOf(dictOf(spec)['providerID'])),
    podRanges: nonEmptyList(texts(dictOf(spec)['podCIDRs'])),
  })
}

function secondAddress(range: string): string | undefined {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/\d+$/.exec(range)?.slice(1).map(Number)
  if (parts === undefined) return undefined
  const number = parts.reduce((sum, part) => sum * 256 + part, 0) + 2
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
}

function serviceFacts({ spec: s, status }: KubeObject): ResourceFacts {
  const spec = dictOf(s)
  const addresses: ResourceAddress[] = []
  for (const ip of new Set([textOf(spec['clusterIP']) ?? '', ...texts(spec['clusterIPs'])]))
    if (ip !== '' && ip !== 'None') addresses.push({ ip, as: 'cluster' })
  for (const ip of texts(spec['externalIPs'])) addresses.push({ ip, as: 'external' })
  for (const { ip } of listOf(dictOf(dictOf(status)['loadBalancer'])['ingress']))
    if (typeof ip === 'string') addresses.push({ ip, as: 'load-balancer' })
  return compact({
    addresses: nonEmptyList(addresses),
    selector: nonEmpty(dictOf(spec['selector'])) as ResourceFacts['selector'],
    ports: nonEmptyList(
      listOf(spec['ports']).map(({ port, protocol, name, nodePort, targetPort }) =>
        compact({
          port: Number(port),
          protocol: textOf(protocol) ?? 'TCP',
          name: textOf(name),
          ...(typeof nodePort === 'number' && nodePort > 0 ? { nodePort } : {}),
          ...(typeof targetPort === 'number' || typeof targetPort === 'string' ? { targetPort } : {}),
        }),
      ),
    ),
  })
}

function sliceFacts(object: KubeObject): ResourceFacts {
  return compact({
    service: textOf(dictOf(object.metadata?.['labels'])['kubernetes.io/service-name']),
    endpoints: nonEmptyList(
      listOf(object['endpoints']).map(({ addresses, conditions, nodeName, zone, targetRef }) => {
        const { kind, namespace, name, uid } = dictOf(targetRef)
        return compact({
          addresses: texts(addresses),
          ready: dictOf(conditions)['ready'] !== false,
          node: textOf(nodeName),
          zone: textOf(zone),
          kind: textOf(kind),
          namespace: textOf(namespace),
          name: textOf(name),
          uid: textOf(uid),
        })
      }),
    ),
  })
}
