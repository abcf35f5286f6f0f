// The flows of data set D.
import type { FlowFieldName } from '../../../../src/model/fields.ts'
import type { SeededRandom } from '../../../kit/random.ts'
import type { Put } from './columns.ts'
import type { Outside, Pod, Workload, World } from './world.ts'

export const fieldsOfD = [
  'time_start',
  'time_end',
  'time_received',
  'src_addr',
  'dst_addr',
  'exporter_addr',
  'src_port',
  'dst_port',
  'proto',
  'tcp_flags',
  'direction',
  'node_direction',
  'dscp',
  'in_if',
  'bytes',
  'packets',
  'sampling',
  'protocol',
  'protocol_version',
  'icmp_type',
  'icmp_code',
  'src_as',
  'dst_as',
  'etype',
  'interfaces',
  'rtt',
  'dns_id',
  'dns_rcode',
  'dns_latency',
  'dns_errno',
  'dns_name',
  'drop_bytes',
  'drop_packets',
  'drop_state',
  'drop_cause',
  'cluster',
  'flow_layer',
  'src_name',
  'src_kind',
  'src_namespace',
  'src_owner_name',
  'src_owner_kind',
  'src_node',
  'src_zone',
  'src_label',
  'dst_name',
  'dst_kind',
  'dst_namespace',
  'dst_owner_name',
  'dst_owner_kind',
  'dst_node',
  'dst_zone',
  'dst_label',
] as const satisfies readonly FlowFieldName[]

export type Columns = Readonly<Record<(typeof fieldsOfD)[number], Put>>
type Value = number | Uint32Array | string

export interface Flow {
  readonly values: readonly (readonly [(typeof fieldsOfD)[number], Value])[]
  readonly interfaces: readonly string[]
  /** Duration, and ms between end and receipt. */
  readonly lasted: number
  readonly ago: number
  readonly reports: readonly { readonly exporter: Uint32Array; readonly direction: 0 | 1 }[]
}

type End = { readonly pod: Pod; readonly port: number } | { readonly outside: Outside; readonly port: number }

const causes = [
  'SKB_DROP_REASON_TCP_INVALID_SEQUENCE',
  'SKB_DROP_REASON_NETFILTER_DROP',
  'SKB_DROP_REASON_NO_SOCKET',
  'OVS_DROP_LAST_ACTION',
]
const states = ['TCP_ESTABLISHED', 'TCP_SYN_SENT', 'TCP_CLOSE', 'TCP_INVALID_STATE']
const outsidePorts = [443, 443, 443, 80, 22, 25, 123, 8443]

export class FlowMaker {
  readonly #random: SeededRandom
  readonly #world: World
  readonly #jobs: readonly Workload[]
  readonly #lasting: readonly Workload[]
  #jobPods = 0

  constructor(random: SeededRandom, world: World) {
    this.#random = random
    this.#world = world
    this.#jobs = world.workloads.filter(({ kind }) => kind === 'CronJob')
    this.#lasting = world.workloads.filter(({ kind }) => kind !== 'CronJob')
  }

