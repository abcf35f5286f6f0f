import { count, protocol, volume } from '../../../parts/format.ts'
import type { GroupField } from './kinds.ts'
import type { Measure } from './state.ts'

const ends = { src: 'source', dst: 'destination' } as const
const parts = {
  endpoint: 'endpoint',
  name: 'name',
  namespace: 'namespace',
  owner_name: 'owner',
  node: 'machine',
  zone: 'zone',
  label: 'network',
  addr: 'address',
  port: 'port',
} as const
const own: Readonly<Record<string, string>> = {
  proto: 'protocol',
  exporter_addr: 'exporter',
  drop_state: 'state',
  drop_cause: 'cause',
  dns_rcode: 'code',
  dns_name: 'name asked for',
}

/** `source name`, as it stands after “by”. */
export function dimensionName(field: GroupField | 'src_port'): string {
  const [, end, part] = /^(src|dst)_(.+)$/.exec(field) ?? []
  return own[field] ?? `${ends[end as keyof typeof ends]} ${parts[part as keyof typeof parts]}`
}

const absent: Readonly<Record<string, string>> = {
  drop_state: 'no state',
  drop_cause: 'no cause',
  dns_rcode: 'no code',
  proto: 'no protocol',
  exporter_addr: 'no exporter',
}
const absentParts: Readonly<Record<string, string>> = {
  port: 'no port',
  addr: 'no address',
  endpoint: 'no address',
  namespace: 'no namespace',
  label: 'no network',
  owner_name: 'without an owner',
  node: 'no machine',
  zone: 'no zone',
}

/** A value of a field as people call it. */
export function valueName(field: string, value: unknown): string {
  if (value === null || value === undefined)
    return absent[field] ?? absentParts[/^(?:src|dst)_(.+)$/.exec(field)?.[1] ?? ''] ?? 'without a name'
  if (field === 'proto') return protocol(Number(value))
  return value === '' ? '(empty)' : String(value as string | number)
}

export const measureNames: Readonly<Record<Measure, string>> = {
  bytes: 'Bytes',
  packets: 'Packets',
  flows: 'Flows',
  drop_bytes: 'Dropped bytes',
  drop_packets: 'Dropped packets',
}

function isVolume(measure: Measure): boolean {
  return measure === 'bytes' || measure === 'drop_bytes'
}

export function amount(measure: Measure, value: number): string {
  return isVolume(measure) ? volume(value) : count(Math.round(value))
}

/** `1.2 GB`, `17 dropped packets`. */
export function amountOf(measure: Measure, value: number): string {
  return measure === 'bytes'
    ? volume(value)
    : measure === 'drop_bytes'
      ? `${volume(value)} dropped`
      : `${count(Math.round(value))} ${measureNames[measure].toLowerCase()}`
}

/** The unit that does not stand in {@link amount}. */
export function unitName(measure: Measure): string {
  return isVolume(measure) ? 'in all' : measure === 'flows' ? 'flows' : measure === 'packets' ? 'packets' : 'dropped'
}

export function rate(measure: Measure, value: number): string {
  return `${isVolume(measure) ? volume(value) : value > 0 && value < 10 ? value.toFixed(1) : count(Math.round(value))}/s`
}

/** `12.5 %` of a total; small shares are not rounded to nothing. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (100 * part) / whole
  return share > 0 && share < 0.1 ? '< 0.1 %' : `${share.toFixed(1)} %`
}
