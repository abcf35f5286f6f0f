import type { GapMessage, RowsMessage, ViewRequest } from '../../../src/api/published.ts'

export type WantedView = ViewRequest

export type FromTab =
  | { readonly is: 'views'; readonly views: readonly WantedView[] }
  | { readonly is: 'retry' }
  | { readonly is: 'here' }
  | { readonly is: 'bye' }

export interface Link {
  readonly state: 'idle' | 'connecting' | 'live' | 'waiting' | 'refused'
  readonly detail?: string
  readonly retryMs?: number
  readonly status?: number
  readonly hints?: readonly string[]
  readonly queryId?: string
}

/** Sent once a second for each view: rows matched and rows sent since it began. */
export interface ViewStat {
  readonly view: string
  readonly matched: number
  readonly shown: number
  readonly lagMs: number | null
}

/** `view` is the tab's id. Series and graph messages are forwarded unchanged. */
export type ToTab =
  | { readonly is: 'rows'; readonly rows: RowsMessage }
  | { readonly is: 'other'; readonly event: string; readonly data: { readonly view: string } & Record<string, unknown> }
  | { readonly is: 'gap'; readonly gap: GapMessage }
  | { readonly is: 'stat'; readonly stat: ViewStat }
  | { readonly is: 'link'; readonly link: Link }

export const heartbeatMs = 20_000
/** Browsers run hidden tabs only once a minute. */
export const tabTimeoutMs = 180_000
