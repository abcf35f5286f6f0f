/** Lines of Loki's push API as rows. */
import { labelsFault, type LabelFault } from '../../messaging/label-bounds.ts'
import type { PushedRows } from '../../messaging/pushed-rows.ts'
import { withoutUndefined } from '../../model/json.ts'
import { telemetryTypes } from '../../model/points.ts'
import type { LabelBounds } from '../../schema/label-fields.ts'

export type Texts = Readonly<Record<string, string>>

const severities = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
const synonyms: Readonly<Record<string, string>> = { warning: 'warn', err: 'error', critical: 'fatal', crit: 'fatal' }
const shown = 64
const nsPerMs = 1_000_000n

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
    const invalid = typeof labels === 'string' ? labels : streamFault(labels)
    this.#fault =
      invalid === undefined
        ? labelsFault(labels as Texts, this.#bounds)
        : { reason: 'invalid_stream', message: invalid }
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
    const ms = (nanos - (((nanos % nsPerMs) + nsPerMs) % nsPerMs)) / nsPerMs
    const rest = Number(nanos - ms * nsPerMs)
    const more = JSON.stringify(
      withoutUndefined({
        metadata: isEmpty(metadata) ? undefined : metadata,
        severity: severities.has(severity) ? severity : undefined,
        trace: metadata['trace_id'],
        span: metadata['span_id'],
        nanos: rest === 0 ? undefined : rest,
      }),
    )
    const json =
      `{"line":${JSON.stringify(line)}` +
      (this.#json === '{}' ? '' : `,"labels":${this.#json}`) +
      (more === '{}' ? '}' : `,${more.slice(1)}`)
    this.rows.put(
      { ...this.#head, type: telemetryTypes.log, family: 'log', time: Number(ms) },
      json,
      `${nanos}\n${json}`,
    )
  }
}

/** A name in other characters can be selected by no query of LogQL. */
function streamFault(labels: Texts): string | undefined {
  const names = Object.keys(labels)
  if (names.length === 0) return 'at least one label pair is required per stream'
  const wrong = names.find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))
  return wrong === undefined ? undefined : `the label name ${JSON.stringify(wrong.slice(0, shown))} is invalid`
}

function isEmpty(texts: Texts) {
  for (const _ in texts) return false
  return true
}
