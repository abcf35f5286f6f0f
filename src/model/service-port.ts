/** Which end of a flow is the server, from the ports and TCP flags of this flow alone. */

import { registeredPortSql, type RegisteredPorts } from './registered-port-sql.ts'

const registeredPorts = new Set([
  1080, 1194, 1433, 1434, 1521, 1701, 1723, 1812, 1813, 1883, 2049, 2055, 2181, 2222, 2375, 2376, 2379, 2380, 3000,
  3128, 3260, 3268, 3269, 3306, 3389, 3478, 4222, 4317, 4318, 4443, 4500, 4739, 4789, 5000, 5044, 5060, 5061, 5201,
  5222, 5353, 5355, 5432, 5601, 5666, 5671, 5672, 5900, 5984, 6081, 6343, 6379, 6443, 6514, 6789, 7000, 7077, 7946,
  8000, 8008, 8080, 8081, 8086, 8088, 8125, 8200, 8300, 8301, 8443, 8472, 8500, 8600, 8883, 8888, 9000, 9042, 9080,
  9090, 9091, 9092, 9093, 9094, 9100, 9153, 9200, 9300, 9345, 9418, 9443, 9999, 10_000, 10_050, 10_051, 10_250, 10_255,
  10_256, 10_257, 10_259, 11_211, 15_672, 25_565, 26_257, 27_017, 27_018, 28_015, 50_051, 51_820,
])

export function isServicePort(port: number): boolean {
  return (port > 0 && port < wellKnownBelow) || registeredPorts.has(port)
}

const wellKnownBelow = 1024

export const servicePorts: Uint8Array = Uint8Array.from({ length: 65_536 }, (_, port) => (isServicePort(port) ? 1 : 0))

/** Clients take their ports from here on (Linux: 32768, IANA: 49152), unless a registered service has the number. */
const dynamicFrom = 32_768

/** Bits of `tcp_flags`; those above 0xff are NetObserv's, for two flags in one packet. */
export const tcpBits = { syn: 0x02, rst: 0x04, ack: 0x10, synAck: 0x100 } as const

/** Bits of `tcp_flags` that are the same for all exporters. */
export const plainBits = 0xff

export type PortEvidence = Readonly<{
  /** Source port; 0 or undefined: none. */
  src: number | undefined
  dst: number | undefined
  /** TCP flags of all packets of the flow. */
  flags: number | undefined
  /** NetObserv's agent marks SYN+ACK packets with bit 8, which is another flag in NetFlow and IPFIX. */
  isAgent: boolean
  /** Value of the field `listening_side`. */
  listening?: number | undefined
}>

type End = 'src' | 'dst'

const opposite = (end: End): End => (end === 'src' ? 'dst' : 'src')

/** Values of field `listening_side`. */
export const listeningSides = { src: 1, dst: 2 } as const

/** `sure`: only this port is registered. Otherwise the lower port is a guess. */
export type ServerByPorts = Readonly<{ server: End; sure: boolean }>

export function serverByPorts(src: number, dst: number): ServerByPorts | undefined {
  if (src === dst) return undefined
  const [isSrcRegistered, isDstRegistered] = [servicePorts[src] === 1, servicePorts[dst] === 1]
  if (isSrcRegistered !== isDstRegistered) return { server: isSrcRegistered ? 'src' : 'dst', sure: true }
  if (isSrcRegistered) return { server: src < dst ? 'src' : 'dst', sure: false }
  if (isLow(src) && (src < dst || dst === 0)) return { server: 'src', sure: false }
  return isLow(dst) ? { server: 'dst', sure: false } : undefined
}

const isLow = (port: number): boolean => port > 0 && port < dynamicFrom

/** Agents also report the flags of the other direction. */
export type Reporter = 'agent' | 'exporter'

