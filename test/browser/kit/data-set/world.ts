// Endpoints of data set D: 40 namespaces, 600 workloads with pods on 30 nodes in three zones, and external addresses.
import { parseIp } from '../../../../src/model/ip.ts'
import type { SeededRandom } from '../../../kit/random.ts'

export interface Node {
  readonly name: string
  readonly zone: string
  readonly address: Uint32Array
}

export interface Workload {
  readonly name: string
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob'
  readonly namespace: string
  readonly port: number
  readonly pods: readonly Pod[]
}

export interface Pod {
  readonly name: string
  readonly kind: 'Pod' | 'Node'
  /** A node owns itself and has no namespace. */
  readonly owner: { readonly name: string; readonly kind: string; readonly namespace?: string }
  readonly node: Node
  readonly address: Uint32Array
}

export interface Outside {
  readonly address: Uint32Array
  readonly label: string | undefined
  readonly as: number
}

export interface World {
  readonly nodes: readonly Node[]
  readonly workloads: readonly Workload[]
  readonly hosts: readonly Pod[]
  readonly outside: readonly Outside[]
}

const teams = [
  'shop',
  'search',
  'pay',
  'media',
  'auth',
  'stock',
  'mail',
  'report',
  'track',
  'chat',
  'geo',
  'ads',
  'lab',
]
const stages = ['prod', 'stage', 'dev']
export const namespaces: readonly string[] = [
  ...teams.flatMap((team) => stages.map((stage) => `${team}-${stage}`)),
  'kube-system',
]

const roles = [
  ['web', 443, 'Deployment'],
  ['api', 8080, 'Deployment'],
  ['grpc', 9090, 'Deployment'],
  ['postgres', 5432, 'StatefulSet'],
  ['redis', 6379, 'StatefulSet'],
  ['kafka', 9092, 'StatefulSet'],
  ['worker', 8081, 'Deployment'],
  ['proxy', 80, 'Deployment'],
  ['agent', 9100, 'DaemonSet'],
  ['dns', 53, 'DaemonSet'],
  ['mongo', 27017, 'StatefulSet'],
  ['login', 8443, 'Deployment'],
  ['export', 9187, 'CronJob'],
  ['cleanup', 8082, 'CronJob'],
  ['index', 9200, 'StatefulSet'],
] as const

/** More than 100,000 names over all jobs. */
const podsOfJob = 1300
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

function ip(text: string): Uint32Array {
  return Uint32Array.from(parseIp(text) ?? [])
}

function v4(base: number, at: number): Uint32Array {
  return Uint32Array.of(0, 0, 0xffff, (base + at) >>> 0)
}

export function makeWorld(random: SeededRandom): World {
  const nodes = Array.from({ length: 30 }, (_, at): Node => ({
    name: `node-${String(at + 1).padStart(2, '0')}`,
    zone: `zone-${'abc'[at % 3]}`,
    address: v4(0x0a000000, at + 1),
  }))
  let made = 0
  const pod = (owner: Pod['owner'], name: string): Pod => {
    const at = ++made
    return {
      name,
      kind: 'Pod',
      owner,
      node: random.pick(nodes),
      address:
        at % 8 === 0 ? ip(`fd00:10::${(at >> 16).toString(16)}:${(at & 0xffff).toString(16)}`) : v4(0x0a800000, at),
    }
  }
  const letters = (count: number): string =>
    Array.from({ length: count }, () => alphabet.charAt(random.integer(0, alphabet.length - 1))).join('')
  const workloads = namespaces.flatMap((namespace) =>
    roles.map(([name, port, kind]): Workload => {
      const owner = { name, kind, namespace }
      const count = kind === 'CronJob' ? podsOfJob : kind === 'StatefulSet' ? 3 : random.integer(1, 4)
      const pods = Array.from({ length: count }, (_, at) =>
        pod(owner, kind === 'StatefulSet' ? `${name}-${at}` : `${name}-${letters(7)}-${letters(5)}`),
      )
      return { name, kind, namespace, port, pods }
    }),
  )
  const hosts = nodes.map((node): Pod => ({
    name: node.name,
    kind: 'Node',
    owner: { name: node.name, kind: 'Node' },
    node,
    address: node.address,
  }))
  const outside = Array.from({ length: 5000 }, (_, at): Outside => ({
    address:
      at % 5 === 0 ? ip(`2001:db8:${(at % 97).toString(16)}::${at.toString(16)}`) : v4(0xc6120000, Math.imul(at, 25)),
    label: at % 4 === 0 ? random.pick(['office', 'partner', 'backup']) : undefined,
    as: 64_500 + (at % 40),
  }))
  return { nodes, workloads, hosts, outside }
}
