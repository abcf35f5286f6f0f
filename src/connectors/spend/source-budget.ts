import type { SourceContext } from '../../engine/contracts.ts'
import { makeDurableDirectory, replaceFile } from '../../host/index.ts'
import { sealed, unsealed } from '../../host/sealed.ts'
import { messageOf } from '../../model/errors.ts'
import { isRecord } from '../../model/json.ts'
import type { ExplorerConfig } from './config.ts'

/** Price of one request of Cost Explorer, in hundredths of a USD. */
export const requestCents = 1

const file = 'cost-explorer.json'
const dayMs = 86_400_000

/** Position of the readings, and the requests of a day. */
export type ExplorerState = Readonly<{
  /** Day of UTC of `requests`. */
  day: string
  requests: number
  /** Unix ms of the last complete reading; 0: none. */
  read: number
  /** End of the last complete reading, a day; empty: none. */
  through: string
  /** Day on which the month before was last read; empty: never. */
  monthRead: string
  /** The last month with final costs, for example `2026-10`; empty: none. */
  closed: string
}>

const none: ExplorerState = { day: '', requests: 0, read: 0, through: '', monthRead: '', closed: '' }

type Limits = Pick<ExplorerConfig, 'requests_per_day' | 'usd_per_day'>

/** The next request would exceed the budget of the day. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent'
  /** Unix ms of the next day. */
  readonly until: number

  constructor(used: number, until: number) {
    super(
      `the budget of today is used (${used} requests, ${(used * requestCents) / 100} USD); Cost Explorer is read ` +
        `again after ${new Date(until).toISOString()}. Raise \`requests_per_day\` or \`usd_per_day\` for more`,
    )
    this.until = until
  }
}

/** Counts requests before they are sent, so that neither a crash nor a restart exceeds the budget. */
export class ExplorerBudget {
  readonly #context: Pick<SourceContext, 'host' | 'log' | 'id' | 'state'>
  readonly limit: number
  #state = none

  constructor(limits: Limits, context: Pick<SourceContext, 'host' | 'log' | 'id' | 'state'>) {
    this.#context = context
    this.limit = limitOf(limits)
  }

  get state(): ExplorerState {
    return this.#state
  }

  /** Requests of today. */
  get used(): number {
    return this.#state.day === dayOf(this.#context.host.clock.now()) ? this.#state.requests : 0
  }

  /** `before`: the state of another replica, from its lease. The one with more requests or a later reading counts. */
  async open(before?: unknown): Promise<void> {
    const { host, state, log, id } = this.#context
    const stored = await readExplorerState(host.disk, state).catch((error: unknown) => {
      const fields = { source: id, error: messageOf(error) }
      log.warn('The state of Cost Explorer is unreadable; the first reading is repeated.', fields)
      return undefined
    })
    for (const state of [stored, stateIn(before)]) if (state !== undefined) this.#state = later(this.#state, state)
  }

  /** Counts one request durably. Rejects with BudgetSpent. */
  async reserve(): Promise<void> {
    const now = this.#context.host.clock.now()
    if (this.used + 1 > this.limit) throw new BudgetSpent(this.used, nextDay(now))
    await this.update({ day: dayOf(now), requests: this.used + 1 })
  }

  async update(change: Partial<ExplorerState>): Promise<void> {
    const { host, state } = this.#context
    this.#state = { ...this.#state, ...change }
    if (state === undefined) return
    await makeDurableDirectory(host.disk, state)
    await replaceFile(host.disk, state, file, [new TextEncoder().encode(sealed(this.#state))])
  }
}

/** Undefined: there is none. Throws if it is damaged. */
export async function readExplorerState(
  disk: SourceContext['host']['disk'],
  folder: string | undefined,
): Promise<ExplorerState | undefined> {
  if (folder === undefined || (await disk.stat(`${folder}/${file}`)) === undefined) return undefined
  return stateIn(unsealed(new TextDecoder().decode(await disk.readFile(`${folder}/${file}`))))
}

/** Requests of a day that both limits permit. */
export function limitOf({ requests_per_day: requests, usd_per_day: usd }: Limits): number {
  return Math.min(requests, Math.floor(Math.round(Number(usd) * 100) / requestCents))
}

function stateIn(given: unknown): ExplorerState | undefined {
  if (!isRecord(given) || typeof given['requests'] !== 'number' || typeof given['read'] !== 'number') return undefined
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : '')
  const { requests, read } = given
  const [day, through, monthRead, closed] = ['day', 'through', 'monthRead', 'closed'].map(text) as [
    string,
    string,
    string,
    string,
  ]
  return { day, requests, read, through, monthRead, closed }
}

function later(a: ExplorerState, b: ExplorerState): ExplorerState {
  const counts = a.day === b.day ? { requests: Math.max(a.requests, b.requests) } : undefined
  const { day, requests } = a.day > b.day ? a : b
  return { ...(a.read > b.read ? a : b), day, requests, ...counts }
}

export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10)
}

function nextDay(now: number): number {
  return (Math.floor(now / dayMs) + 1) * dayMs
}