/** Server as in {@link listeningSides}; 0 if neither the ports nor the TCP flags of this flow show it. */
export function shownSide(src: number, dst: number, flags: number, reporter: Reporter): number {
  const isAgent = reporter === 'agent'
  if (src === 0 && dst === 0) return 0
  const isSrcRegistered = servicePorts[src] === 1
  if (isSrcRegistered !== (servicePorts[dst] === 1)) return isSrcRegistered ? listeningSides.src : listeningSides.dst
  if (isAgent && (flags & tcpBits.synAck) !== 0) return listeningSides.src
  return opensConnection({ flags, isAgent }) ? listeningSides.dst : 0
}

/** True if the source opens the connection: it sends the SYN. */
export function opensConnection({ flags = 0, isAgent }: Pick<PortEvidence, 'flags' | 'isAgent'>): boolean {
  return (flags & tcpBits.syn) !== 0 && (isAgent || (flags & tcpBits.ack) === 0)
}

function shownServer({ src = 0, dst = 0, flags = 0, isAgent }: PortEvidence): End | undefined {
  return endOf(shownSide(src, dst, flags, isAgent ? 'agent' : 'exporter'))
}

const endOf = (side: number | undefined): End | undefined =>
  side === listeningSides.src ? 'src' : side === listeningSides.dst ? 'dst' : undefined

/** The end that opened the connection. Rules in order: one registered port, SYN, listening side, lower port. */
export function initiatorOf(evidence: PortEvidence): End | undefined {
  const [src, dst] = [evidence.src ?? 0, evidence.dst ?? 0]
  if (src === 0 && dst === 0) return undefined
  const server = shownServer(evidence) ?? endOf(evidence.listening) ?? serverByPorts(src, dst)?.server
  return server === undefined ? undefined : opposite(server)
}

/** Port of the server; undefined if it is a dynamic port that is not registered and not known to listen. */
export function servicePortOf(evidence: PortEvidence): number | undefined {
  const [src, dst] = [evidence.src ?? 0, evidence.dst ?? 0]
  const initiator = initiatorOf(evidence)
  const port = initiator === undefined ? (src === dst ? src : 0) : initiator === 'src' ? dst : src
  if (servicePorts[port] === 1 || isLow(port)) return port
  return port > 0 && shownServer(evidence) === undefined && endOf(evidence.listening) !== undefined ? port : undefined
}

const registered: RegisteredPorts = { below: wellKnownBelow, listed: registeredPorts }

export const bitAndSql = {
  duckdb: (value: string, bits: number) => `(${value} & ${bits})`,
  clickhouse: (value: string, bits: number) => `bitAnd(${value}, ${bits})`,
} as const

/** Columns from which {@link serviceSql} is computed. */
export const serviceEvidence = ['src_port', 'dst_port', 'tcp_flags', 'protocol', 'listening_side'] as const

type ServiceSql = Readonly<{
  /** Alias of the relation with the columns of {@link serviceEvidence}. */
  alias?: string
  /** SQL of the value of `protocol` for flows of NetObserv; null if no row has it. */
  agent?: string | null
}>

