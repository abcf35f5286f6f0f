import type { GapMessage, RowsMessage } from '../../../src/api/published.ts'
import { tabTimeoutMs, type FromTab, type Link, type ToTab, type WantedView } from './messages.ts'
import { Stream } from './stream.ts'
import { since, Totals, type Counts } from './totals.ts'

const cachedRows = 500

interface Tab {
  readonly send: (message: ToTab) => void
  readonly views: readonly WantedView[]
  /** Counts at the time that a view of the tab was opened, by id. */
  readonly from: ReadonlyMap<string, Counts>
  lastSeen: number
}

interface Shared {
  readonly id: string
  readonly view: WantedView
  readonly totals: Totals
  newest: RowsMessage | undefined
}

/** Browsers limit connections per server, so all tabs share one stream. Aggregates are not shared between tabs. */
export class LiveEngine {
  readonly #tabs = new Map<number, Tab>()
  #shared = new Map<string, Shared>()
  readonly #stream: Stream
  #lastTab = 0
  #lastView = 0
  #link: Link = { state: 'idle' }
  #due: ReturnType<typeof setTimeout> | undefined
  readonly #sweep: ReturnType<typeof setInterval>

  constructor(server = '') {
    this.#stream = new Stream(
      {
        event: (event, data) => this.#take(event, data),
        link: (link) => {
          this.#link = link
          if (link.state === 'connecting') for (const { totals } of this.#shared.values()) totals.newStream()
          for (const tab of this.#tabs.values()) tab.send({ is: 'link', link })
        },
      },
      server,
    )
    this.#sweep = setInterval(() => this.#forgetGone(), tabTimeoutMs / 3)
  }

  join(send: (message: ToTab) => void): (message: FromTab) => void {
    const tab = ++this.#lastTab
    return (message) => {
      const viewsOfTab = this.#tabs.get(tab)
      if (viewsOfTab !== undefined) viewsOfTab.lastSeen = Date.now()
      if (message.is === 'bye') this.#leave(tab)
      else if (message.is === 'views') this.#want(tab, send, message.views)
      else if (message.is === 'retry') this.#stream.retry()
      // The browser froze the tab, or the machine slept.
      else if (viewsOfTab === undefined) send({ is: 'again' })
    }
  }

  stop(): void {
    clearInterval(this.#sweep)
    for (const tab of this.#tabs.keys()) this.#leave(tab)
  }

  #leave(tab: number) {
    if (this.#tabs.delete(tab)) this.#askSoon()
  }

  #forgetGone() {
    for (const [tab, { lastSeen }] of this.#tabs) if (Date.now() - lastSeen > tabTimeoutMs) this.#leave(tab)
  }

  #want(tab: number, send: Tab['send'], views: readonly WantedView[]) {
    const before = this.#tabs.get(tab)
    const from = new Map<string, Counts>()
    this.#tabs.set(tab, { send, views, from, lastSeen: Date.now() })
    // A rejected stream is retried for a new subscriber, for example after sign-in.
    if (this.#link.state !== 'refused') send({ is: 'link', link: this.#link })
    for (const view of views) {
      const key = keyOf(tab, view)
      const shared = this.#shared.get(key)
      const had = before?.views.some(({ id }) => id === view.id) === true
      if (shared === undefined)
        this.#shared.set(key, { id: `v${++this.#lastView}`, view, totals: new Totals(), newest: undefined })
      else if (shared.newest !== undefined && !had)
        send({ is: 'rows', rows: { ...shared.newest, view: view.id, snapshot: true } })
      const start = had ? before?.from.get(view.id) : shared?.totals.now
      if (start !== undefined) from.set(view.id, start)
    }
    this.#askSoon()
  }

  #askSoon() {
    clearTimeout(this.#due)
    this.#due = setTimeout(() => {
      const wanted = new Set([...this.#tabs].flatMap(([tab, { views }]) => views.map((view) => keyOf(tab, view))))
      this.#shared = new Map([...this.#shared].filter(([key]) => wanted.has(key)))
      this.#stream.show([...this.#shared.values()].map(({ id, view }) => ({ ...view, id })))
    }, 30)
  }

  #broadcast(id: string, message: (view: string, from: Counts | undefined) => ToTab) {
    const entry = [...this.#shared].find(([, shared]) => shared.id === id)
    if (entry === undefined) return
    for (const [tab, { send, views, from }] of this.#tabs) {
      for (const view of views) if (keyOf(tab, view) === entry[0]) send(message(view.id, from.get(view.id)))
    }
  }

  #stat(id: string, counts: Counts, lagMs: number | null) {
    const shared = [...this.#shared.values()].find((candidate) => candidate.id === id)
    if (shared === undefined) return
    shared.totals.state(counts)
    const total = shared.view.kind === 'rows' ? shared.totals.now : counts
    this.#broadcast(id, (view, from) => {
      const { matched, shown, pending } = from === undefined ? total : since(from, total)
      return { is: 'stat', stat: { view, matched, shown, pending, lagMs } }
    })
  }

  #take(event: string, data: Record<string, unknown>) {
    if (event === 'stat') {
      const lagMs = data['lagMs'] as number | null
      for (const [id, counts] of Object.entries(data['views'] as Record<string, Counts>)) this.#stat(id, counts, lagMs)
      return
    }
    const id = data['view']
    if (typeof id !== 'string') return
    if (event === 'rows') {
      const rows = data as unknown as RowsMessage
      for (const shared of this.#shared.values()) {
        if (shared.id !== id) continue
        shared.newest = joined(shared.newest, rows)
        shared.totals.rows(rows)
      }
      this.#broadcast(id, (view) => ({ is: 'rows', rows: { ...rows, view } }))
    } else if (event === 'gap')
      this.#broadcast(id, (view) => ({ is: 'gap', gap: { ...(data as unknown as GapMessage), view } }))
    else this.#broadcast(id, (view) => ({ is: 'other', event, data: { ...data, view } }))
  }
}

function keyOf(tab: number, { id, ...view }: WantedView) {
  return JSON.stringify(view.kind === 'rows' ? view : [tab, id, view])
}

function joined(before: RowsMessage | undefined, { rows, ...message }: RowsMessage): RowsMessage {
  const all = before === undefined || message.snapshot === true ? rows : [...before.rows, ...rows]
  return { ...message, rows: all.slice(-cachedRows) }
}
