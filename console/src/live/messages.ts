import type { GapMessage, RowsMessage, ViewRequest } from '../../../src/api/published.ts'

/** A view that a tab wants to watch; the id is the tab's own. */
export type WantedView = ViewRequest

/** What a tab tells the one who holds the stream. */
export type FromTab =
  | { readonly is: 'views'; readonly views: readonly WantedView[] }
  | { readonly is: 'retry' }
  | { readonly is: 'here' }
  | { readonly is: 'bye' }

/** State of the one stream of this browser. */
export interface Link {
  readonly state: 'idle' | 'connecting' | 'live' | 'waiting' | 'refused'
  readonly detail?: string
  readonly retryMs?: number
  readonly status?: number
  readonly hints?: readonly string[]
  /** Of the answer that refused. */
  readonly queryId?: string
}

/** Once a second, of one view: since it began, rows that matched and rows that were sent. */
export interface ViewStat {
  readonly view: string
  readonly matched: number
  readonly shown: number
  readonly lagMs: number | null
}

/** What a tab hears; `view` is its own id again. Of series and graphs the message is passed on as the server sent it. */
export type ToTab =
  | { readonly is: 'rows'; readonly rows: RowsMessage }
  | { readonly is: 'other'; readonly event: string; readonly data: { readonly view: string } & Record<string, unknown> }
  | { readonly is: 'gap'; readonly gap: GapMessage }
  | { readonly is: 'stat'; readonly stat: ViewStat }
  | { readonly is: 'link'; readonly link: Link }

/** Tabs say that they are there; one that has been silent for this long is gone. Hidden tabs are let run once a minute. */
export const hereMs = 20_000
export const goneMs = 180_000
