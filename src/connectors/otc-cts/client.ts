/** Traces of one tracker of a project between two times: page after page, as API v3 or v2.0 gives them. */
import { askPatiently } from '../../engine/ask-patiently.ts'
import type { Span } from '../../engine/asked-place.ts'
import type { Host } from '../../host/index.ts'
import { CtsError, readAnswer } from './client-errors.ts'
import type { Query } from './client-sign.ts'
import type { Opened, Session } from './client-session.ts'
import { isFields, textOf } from '../../model/told.ts'

export interface ReaderOptions {
  readonly host: Host
  readonly session: Pick<Session, 'get' | 'open'>
  readonly api: 'v3' | 'v2'
  readonly tracker: string
  /** Most traces of one answer. */
  readonly page: number
  /** How often a request is made that fails for a reason that may pass. */
  readonly tries?: number
  /** Told of what is strange and does no harm, and of each answer. */
  readonly note: (what: 'marker' | 'page' | 'retried', message: string) => void
}

export class TraceReader {
  readonly #options: ReaderOptions

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** Newest first, as they come; undefined: there are more than `most`. Rejects with CtsError. */
  async read({ from, to }: Span, most: number, signal: AbortSignal): Promise<readonly unknown[] | undefined> {
    const { api, tracker, page, session } = this.#options
    const opened = await session.open(signal)
    const path = `${basePath(api, opened)}${api === 'v3' ? 'traces' : `${encodeURIComponent(tracker)}/trace`}`
    // A tracker other than the usual one is of what happens to data (Huawei Cloud), and the API wants to be told which sort is meant.
    const which: Query = api === 'v3' ? [['trace_type', tracker === 'system' ? 'system' : 'data'], ['tracker_name', tracker]] : []
    // What happened at exactly either time is left out by the API.
    const span: Query = [...which, ['from', String(from - 1)], ['to', String(to + 1)], ['limit', String(page)]]
    const traces: unknown[] = []
    const markers = new Set<string>()
    for (let next: string | undefined; ;) {
      const { found, marker } = await this.#page(path, next === undefined ? span : [...span, ['next', next]], signal)
      // Not spread: a page may be longer than was asked for.
      for (const trace of found) traces.push(trace)
      if (marker === undefined || found.length === 0) return traces
      if (markers.has(marker)) {
        this.#options.note('marker', `CTS gave the marker ${marker} a second time; nothing is read behind it`)
        return traces
      }
      if (traces.length >= most) return undefined
      markers.add(next = marker)
    }
  }

  #page(path: string, query: Query, signal: AbortSignal): Promise<{ readonly found: readonly unknown[]; readonly marker: string | undefined }> {
    const { host, session, note, tries } = this.#options
    return askPatiently({ host, signal, ...(tries === undefined ? {} : { tries }), retried: (why) => { note('retried', why) } }, async () => {
      const body = readAnswer(await session.get(path, query, signal), 'CTS')
      const { traces: found = [], meta_data: meta } = body
      if (!Array.isArray(found)) throw new CtsError('shape', 'CTS answered without a list of traces')
      note('page', '')
      return { found: found as unknown[], marker: isFields(meta) ? textOf(meta['marker']) : undefined }
    })
  }
}

/** Below the endpoint: version, project and a slash. */
export function basePath(api: ReaderOptions['api'], { project }: Pick<Opened, 'project'>): string {
  return `/${api === 'v3' ? 'v3' : 'v2.0'}/${project}/`
}
