import type { Row } from './output.ts'
import { oneLine, textTable } from './text-table.ts'

const titles: Readonly<Record<string, string>> = {
  src_addr: 'source',
  src_port: 'port',
  dst_addr: 'destination',
  dst_port: 'port',
  bytes_est: 'bytes',
  packets_est: 'packets',
}
const isTime = /^\d{4}-\d\d-\d\dT/

/** Times of one day have no date. Only amounts have separators of thousands. */
export function rowTable(rows: readonly Row[], columns: readonly string[]): string {
  const days = new Set(rows.flatMap((row) => columns.map((name) => dayOf(row[name]))).filter((day) => day !== ''))
  const from = days.size > 1 ? 0 : 11
  const cellOf = (name: string, value: unknown): string | number => {
    if (value === null || value === undefined) return ''
    if (typeof value === 'number') return /^(?:bytes|packets)/.test(name) ? value : String(value)
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return isTime.test(text) ? text.slice(from, 19).replace('T', ' ') : oneLine(text)
  }
  return textTable(
    columns.map((name) =>
      rows.some((row) => dayOf(row[name]) !== '')
        ? `${name.replace(/_received$/, '').replaceAll('_', ' ')} (UTC)`
        : (titles[name] ?? name.replaceAll('_', ' ')),
    ),
    rows.map((row) => columns.map((name) => cellOf(name, row[name]))),
  )
}

function dayOf(value: unknown) {
  return typeof value === 'string' && isTime.test(value) ? value.slice(0, 10) : ''
}
