/** Lines of Loki's push API as rows. */
import { labelsFault, type LabelFault } from '../../messaging/label-bounds.ts'
import type { PushedRows } from '../../messaging/pushed-rows.ts'
import { known } from '../../model/json.ts'
import { telemetryTypes } from '../../model/points.ts'
import type { LabelBounds } from '../../schema/label-fields.ts'

export type Texts = Readonly<Record<string, string>>

const severities = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
const synonyms: Readonly<Record<string, string>> = { warning: 'warn', err: 'error', critical: 'fatal', crit: 'fatal' }
const shown = 64

/** Puts the lines of one stream after the other into rows. */
export class LineRows {
  readonly rows: PushedRows
  readonly #bounds: LabelBounds
  readonly #head: Readonly<{ source: string; extensions?: Readonly<{ tenant: string }> }>
  #labels: Texts = {}
  #json = '{}'
  #fault: LabelFault | Readonly<{ reason: 'invalid_stream'; message: string }> | undefined

  constructor(rows: PushedRows, bounds: LabelBounds, tenant: string | undefined) {
    this.rows = rows
    this.#bounds = bounds
    this.#head =
      tenant === undefined
        ? { source: '/loki' }
        : { source: `/loki/${encodeURIComponent(tenant)}`, extensions: { tenant } }
  }

  /** Labels of the following lines, or the reason why these cannot be stored. */
  stream(labels: Texts | string): void {
    this.#fault =
      typeof labels === 'string' ? { reason: 'invalid_stream', message: labels } : labelsFault(labels, this.#bounds)
    this.#labels = typeof labels === 'string' ? {} : labels
    this.#json = this.#fault === undefined ? JSON.stringify(this.#labels) : ''
  }

  /** Counts lines without a place in the store. */
  leave(reason: string, message: string): void {
    this.rows.leave(reason, 1, message)
  }

  put(nanos: bigint, line: string, metadata: Texts): void {
    const fault = this.#fault
    if (fault !== undefined) return this.leave(fault.reason, `a stream: ${fault.message}`.slice(0, 4 * shown + 256))
    const named = (metadata['detected_level'] ?? metadata['level'] ?? this.#labels['level'] ?? '').toLowerCase()
    const severity = synonyms[named] ?? named
    const rest = JSON.stringify(
      known({
        metadata: isEmpty(metadata) ? undefined : metadata,
        severity: severities.has(severity) ? severity : undefined,
        trace: metadata['trace_id'],
        span: metadata['span_id'],
      }),
    )
    const json =
      `{"line":${JSON.stringify(line)}` +
      (this.#json === '{}' ? '' : `,"labels":${this.#json}`) +
      (rest === '{}' ? '}' : `,${rest.slice(1)}`)
    this.rows.put(
      { ...this.#head, type: telemetryTypes.log, family: 'log', time: Number(nanos / 1_000_000n) },
      json,
      `${nanos}\n${json}`,
    )
  }
}

function isEmpty(texts: Texts) {
  for (const _ in texts) return false
  return true
}
