/** Which end of a flow is the server, from the ports and TCP flags of this flow alone. */

const known = new Set([
  1080, 1194, 1433, 1434, 1521, 1701, 1723, 1812, 1813, 1883, 2049, 2055, 2181, 2222, 2375, 2376, 2379, 2380, 3000,
  3128, 3260, 3268, 3269, 3306, 3389, 3478, 4222, 4317, 4318, 4443, 4500, 4739, 4789, 5000, 5044, 5060, 5061, 5201,
  5222, 5353, 5355, 5432, 5601, 5666, 5671, 5672, 5900, 5984, 6081, 6343, 6379, 6443, 6514, 6789, 7000, 7077, 7946,
  8000, 8008, 8080, 8081, 8086, 8088, 8125, 8200, 8300, 8301, 8443, 8472, 8500, 8600, 8883, 8888, 9000, 9042, 9080,
  9090, 9091, 9092, 9093, 9094, 9100, 9153, 9200, 9300, 9345, 9418, 9443, 9999, 10_000, 10_050, 10_051, 10_250, 10_255,
  10_256, 10_257, 10_259, 11_211, 15_672, 25_565, 26_257, 27_017, 27_018, 28_015, 50_051, 51_820,
])

export function isServicePort(port: number): boolean {
  return (port > 0 && port < wellKnownBelow) || known.has(port)
}

const wellKnownBelow = 1024

export const servicePorts: Uint8Array = Uint8Array.from({ length: 65_536 }, (_, port) => (isServicePort(port) ? 1 : 0))

/** Clients take their ports from here on (Linux: 32768, IANA: 49152), unless a registered service has the number. */
const dynamicFrom = 32_768

export const tcpBits = { syn: 0x02, ack: 0x10, synAck: 0x100 } as const

export type PortEvidence = Readonly<{
  /** 0 or undefined: none. */
  src: number | undefined
  dst: number | undefined
  /** TCP flags of all packets of the flow. */
  flags: number | undefined
  /** NetObserv's agent marks SYN+ACK packets with bit 8, which is another flag in NetFlow and IPFIX. */
  isAgent: boolean
}>

type End = 'src' | 'dst'

/** The end that opened the connection. Rules in order: registered port, SYN, lower port outside the dynamic range. */
export function initiatorOf(evidence: PortEvidence): End | undefined {
  const [src, dst] = [evidence.src ?? 0, evidence.dst ?? 0]
  if (src === dst) return undefined
  const [known, other] = [servicePorts[src] === 1, servicePorts[dst] === 1]
  if (known || other) return known && (!other || src < dst) ? 'dst' : 'src'
  const opened = openedBy(evidence)
  if (opened !== undefined) return opened
  if (src > 0 && src < dynamicFrom && (src < dst || dst === 0)) return 'dst'
  return dst > 0 && dst < dynamicFrom ? 'src' : undefined
}

/** Port of the server; undefined if no end has a port below the dynamic range or of a registered service. */
export function servicePortOf(evidence: PortEvidence): number | undefined {
  const [src, dst] = [evidence.src ?? 0, evidence.dst ?? 0]
  const initiator = initiatorOf(evidence)
  const port = initiator === undefined ? (src === dst ? src : 0) : initiator === 'src' ? dst : src
  return servicePorts[port] === 1 || (port > 0 && port < dynamicFrom) ? port : undefined
}

function openedBy({ flags = 0, isAgent }: PortEvidence): End | undefined {
  if (isAgent && (flags & tcpBits.synAck) !== 0) return 'dst'
  return (flags & tcpBits.syn) !== 0 && (isAgent || (flags & tcpBits.ack) === 0) ? 'src' : undefined
}

const listed = Array.from(known).join(', ')

export const bitAndSql = {
  duckdb: (value: string, bits: number) => `(${value} & ${bits})`,
  clickhouse: (value: string, bits: number) => `bitAnd(${value}, ${bits})`,
} as const

/** Columns from which {@link serviceSql} is computed. */
export const serviceEvidence = ['src_port', 'dst_port', 'tcp_flags', 'protocol'] as const

type ServiceSql = Readonly<{
  /** Of the relation with the columns of {@link serviceEvidence}. */
  alias?: string
  /** SQL of `netobserv` as `protocol` has it; null if no row has it. */
  agent?: string | null
}>

/** SQL of {@link initiatorOf} and {@link servicePortOf}. NULL: unknown. */
export function serviceSql(
  dialect: keyof typeof bitAndSql,
  { alias, agent = "'netobserv'" }: ServiceSql = {},
): Readonly<{ port: string; initiator: string }> {
  const [src = '', dst = '', flags = '', protocol = ''] = serviceEvidence.map((column) =>
    alias === undefined ? column : `${alias}.${column}`,
  )
  const isAgent = agent === null ? 'false' : `coalesce(${protocol} = ${agent}, false)`
  const isKnown = (port: string) => `(${port} BETWEEN 1 AND ${wellKnownBelow - 1} OR ${port} IN (${listed}))`
  const isLow = (port: string) => `${port} BETWEEN 1 AND ${dynamicFrom - 1}`
  const has = (bits: number) => `${bitAndSql[dialect](flags, bits)} <> 0`
  const lower = (port: string, other: string) => `${isLow(port)} AND (${port} < ${other} OR coalesce(${other}, 0) = 0)`
  const answers = `${isAgent} AND ${has(tcpBits.synAck)}`
  const opens = `${has(tcpBits.syn)} AND (${isAgent} OR NOT ${has(tcpBits.ack)})`
  const cases = (server: Readonly<{ src: string; dst: string; lowSrc: string; lowDst: string }>) =>
    `WHEN ${isKnown(src)} THEN CASE WHEN ${isKnown(dst)} AND ${dst} < ${src} THEN ${server.dst} ELSE ${server.src} ` +
    `END WHEN ${isKnown(dst)} THEN ${server.dst} WHEN ${answers} THEN ${server.lowSrc} WHEN ${opens} THEN ` +
    `${server.lowDst} WHEN ${lower(src, dst)} THEN ${server.src} WHEN ${isLow(dst)} THEN ${server.dst}`
  const ifLow = (port: string) => `CASE WHEN ${isLow(port)} THEN ${port} END`
  const same = `WHEN coalesce(${src}, 0) = coalesce(${dst}, 0)`
  return {
    port:
      `CASE ${same} THEN CASE WHEN ${isLow(src)} OR ${isKnown(src)} THEN ${src} END ` +
      `${cases({ src, dst, lowSrc: ifLow(src), lowDst: ifLow(dst) })} END`,
    initiator: `CASE ${same} THEN NULL ${cases({ src: "'dst'", dst: "'src'", lowSrc: "'dst'", lowDst: "'src'" })} END`,
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
