import { withRetries } from '../../polling/retry.ts'
import { ResponseError } from '../../polling/poll-error.ts'
import { pageOf, type Page } from '../../polling/pages.ts'
import type { Span } from '../../polling/partition.ts'
import type { Host } from '../../host/index.ts'
import { withoutUndefined, isRecord, type Fields } from '../../model/json.ts'
import type { HttpAnswer } from '../../net/http/client.ts'
import { messageOf } from '../../model/errors.ts'
import { parseResponse } from '../../net/otc/errors.ts'
import type { OpenProject, Session } from '../../net/otc/session.ts'
import type { Query } from '../../net/otc/sign.ts'
import { cts } from './client-project.ts'

type ReaderOptions = Readonly<{
  host: Host
  session: Pick<Session, 'get' | 'open'>
  api: 'v3' | 'v2'
  tracker: string
  page: number
  maxAttempts?: number
  note: (what: 'page' | 'retried', message: string) => void
}>

export class TraceReader {
  readonly #options: ReaderOptions

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** Newest first across pages. Rejects with CtsError, or with ResponseError for a malformed page. */
  async read({ from, to }: Span, next: string | undefined, signal: AbortSignal): Promise<Page<unknown>> {
    const { api, tracker, page, host, session, note, maxAttempts: tries } = this.#options
    const opened = await session.open(signal)
    const path = `${basePath(api, opened)}${api === 'v3' ? 'traces' : `${encodeURIComponent(tracker)}/trace`}`
    // Other trackers have data operations (Huawei Cloud).
    const which: Query =
      api === 'v3'
        ? [
            ['trace_type', tracker === 'system' ? 'system' : 'data'],
            ['tracker_name', tracker],
          ]
        : []
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
        ...withoutUndefined({ tries }),
        retried: (why) => {
          note('retried', why)
        },
      },
      () => session.get(cts, path, query, signal),
    )
    const { traces, meta_data: meta } = bodyOf(answer)
    const { count, marker } = isRecord(meta) ? meta : ({} as Fields)
    const read = pageOf({ api: 'CTS', what: 'traces', list: traces, count, next: marker })
    if (!isRecord(meta) && read.found.length >= page)
      throw new ResponseError(
        'unreadable',
        'CTS responded with a full page of traces without stating whether another page follows',
      )
    note('page', '')
    // The last page may have a marker, followed by an empty page.
    return read.found.length === 0 && read.next === next ? { found: [], next: undefined } : read
  }
}

function bodyOf(answer: HttpAnswer): Fields {
  try {
    return parseResponse(answer, 'CTS')
  } catch (error) {
    throw new ResponseError('unreadable', messageOf(error), error)
  }
}

export function basePath(api: ReaderOptions['api'], { project }: Pick<OpenProject, 'project'>): string {
  return `/${api === 'v3' ? 'v3' : 'v2.0'}/${project}/`
}
