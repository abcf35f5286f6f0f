import type { CloudTrailClient, Event } from '@aws-sdk/client-cloudtrail'
import { awsOptions } from '../../messaging/aws-client.ts'
import { awsFailure } from '../../messaging/aws-errors.ts'
import { ResponseError, PollError } from '../../polling/poll-error.ts'
import { pageOf, type Page } from '../../polling/pages.ts'
import type { Span } from '../../polling/partition.ts'
import { backoffMs } from '../../host/backoff.ts'
import type { Host } from '../../host/index.ts'
import type { CloudtrailConfig } from './config.ts'

type ReaderOptions = Readonly<{
  host: Host
  config: CloudtrailConfig
  region: string | undefined
  maxAttempts?: number
  note: (outcome: 'answered' | 'failed') => void
}>

export class TrailError extends PollError {
  override readonly name = 'TrailError'
}

/** CloudTrail allows two requests per second. */
const paceMs = 520
const maxPerPage = 50
const defaultAttempts = 6
const waits = { firstMs: 1000, maxMs: 30_000 }

type Library = typeof import('@aws-sdk/client-cloudtrail')

export class TrailReader {
  readonly #options: ReaderOptions
  #live: Readonly<{ library: Library; client: CloudTrailClient }> | undefined
  #last = Number.NEGATIVE_INFINITY

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  async region(): Promise<string> {
    const { region } = this.#options
    if (region !== undefined) return region
    try {
      return await (await this.#open()).client.config.region()
    } catch (error) {
      throw await this.#failure(error)
    }
  }

  /** Newest first across pages. Rejects with TrailError, with ResponseError for a malformed page, and at an abort. */
  read({ from, to }: Span, next: string | undefined, signal: AbortSignal, page = maxPerPage): Promise<Page<Event>> {
    const span = {
      StartTime: new Date(Math.floor(from / 1000) * 1000),
      EndTime: new Date(Math.ceil(to / 1000) * 1000),
      MaxResults: page,
    }
    return this.#page({ ...span, ...(next === undefined ? {} : { NextToken: next }) }, signal)
  }

  async verifyAccess(signal: AbortSignal): Promise<void> {
    const now = this.#options.host.clock.now()
    await this.#page({ StartTime: new Date(now - 60_000), EndTime: new Date(now), MaxResults: 1 }, signal)
  }

  close(): void {
    this.#live?.client.destroy()
    this.#live = undefined
  }

  async #page(
    request: Readonly<{ StartTime: Date; EndTime: Date; MaxResults: number; NextToken?: string }>,
    signal: AbortSignal,
  ): Promise<Page<Event>> {
    const { host, config, note, maxAttempts = defaultAttempts } = this.#options
    for (let attempt = 1; ; attempt++) {
      await this.#pace(signal)
      const late = new AbortController()
      const timer = host.timers.after(config.timeout, () => {
        late.abort()
      })
      try {
        signal.throwIfAborted()
        const {
          library: { LookupEventsCommand },
          client,
        } = await this.#open()
        const { Events: list, NextToken: token } = await client.send(new LookupEventsCommand(request), {
          abortSignal: AbortSignal.any([signal, late.signal]),
        })
        const read = pageOf<Event>({ api: 'CloudTrail', what: 'events', list, next: token })
        note('answered')
        return read
      } catch (error) {
        if (signal.aborted) throw error
        note('failed')
        if (error instanceof ResponseError) throw error
        if (isUnreadable(error))
          throw new ResponseError('unreadable', 'CloudTrail responded with something other than JSON', error)
        if (!isTransient(error) || attempt >= maxAttempts)
          throw await this.#failure(late.signal.aborted ? new Error(`no response within ${config.timeout} ms`) : error)
        await host.timers.sleep(backoffMs(waits, attempt, host.random.next()), signal)
      } finally {
        timer.cancel()
      }
    }
  }

  async #pace(signal: AbortSignal) {
    const { clock, timers } = this.#options.host
    const wait = this.#last + paceMs - clock.monotonic()
    if (wait > 0) await timers.sleep(wait, signal)
    this.#last = clock.monotonic()
  }

  async #failure(error: unknown): Promise<TrailError> {
    const {
      attempt: { reason },
      login,
    } = awsFailure(error, `CloudTrail in ${this.#options.region ?? 'our region'}`, 'cloudtrail:LookupEvents')
    if (login) this.close()
    return new TrailError(reason, { cause: error })
  }

  async #open(): Promise<Readonly<{ library: Library; client: CloudTrailClient }>> {
    if (this.#live !== undefined) return this.#live
    const { config, host, region } = this.#options
    const library = await import('@aws-sdk/client-cloudtrail')
    const client = new library.CloudTrailClient(
      await awsOptions({ ...config, region: region ?? config.region }, host, ''),
    )
    return (this.#live ??= { library, client })
  }
}

function isUnreadable(error: unknown) {
  const { $metadata: { httpStatusCode: status } = {} } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  return error instanceof SyntaxError && (status === undefined || status < 300)
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (/Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|RequestTimeout/i.test(error.name)) return true
  const { $metadata: { httpStatusCode: status } = {} } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  if (status !== undefined) return status >= 500
  return !/Credentials|Token(?:Provider)?Error|Region is missing/.test(`${error.name} ${error.message}`)
}