  next(): Flow {
    const random = this.#random
    const way = random.next()
    const server: End = way < 0.85 ? this.#server() : { outside: this.#outside(), port: random.pick(outsidePorts) }
    const client: End =
      way < 0.7 || way >= 0.85
        ? { pod: this.#client(), port: random.integer(32_768, 60_999) }
        : { outside: this.#outside(), port: random.integer(1024, 65_535) }
    const [from, to] = random.chance(0.6) ? [client, server] : [server, client]
    const v6 = addressOf(from)[2] !== 0xffff
    const values: [(typeof fieldsOfD)[number], Value][] = [
      ['src_addr', addressOf(from)],
      ['dst_addr', addressOf(to)],
      ['etype', v6 ? 34_525 : 2048],
      ['protocol', 'ipfix'],
      ['protocol_version', 10],
      ['cluster', 'east'],
      [
        'flow_layer',
        [from, to].some((end) => 'pod' in end && (end.pod.owner.namespace ?? 'kube-system') === 'kube-system')
          ? 'infra'
          : 'app',
      ],
      ['dscp', random.pick([0, 0, 0, 0, 10, 46])],
    ]
    for (const [end, side] of [
      [from, 'src'],
      [to, 'dst'],
    ] as const) {
      if ('pod' in end) values.push(...named(side, end.pod))
      else {
        values.push([`${side}_as`, end.outside.as])
        if (end.outside.label !== undefined) values.push([`${side}_label`, end.outside.label])
      }
    }
    this.#transport(values, from, to, server.port, v6)
    this.#volume(values)
    const [source, target] = [
      'pod' in from ? from.pod.node.address : undefined,
      'pod' in to ? to.pod.node.address : undefined,
    ]
    const reports = [
      ...(target === undefined ? [] : [{ exporter: target, direction: 0 as const }]),
      ...(source === undefined ? [] : [{ exporter: source, direction: 1 as const }]),
    ]
    return {
      values,
      reports,
      interfaces: random.chance(0.3) ? ['eth0', 'br-ex'] : ['eth0'],
      lasted: Math.floor(30_000 * random.next() ** 4),
      ago: random.integer(1, 5000),
    }
  }

  #server(): End {
    const random = this.#random
    if (random.chance(0.02)) return { pod: random.pick(this.#world.hosts), port: random.pick([10_250, 6443, 22]) }
    // A few workloads have most of the traffic.
    const workload = this.#lasting[Math.floor(this.#lasting.length * random.next() ** 2)] ?? random.pick(this.#lasting)
    return { pod: random.pick(workload.pods), port: random.chance(0.97) ? workload.port : 53 }
  }

  #client(): Pod {
    const random = this.#random
    if (random.chance(0.02)) return random.pick(this.#world.hosts)
    if (random.chance(0.25)) {
      // Round-robin over the pods of jobs, to cover all names.
      const at = this.#jobPods++
      const pods = this.#jobs[at % this.#jobs.length]?.pods ?? []
      return pods[Math.floor(at / this.#jobs.length) % pods.length] ?? random.pick(pods)
    }
    return random.pick(random.pick(this.#lasting).pods)
  }

  #outside(): Outside {
    const { outside } = this.#world
    return outside[Math.floor(outside.length * this.#random.next() ** 3)] ?? this.#random.pick(outside)
  }

  #transport(values: [(typeof fieldsOfD)[number], Value][], from: End, to: End, service: number, v6: boolean): void {
    const random = this.#random
    if (random.chance(0.02)) {
      values.push(
        ['proto', v6 ? 58 : 1],
        ['icmp_type', v6 ? random.pick([128, 129, 1]) : random.pick([8, 0, 3])],
        ['icmp_code', random.pick([0, 0, 1])],
      )
      return
    }
    const udp = service === 53 || service === 123
    values.push(['proto', udp ? 17 : 6], ['src_port', from.port], ['dst_port', to.port])
    if (!udp) values.push(['tcp_flags', random.pick([0x02, 0x12, 0x1b, 0x1b, 0x18, 0x04])])
    if (!udp && random.chance(0.7))
      values.push(['rtt', random.chance(0.02) ? 0 : Math.floor(20_000 + 80_000_000 * random.next() ** 5)])
    if (service !== 53) return
    values.push(
      ['dns_id', random.integer(0, 65_535)],
      ['dns_errno', random.chance(0.95) ? 0 : random.pick([110, 22])],
      ['dns_rcode', random.pick(['NoError', 'NoError', 'NoError', 'NoError', 'NXDomain', 'ServFail'])],
      [
        'dns_name',
        random.chance(0.6)
          ? `${random.pick(this.#world.workloads).name}.shop-prod.svc.cluster.local`
          : `host-${random.integer(1, 300)}.example.org`,
      ],
    )
    // Whole, half and odd parts of a millisecond, and zero; some responses are missing.
    if (random.chance(0.9))
      values.push([
        'dns_latency',
        random.chance(0.03) ? 0 : random.chance(0.5) ? random.integer(1, 3000) : random.integer(1, 12_000) / 4,
      ])
  }

  #volume(values: [(typeof fieldsOfD)[number], Value][]): void {
    const random = this.#random
    const kind = random.next()
    if (kind > 0.005) {
      const packets = kind < 0.015 ? 0 : kind < 0.25 ? random.integer(1, 3) : Math.ceil(2 / (random.next() + 0.0005))
      values.push(
        ['packets', packets],
        ['bytes', kind < 0.015 ? 0 : kind < 0.25 ? random.integer(40, 3000) : packets * random.integer(60, 1500)],
      )
    }
    const sampling = random.next()
    if (sampling < 0.3) values.push(['sampling', sampling < 0.2 ? 1 : 50])
    if (random.chance(0.06)) {
      const lost = random.chance(0.3) ? 0 : random.integer(1, 40)
      values.push(['drop_packets', lost], ['drop_bytes', lost * random.integer(60, 1500)])
      if (lost > 0) values.push(['drop_cause', random.pick(causes)], ['drop_state', random.pick(states)])
    }
  }
}

function addressOf(end: End): Uint32Array {
  return 'pod' in end ? end.pod.address : end.outside.address
}

function named(side: 'src' | 'dst', { name, kind, owner, node }: Pod): [(typeof fieldsOfD)[number], Value][] {
  return [
    [`${side}_name`, name],
    [`${side}_kind`, kind],
    [`${side}_owner_name`, owner.name],
    [`${side}_owner_kind`, owner.kind],
    [`${side}_node`, node.name],
    [`${side}_zone`, node.zone],
    ...(owner.namespace === undefined
      ? []
      : [[`${side}_namespace`, owner.namespace] as [(typeof fieldsOfD)[number], Value]]),
  ]
}
