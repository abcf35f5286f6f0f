/** A flow at one exporter, over plain rows: all reports are kept, and searched in full. */
import type { Row } from './reference.ts'

/** Preferred first: ranges of `exporters`, then by address; ingress before egress. */
const order = ['192.0.2.3 0', '192.0.2.3 1', '192.0.2.1 0', '192.0.2.1 1', '192.0.2.2 0', '192.0.2.2 1']

interface Report {
  readonly key: string
  readonly point: number
  readonly at: number
}

export class NaiveExporters {
  readonly #window: number
  readonly #reports: Report[] = []

  constructor(window: number) {
    this.#window = window
  }

  /** Whether the report counts. Rows without an exporter do. */
  counts(row: Row, now: number): boolean {
    if (row['exporter_addr'] === undefined) return true
    const key = String(row['dst_port'])
    const point = order.indexOf(`${String(row['exporter_addr'])} ${row['direction'] === 1 ? 1 : 0}`)
    this.#reports.push({ key, point, at: now })
    const recent = this.#reports.filter((one) => one.key === key && one.at > now - this.#window)
    const before = recent.filter(({ at }) => at < now).map((one) => one.point)
    return point === (before.length > 0 ? Math.min(...before) : recent[0]?.point)
  }
}
