import type { LeaderRecord, Source, SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { SourceHealth } from '../../engine/sources/health.ts'
import { costEvent, costHash, textIn } from '../../codecs/focus/index.ts'
import type { CostData } from '../../model/cloud.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { runAsLeader } from '../../polling/leader.ts'
import { CostExplorer, ExplorerError } from './client-cost-explorer.ts'
import type { ExplorerConfig } from './config.ts'
import { removal, type FileRows } from './map.ts'
import { explorerRows, explorerSource, spanOf, type ExplorerSpan } from './map-cost-explorer.ts'
import { BudgetSpent, dayOf, ExplorerBudget, requestCents } from './source-budget.ts'
import { SpendState } from './source-state.ts'

type Lease = Readonly<{ record: LeaderRecord; durationMs: number; close(): void }>

const stateName = 'cost-explorer'
const maxPages = 1000
const dayMs = 86_400_000

/** Of the instances with one journal or one Lease, only the leader reads. */
export class CostExplorerSource implements Source {
  readonly addresses: readonly string[] = []
  readonly #config: ExplorerConfig
  readonly #context: SourceContext
  readonly #lease: Lease | undefined
  readonly #budget: ExplorerBudget
  readonly #rows: SpendState
  readonly #client: CostExplorer
  #account: string
  #problem: string | undefined
  /** Unix ms before which nothing is read, after a failure. */
  #notBefore = 0

  constructor(config: ExplorerConfig, context: SourceContext, lease: Lease | undefined) {
    this.#config = config
    this.#context = context
    this.#lease = lease
    this.#budget = new ExplorerBudget(config, context)
    this.#rows = new SpendState(context)
    this.#account = config.account ?? ''
    this.#client = new CostExplorer({
      host: context.host,
      config,
      requested: (endpoint, status) => {
        const labels = { provider: 'aws', account: this.#account }
        context.metrics.count('cloud_api_requests_total', 1, { ...labels, endpoint, status })
      },
    })
  }

  health(): SourceHealth | undefined {
    return this.#problem === undefined ? undefined : { why: this.#problem, counts: 'partly' }
  }

  async run(signal: AbortSignal): Promise<void> {
    const shared = this.#lease?.record ?? this.#context.replay?.shared?.leaderRecord
    try {
      if (shared === undefined) await this.#follow(signal, undefined)
      else
        await runAsLeader(
          {
            context: this.#context,
            record: shared,
            what: 'costs of AWS',
            state: () => this.#budget.state,
            ...(this.#lease === undefined ? {} : { durationMs: this.#lease.durationMs }),
          },
          signal,
          (leading, before) => this.#follow(leading, before),
        )
    } finally {
      this.#client.close()
      this.#lease?.close()
    }
  }

  async #follow(signal: AbortSignal, before: unknown): Promise<void> {
    const { host } = this.#context
    await this.#budget.open(before)
    this.#showBudget()
    while (!signal.aborted) {
      const now = host.clock.now()
      const { read } = this.#budget.state
      const due = Math.max(read === 0 ? 0 : read + this.#config.every, this.#notBefore)
      if (due > now) {
        await host.timers.sleep(due - now, signal)
        this.#showBudget()
        continue
      }
      try {
        await this.#readAll(signal)
        this.#problem = undefined
        this.#notBefore = 0
      } catch (error) {
        if (signal.aborted) return
        await this.#failed(error)
      }
      this.#showBudget()
    }
  }

  /** Pages that change while they are read are read again from the first one, once. */
  async #readAll(signal: AbortSignal): Promise<void> {
    try {
      await this.#read(signal)
    } catch (error) {
      if (!(error instanceof ExplorerError) || error.fault !== 'restart') throw error
      await this.#read(signal)
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { host, metrics, id, log } = this.#context
    if (this.#account === '') this.#account = await this.#client.account(signal)
    const now = host.clock.now()
    const span = spanOf(now, this.#budget.state, this.#config.backfill)
    const before = (await this.#rows.of(stateName))?.rows ?? new Map<string, string>()
    const fileRows: FileRows = new Map()
    const tokens = new Set<string>()
    let [token, changed, isFinal]: [string | undefined, number, boolean] = [undefined, 0, true]
    do {
      const page = await this.#page(span, token, signal)
      const rows = explorerRows(page, { account: this.#account, groupBy: this.#config.group_by, collected: now })
      // Rows of a page are right also if a later page fails: only rows that are missing need all pages.
      const events = this.#changed(rows, before, fileRows)
      changed += events.length
      if (events.length > 0) await appendEvents(this.#context, events, { signal })
      isFinal &&= (page.ResultsByTime ?? []).every(
        ({ TimePeriod: period, Estimated: estimated = true }) =>
          period?.Start?.startsWith(span.month) !== true || !estimated,
      )
      token = page.NextPageToken === '' ? undefined : page.NextPageToken
      if (token !== undefined && (tokens.has(token) || tokens.size >= maxPages))
        throw new ExplorerError('transient', 'ce:GetCostAndUsage repeats a page or has too many pages', undefined)
      if (token !== undefined) tokens.add(token)
    } while (token !== undefined)
    const removed = await this.#removeMissing(span, before, fileRows, signal)
    await this.#budget.update({
      read: now,
      through: dayOf(now),
      ...(span.hasMonth ? { monthRead: dayOf(now), ...(isFinal ? { closed: span.month } : {}) } : {}),
    })
    const counts = { changed, unchanged: fileRows.size - changed, removed }
    for (const [outcome, rows] of Object.entries(counts))
      metrics.count('weir_spend_rows_total', rows, { source: id, outcome })
    metrics.count('weir_spend_reads_total', 1, { source: id, outcome: 'accepted' })
    log.info('Read Cost Explorer.', { source: id, account: this.#account, ...span, ...counts })
  }

  /** The request is counted before it is sent: AWS charges for it also if the response is lost. */
  async #page(span: ExplorerSpan, token: string | undefined, signal: AbortSignal) {
    await this.#budget.reserve()
    const labels = { provider: 'aws', account: this.#account }
    this.#context.metrics.count('cloud_api_request_charges_usd_total', requestCents / 100, labels)
    return this.#client.page(span, token, signal)
  }

  #changed(rows: readonly CostData[], before: FileRows, fileRows: FileRows): readonly WeirEvent[] {
    return rows.flatMap((row) => {
      const key = textIn(row, 'x_RowKey')
      const entry = `${costHash(row)} ${Date.parse(textIn(row, 'ChargePeriodStart'))}`
      fileRows.set(key, entry)
      return before.get(key) === entry ? [] : [costEvent(row)]
    })
  }

  /** Rows before the span stay known only while a later span may include them. */
  async #removeMissing(
    { start, monthStart }: ExplorerSpan,
    before: FileRows,
    fileRows: FileRows,
    signal: AbortSignal,
  ): Promise<number> {
    const { host } = this.#context
    const now = host.clock.now()
    const time = (entry: string) => Number(entry.split(' ')[1])
    const from = Date.parse(`${start}T00:00:00Z`)
    const gone = [...before].filter(([key, entry]) => !fileRows.has(key) && time(entry) >= from)
    const events = gone.map(([key, entry]) =>
      removal(key, entry, { source: explorerSource, collected: now, estimated: true }, now),
    )
    if (events.length > 0) await appendEvents(this.#context, events, { signal })
    const keptFrom = Math.min(Date.parse(`${monthStart}T00:00:00Z`), now - 4 * dayMs)
    const older = [...before].filter(([, entry]) => time(entry) < from)
    const rows = new Map([...older, ...fileRows].filter(([, entry]) => time(entry) >= keptFrom))
    await this.#rows.record(stateName, { size: 0, changed: 0, emitted: now, rows })
    return events.length
  }

  async #failed(error: unknown): Promise<void> {
    const { host, log, metrics, id } = this.#context
    const now = host.clock.now()
    const problem = messageOf(error)
    metrics.count('weir_spend_reads_total', 1, { source: id, outcome: 'rejected' })
    if (this.#problem !== problem) log.warn(`The costs of AWS cannot be read: ${problem}.`, { source: id })
    this.#problem = problem
    if (error instanceof BudgetSpent) this.#notBefore = error.until
    else {
      const isTransient = error instanceof ExplorerError && error.fault === 'transient'
      this.#notBefore = now + (isTransient ? error.afterMs : this.#config.every)
    }
    if (error instanceof ExplorerError && error.fault === 'expired') {
      const { month } = spanOf(now, this.#budget.state, this.#config.backfill)
      await this.#budget.update({ through: dayOf(now), closed: month })
      this.#notBefore = now + error.afterMs
    }
  }

  #showBudget(): void {
    const { metrics, id } = this.#context
    metrics.set('weir_spend_paid_requests', this.#budget.used, { source: id })
    metrics.set('weir_spend_paid_limit_requests', this.#budget.limit, { source: id })
  }
}
