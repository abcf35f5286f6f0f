/** Traces of one tracker of a project between two times: page after page, as API v3 or v2.0 gives them. */
import { withRetries } from '../../polling/retry.ts'
import { ResponseError } from '../../polling/poll-error.ts'
import { pageOf, type Page } from '../../polling/pages.ts'
import type { Span } from '../../polling/partition.ts'
import type { Host } from '../../host/index.ts'
import { isRecord, type Fields } from '../../model/json.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { messageOf } from '../../model/errors.ts'
import { readAnswer } from './client-errors.ts'
import type { Query } from './client-sign.ts'
import type { Opened, Session } from './client-session.ts'

export interface ReaderOptions {
  readonly host: Host
  readonly session: Pick<Session, 'get' | 'open'>
  readonly api: 'v3' | 'v2'
  readonly tracker: string
  /** Most traces of one answer. */
  readonly page: number
  /** How often a request is made that fails for a reason that may pass. */
  readonly tries?: number
  /** Told of each answer, and of each failure that is tried again. */
  readonly note: (what: 'page' | 'retried', message: string) => void
}

export class TraceReader {
  readonly #options: ReaderOptions

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** One page, newest first over all pages. Rejects with CtsError, and with ResponseError for a success that is none. */
  async read({ from, to }: Span, next: string | undefined, signal: AbortSignal): Promise<Page<unknown>> {
    const { api, tracker, page, host, session, note, tries } = this.#options
    const opened = await session.open(signal)
    const path = `${basePath(api, opened)}${api === 'v3' ? 'traces' : `${encodeURIComponent(tracker)}/trace`}`
    // A tracker other than the usual one is of what happens to data (Huawei Cloud), and the API wants to be told which sort is meant.
    const which: Query =
      api === 'v3'
        ? [
            ['trace_type', tracker === 'system' ? 'system' : 'data'],
            ['tracker_name', tracker],
          ]
        : []
    // What happened at exactly either time is left out by the API.
    const query: Query = [
      ...which,
      ['from', String(from - 1)],
      ['to', String(to + 1)],
      ['limit', String(page)],
      ...(next === undefined ? [] : [['next', next] as const]),
    ]
    const answer = await withRetries(
      {
        host,
        signal,
        ...(tries === undefined ? {} : { tries }),
        retried: (why) => {
          note('retried', why)
        },
      },
      () => session.get(path, query, signal),
    )
    const { traces, meta_data: meta } = bodyOf(answer)
    const { count, marker } = isRecord(meta) ? meta : ({} as Fields)
    const read = pageOf({ who: 'CTS', what: 'traces', list: traces, count, next: marker })
    if (!isRecord(meta) && read.found.length >= page)
      throw new ResponseError(
        'unreadable',
        'CTS answered with a full page of traces and does not say whether another follows',
      )
    note('page', '')
    // A marker may come with the last page, too: the page behind it is empty, and may repeat the marker.
    return read.found.length === 0 && read.next === next ? { found: [], next: undefined } : read
  }
}

function bodyOf(answer: HttpAnswer): Fields {
  try {
    return readAnswer(answer, 'CTS')
  } catch (error) {
    throw new ResponseError('unreadable', messageOf(error), error)
  }
}

/** Below the endpoint: version, project and a slash. */
export function basePath(api: ReaderOptions['api'], { project }: Pick<Opened, 'project'>): string {
  return `/${api === 'v3' ? 'v3' : 'v2.0'}/${project}/`
}