/** SQL of {@link initiatorOf} and {@link servicePortOf}. NULL: unknown. */
export function serviceSql(
  dialect: keyof typeof bitAndSql,
  { alias, agent = "'netobserv'" }: ServiceSql = {},
): Readonly<{ port: string; initiator: string }> {
  const [src = '', dst = '', flags = '', protocol = '', listening = ''] = serviceEvidence.map((column) =>
    alias === undefined ? column : `${alias}.${column}`,
  )
  const { opens, answers } = openingSql(dialect, flags, agent === null ? 'false' : isAgentSql(protocol, agent))
  const isRegistered = (port: string) => registeredPortSql[dialect](port, registered)
  const isStaticPort = (port: string) => `${port} BETWEEN 1 AND ${dynamicFrom - 1}`
  // ClickHouse (26.9) turns a CASE of one test into `if`, which a projection does not match.
  const chooseSql = (test: string, value: string, other: string) =>
    dialect === 'clickhouse' ? `if(${test}, ${value}, ${other})` : `CASE WHEN ${test} THEN ${value} ELSE ${other} END`
  const cases = (is: Record<'src' | 'dst', string>, both: OpenCases, neither: OpenCases) => {
    const openCases = ({ shown, listens, same }: OpenCases) =>
      `WHEN ${answers} THEN ${shown.src} WHEN ${opens} THEN ${shown.dst} ` +
      `WHEN ${listening} = ${listeningSides.src} THEN ${listens.src} ` +
      `WHEN ${listening} = ${listeningSides.dst} THEN ${listens.dst} WHEN ${src} = ${dst} THEN ${same}`
    const ofBoth = `CASE ${openCases(both)} WHEN ${dst} < ${src} THEN ${is.dst} ELSE ${is.src} END`
    return (
      `CASE WHEN coalesce(${src}, 0) = 0 AND coalesce(${dst}, 0) = 0 THEN NULL ` +
      `WHEN ${isRegistered(src)} THEN ${chooseSql(isRegistered(dst), ofBoth, is.src)} ` +
      `WHEN ${isRegistered(dst)} THEN ${is.dst} ${openCases(neither)} ` +
      `WHEN ${isStaticPort(src)} AND (${src} < ${dst} OR coalesce(${dst}, 0) = 0) THEN ${is.src} ` +
      `WHEN ${isStaticPort(dst)} THEN ${is.dst} END`
    )
  }
  const [ports, initiators] = [
    { src, dst },
    { src: "'dst'", dst: "'src'" },
  ]
  const ifLow = (port: string) => chooseSql(isStaticPort(port), port, 'NULL')
  const lowPorts = { src: ifLow(src), dst: ifLow(dst) }
  const anyPorts = { src: `nullif(${src}, 0)`, dst: `nullif(${dst}, 0)` }
  const initiator: OpenCases = { shown: initiators, listens: initiators, same: 'NULL' }
  return {
    port: cases(
      ports,
      { shown: ports, listens: ports, same: src },
      { shown: lowPorts, listens: anyPorts, same: lowPorts.src },
    ),
    initiator: cases(initiators, initiator, initiator),
  }
}

/** Results where both ports or none are registered, by the end of the server. */
type OpenCases = Readonly<{
  shown: Readonly<Record<'src' | 'dst', string>>
  listens: Readonly<Record<'src' | 'dst', string>>
  /** Result for equal ports. */
  same: string
}>

export function isAgentSql(protocol: string, agent = "'netobserv'"): string {
  return `coalesce(${protocol} = ${agent}, false)`
}

/** Two SQL conditions: the source answers a SYN, and the source sends one. */
export function openingSql(
  dialect: keyof typeof bitAndSql,
  flags: string,
  isAgent: string,
): Readonly<{ answers: string; opens: string }> {
  const hasFlags = (bits: number) => `${bitAndSql[dialect](flags, bits)} <> 0`
  return {
    answers: `${isAgent} AND ${hasFlags(tcpBits.synAck)}`,
    opens: `${hasFlags(tcpBits.syn)} AND (${isAgent} OR NOT ${hasFlags(tcpBits.ack)})`,
  }
}

/**
 * The same where ports that are not registered are NULL, as in sums. NULL then also means that ports decide nothing.
 */
export function registeredServiceSql(src: string, dst: string): Readonly<{ port: string; initiator: string }> {
  return {
    port: `CASE WHEN ${src} IS NULL OR ${dst} < ${src} THEN ${dst} ELSE ${src} END`,
    initiator:
      `CASE WHEN ${src} = ${dst} THEN NULL WHEN ${dst} IS NULL OR ${src} < ${dst} THEN ` +
      `CASE WHEN ${src} IS NOT NULL THEN 'dst' END ELSE 'src' END`,
  }
}

/** Columns that views add to those of flows. */
export const serviceColumns = ['service_port', 'initiator'] as const
