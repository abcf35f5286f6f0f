import type { Queries, QueryProgress } from '../api/published.ts'
import type { OnProgress } from '../engine/control.ts'
import { realHost, type Timer } from '../host/index.ts'
import { self } from '../host/process.ts'

const [afterMs, everyMs] = [2000, 1000]

/** A line on standard error, if that is a terminal, while a query runs for more than two seconds. */
class ProgressLine {
  readonly #timers = realHost().timers
  readonly #watch: Timer
  #ms = 0
  #shown = false
  #ended = false

  /** `read` has the current text, if any. */
  constructor(read: () => Promise<string | undefined>) {
    this.#watch = this.#timers.every(everyMs, () => {
      this.#ms += everyMs
      if (this.#ms < afterMs) return
      read().then(
        (text) => this.#show(text),
        () => undefined,
      )
    })
  }

  end(): void {
    this.#ended = true
    this.#watch.cancel()
    if (this.#shown) self.stderr('\r\x1b[K')
  }

  #show(text: string | undefined) {
    if (this.#ended || text === undefined) return
    this.#shown = true
    self.stderr(`\r\x1b[K${text}`)
  }
}

/** What a query of the server and a statement of this process have. */
type Shared = Pick<QueryProgress, 'state' | 'done' | 'total' | 'remaining_ms'>

type Shown = Readonly<{ end: () => void }>
const nothing: Shown = { end: () => undefined }

const isTerminal = () => process.stderr.isTTY === true

/** `headers` are those of the request with the id. */
export function requestProgress(url: string, headers: Readonly<Record<string, string>>, id: string): Shown {
  if (!isTerminal()) return nothing
  return new ProgressLine(async () => {
    const answer = await fetch(`${url}/api/v1/queries`, { headers: { ...headers, 'x-query-id': `${id}-progress` } })
    if (!answer.ok) return undefined
    const { queries } = (await answer.json()) as Queries
    const query = queries.find(({ query_id: candidate }) => candidate === id)
    return query === undefined ? undefined : progressText(query)
  })
}

/** Progress of a statement in this process. */
export function statementProgress(): Shown & { readonly onProgress: OnProgress | undefined } {
  if (!isTerminal()) return { ...nothing, onProgress: undefined }
  let text: string | undefined
  const line = new ProgressLine(async () => text)
  return {
    end: () => line.end(),
    onProgress: ({ unit, done, total }) => {
      text = progressText({ state: unit === 'files' ? 'verifying' : 'reading', done, total })
    },
  }
}

const counts = new Intl.NumberFormat('en')

export function progressText({ state, done, total, remaining_ms: rest }: Shared): string {
  if (state === 'waiting') return 'Waiting for other queries'
  const left = rest === undefined ? '' : `, about ${Math.max(1, Math.round(rest / 1000))} s left`
  if (done === undefined || total === undefined) return `Reading${left}`
  const amounts = `${counts.format(done)} of ${counts.format(total)}`
  return state === 'verifying' ? `Verifying ${amounts} files` : `Reading ${amounts} rows${left}`
}
