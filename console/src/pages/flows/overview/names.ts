import { count, protocol, volume } from '../../../parts/format.ts'
import type { Dimension, Measure } from './state.ts'

const ends = { src: 'source', dst: 'destination' } as const
const parts = { name: 'name', namespace: 'namespace', owner_name: 'owner', label: 'network', addr: 'address', port: 'port' } as const

/** `source name`, as it stands after “by”. */
export function dimensionName(field: Dimension | 'src_port'): string {
  if (field === 'proto') return 'protocol'
  if (field === 'exporter_addr') return 'exporter'
  const [, end, part] = /^(src|dst)_(.+)$/.exec(field) ?? []
  return `${ends[end as keyof typeof ends]} ${parts[part as keyof typeof parts]}`
}

/** A value of a field as people call it. */
export function valueName(field: string, value: unknown): string {
  if (value === null || value === undefined) return field.endsWith('_port') ? 'no port' : field.endsWith('_addr') ? 'no address' : 'without a name'
  if (field === 'proto') return protocol(Number(value))
  return value === '' ? '(empty)' : String(value as string | number)
}

export const measureNames: Readonly<Record<Measure, string>> = { bytes: 'Bytes', packets: 'Packets', flows: 'Flows' }

export function amount(measure: Measure, value: number): string {
  return measure === 'bytes' ? volume(value) : count(Math.round(value))
}

export function rate(measure: Measure, value: number): string {
  return `${measure === 'bytes' ? volume(value) : value > 0 && value < 10 ? value.toFixed(1) : count(Math.round(value))}/s`
}

/** `12.5 %` of a total; small shares are not rounded to nothing. */
export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (100 * part) / whole
  return share > 0 && share < 0.1 ? '< 0.1 %' : `${share.toFixed(1)} %`
}
