// Figures as docs/guide/console.md describes them, written apart from the console's own formatter.

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `1,234`; `–` for an absent value. */
export function count(value: number | bigint | null): string {
  return value === null ? '–' : grouped.format(value)
}

/** Three significant digits, and the unit after rounding. */
export function volume(bytes: number): string {
  const whole = Math.round(bytes)
  if (whole < 1000) return `${whole} B`
  const [mantissa = '', exponent = '0'] = bytes.toExponential(2).split('e')
  const place = Math.min(units.length - 1, Math.floor(Number(exponent) / 3))
  const before = Number(exponent) - 3 * place
  return `${Number(mantissa + `e${before}`).toFixed(Math.max(0, 2 - before))} ${units[place]}`
}

export type Measure = 'bytes' | 'packets' | 'flows' | 'drop_bytes' | 'drop_packets'

export function amount(measure: Measure, value: number): string {
  return measure.endsWith('bytes') ? volume(value) : count(value)
}

/** Of a bucket of so many seconds. */
export function rate(measure: Measure, sum: number, seconds: number): string {
  const value = sum / seconds
  if (measure.endsWith('bytes')) return `${volume(value)}/s`
  const short = value.toFixed(1)
  return `${value > 0 && Number(short) < 10 ? short : count(Math.round(value))}/s`
}

export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (100 * part) / whole
  return share > 0 && share < 0.1 ? '< 0.1 %' : `${share.toFixed(1)} %`
}

const protocols: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' }
const flags = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR', 'NS']

export function protocol(value: number | null): string {
  return value === null ? '–' : (protocols[value] ?? String(value))
}

export function tcpFlags(value: number | null): string {
  if (value === null) return '–'
  const set = flags.filter((_, bit) => Math.floor(value / 2 ** bit) % 2 === 1)
  // A reset is first.
  return [...set.filter((name) => name === 'RST'), ...set.filter((name) => name !== 'RST')].join(' ')
}

const absent: Readonly<Record<string, string>> = {
  endpoint: 'no address',
  name: 'no name',
  namespace: 'no namespace',
  owner_name: 'no owner',
  node: 'no node',
  zone: 'no zone',
  label: 'no network',
  addr: 'no address',
  port: 'no port',
  service_port: 'no service port',
  proto: 'no protocol',
  exporter_addr: 'no exporter',
}

/** The name of a group of the overview. `ports`: known names by number. */
export function groupName(field: string, value: unknown, ports: (port: number) => string): string {
  if (value === null) return absent[field] ?? absent[field.slice(4)] ?? 'no name'
  if (field === 'proto') return protocol(Number(value))
  return field.endsWith('_port') ? ports(Number(value)) : String(value as string | number)
}

/** Undefined where no flow reports packets. */
export function packetsText({ packets, flows }: Readonly<{ packets: number; flows: number }>): string | undefined {
  return packets === 0 && flows > 0 ? undefined : count(packets)
}

/** Part of a line of sums; none where no flow reports packets. */
export function packetsPart(sums: Readonly<{ packets: number; flows: number }>): readonly string[] {
  const text = packetsText(sums)
  return text === undefined ? [] : [`${text} packets`]
}
