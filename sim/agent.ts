// The eBPF agents of NetObserv on the nodes of the shop's cluster. The same seed gives the same data.
import { ipv4, message, records, time, type Field } from '../src/codecs/pbflow/testing/messages.ts'
import { agentClient, type AgentClient } from '../src/connectors/netobserv/testing/agent.ts'
import { SeededRandom } from '../test/kit/random.ts'
import { address, type Flow } from './flow.ts'
import { addresses } from './shop.ts'

export const agentNodes = ['192.168.7.11', '192.168.7.12', '192.168.7.13'] as const
const nodeOf = new Map<string, number>([
  ...addresses.web.map((address, node): [string, number] => [address, node]),
  [addresses.api, 1],
  [addresses.apiRolledOut, 1],
  [addresses.database, 2],
  [addresses.names, 0],
  [addresses.job, 1],
  [addresses.backup, 2],
])
const [tcp, refused] = [6, 0x06]
const [syn, ack, psh, synAck, finAck, rstAck] = [0x02, 0x10, 0x08, 0x100, 0x200, 0x400]
const droppedByPolicy = (1 << 24) + 4
/** NO_SOCKET, SOCKET_RCVBUFF, TCP_INVALID_SEQUENCE, QDISC_DROP. */
const causes = [3, 3, 16, 28, 28, 28, 46] as const
const [established, synSent, closeWait] = [1, 2, 7]
const local = 'shop.svc.cluster.local'
const names = [
  `database.${local}`,
  `database.${local}`,
  `api.${local}`,
  `api.${local}`,
  `backup.${local}`,
  'payments.example.com',
  'registry.example.org',
  'metrics.example.net',
] as const
const [noError, serverFailure, noDomain] = [0, 2, 3]

export class Agents {
  readonly #random: SeededRandom
  readonly #clients: readonly AgentClient[]

  /** `address`: of Weir's source `netobserv`. */
  constructor(seed: number, address: string) {
    this.#random = new SeededRandom(seed)
    this.#clients = agentNodes.map(() => agentClient(address))
  }

  async report(flows: readonly Flow[], now: number): Promise<string | undefined> {
    const responses = await Promise.all(
      this.#clients.map((client, node) => {
        const reported = flows.filter((flow) => reporterOf(flow) === node).map((flow) => this.record(flow, now))
        return reported.length === 0 ? Promise.resolve(undefined) : client.send(records(...reported))
      }),
    )
    const failed = responses.find((response) => response !== undefined && response.code !== 0)
    return failed === undefined ? undefined : `gRPC code ${failed.code}: ${failed.details}`
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  record(flow: Flow, now: number): Buffer {
    const { src, dst, srcPort, dstPort, proto, packets, bytes } = flow
    const node = reporterOf(flow)
    return message(
      [1, 2048],
      [2, nodeOf.has(dst) ? 0 : 1],
      [3, time(now - flow.duration)],
      [4, time(now)],
      [5, message([1, macOf(src)], [2, macOf(dst)])],
      [6, message([1, ipv4(src)], [2, ipv4(dst)])],
      [7, message([1, srcPort], [2, dstPort], [3, proto])],
      [8, bytes],
      [9, packets],
      [12, ipv4(agentNodes[node] ?? agentNodes[0])],
      [26, message([1, 'eth0'], [2, nodeOf.has(dst) ? 0 : 1])],
      ...(proto === tcp ? this.#connection(flow) : this.#lookup(flow)),
      ...this.#drops(flow),
      ...this.#policy(flow),
      ...this.#ipsec(flow),
    )
  }

  #connection({ src, dst, srcPort, dstPort, tcpFlags }: Flow): Field[] {
    const fromServer = srcPort < dstPort
    if (tcpFlags === refused) return [[13, syn]]
    const failed = this.#random.chance(0.01) ? rstAck : finAck
    const fields: Field[] = [
      [13, ack | psh | failed | (fromServer ? synAck : syn)],
      [24, time(this.#roundTrip(src, dst))],
    ]
    const outdated = (fromServer ? dst : src) === addresses.web[1] && this.#random.chance(0.3)
    const types = fromServer ? 0b10_1010 : 0b10_0101
    return [
      ...fields,
      [33, outdated ? 0x0303 : 0x0304],
      [35, types],
      [36, outdated ? 0xc02f : this.#random.pick([0x1301, 0x1301, 0x1302, 0x1303])],
      ...(outdated ? [] : [[37, this.#random.pick([29, 29, 4588])] as const]),
    ]
  }

  /** Milliseconds; a few are many times longer. */
  #roundTrip(src: string, dst: string) {
    const usual = nodeOf.get(src) === nodeOf.get(dst) ? 0.08 : [src, dst].includes(addresses.database) ? 1.4 : 0.5
    return usual * (0.7 + 0.6 * this.#random.next() + 30 * this.#random.next() ** 12)
  }

  /** Only responses have a code and a latency. */
  #lookup({ src }: Flow): Field[] {
    if (src !== addresses.names) return []
    const random = this.#random
    const failure = random.next()
    const code = failure < 0.01 ? serverFailure : failure < 0.14 ? noDomain : noError
    const name = random.pick(names)
    const cached = name.endsWith(local) ? 0.4 : 8
    return [
      [21, random.integer(1, 65_535)],
      [22, 0x8180 | code],
      [23, time(code === serverFailure ? 2000 + 500 * random.next() : cached * (0.5 + 12 * random.next() ** 6))],
      ...(failure > 0.995 ? [[25, 110] as const] : []),
      [32, code === noDomain ? `${name}.${local}` : name],
    ]
  }

  #drops({ proto, tcpFlags, packets, bytes }: Flow): Field[] {
    if (tcpFlags === refused) return dropped(bytes, packets, syn, synSent, droppedByPolicy)
    if (proto !== tcp || !this.#random.chance(0.04)) return []
    const lost = this.#random.integer(1, 3)
    const size = Math.round((lost * bytes) / packets)
    return dropped(size, lost, ack, this.#random.chance(0.8) ? established : closeWait, this.#random.pick(causes))
  }

  #policy({ dst, dstPort, tcpFlags }: Flow): Field[] {
    if (dst !== addresses.database || dstPort !== 5432) return []
    const event = Object.entries({
      Feature: 'acl',
      Action: tcpFlags === refused ? 'drop' : 'allow',
      Type: 'NetworkPolicy',
      Namespace: 'shop',
      Name: 'database',
      Direction: 'Ingress',
    })
    return [[27, message(...event.map(([key, value]): Field => [1, message([1, key], [2, value])]))]]
  }

  /** Nodes encrypt traffic between them. */
  #ipsec({ src, dst }: Flow): Field[] {
    if (nodeOf.get(src) === nodeOf.get(dst)) return []
    return [
      [30, 1],
      [31, this.#random.chance(0.005) ? 22 : 0],
    ]
  }
}

/** As pods of OVN-Kubernetes have them: two fixed bytes, then the address. */
function macOf(ip: string) {
  return (0x0a58n << 32n) | BigInt(address(ip))
}

/** The node of the destination; for traffic that leaves the cluster, that of the source. */
function reporterOf({ src, dst }: Flow) {
  return nodeOf.get(dst) ?? nodeOf.get(src) ?? 0
}

function dropped(bytes: number, packets: number, flags: number, state: number, cause: number): Field[] {
  return [
    [16, bytes],
    [17, packets],
    [18, flags],
    [19, state],
    [20, cause],
  ]
}
