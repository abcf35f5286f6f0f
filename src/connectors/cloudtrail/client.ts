/** Events of one region between two times out of CloudTrail's event history: page after page, never faster than it allows. */
import type { CloudTrailClient, Event } from '@aws-sdk/client-cloudtrail'
import { awsOptions } from '../../messaging/aws-client.ts'
import { awsTrouble } from '../../messaging/aws-errors.ts'
import { ResponseError, PollError } from '../../polling/poll-error.ts'
import { pageOf, type Page } from '../../polling/pages.ts'
import type { Span } from '../../polling/partition.ts'
import type { Host } from '../../host/index.ts'
import type { CloudtrailConfig } from './config.ts'

export interface ReaderOptions {
  readonly host: Host
  readonly config: CloudtrailConfig
  /** Undefined: the one of environment or profile. */
  readonly region: string | undefined
  /** How often a request is made that fails for a reason that may pass. */
  readonly tries?: number
  /** Told of each request. */
  readonly note: (outcome: 'answered' | 'failed') => void
}

/** Why there are no events, in words, with what to do. */
export class TrailError extends PollError {
  override readonly name = 'TrailError'
}

/** CloudTrail answers two requests a second for each account and region, and gives fifty events at a time. A little more: its clock is not ours. */
const paceMs = 520
const mostInAnswer = 50
const usualTries = 6
const [firstWaitMs, longestWaitMs] = [1000, 30_000]

type Library = typeof import('@aws-sdk/client-cloudtrail')

export class TrailReader {
  readonly #options: ReaderOptions
  #live: { readonly library: Library; readonly client: CloudTrailClient } | undefined
  #last = Number.NEGATIVE_INFINITY

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** The region that is asked. Rejects with TrailError. */
  async region(): Promise<string> {
    const { region } = this.#options
    if (region !== undefined) return region
    try {
      return await (await this.#open()).client.config.region()
    } catch (error) {
      throw await this.#failure(error)
    }
  }

  /** One page, newest first over all pages. Rejects with TrailError, with ResponseError for a success that is none, and when the signal aborts. */
  read({ from, to }: Span, next: string | undefined, signal: AbortSignal, page = mostInAnswer): Promise<Page<Event>> {
    // Times are of whole seconds there.
    const span = {
      StartTime: new Date(Math.floor(from / 1000) * 1000),
      EndTime: new Date(Math.ceil(to / 1000) * 1000),
      MaxResults: page,
    }
    return this.#page({ ...span, ...(next === undefined ? {} : { NextToken: next }) }, signal)
  }

  /** Whether the API lets us in. Rejects with TrailError. */
  async look(signal: AbortSignal): Promise<void> {
    const now = this.#options.host.clock.now()
    await this.#page({ StartTime: new Date(now - 60_000), EndTime: new Date(now), MaxResults: 1 }, signal)
  }

  close(): void {
    this.#live?.client.destroy()
    this.#live = undefined
  }

  async #page(
    asked: {
      readonly StartTime: Date
      readonly EndTime: Date
      readonly MaxResults: number
      readonly NextToken?: string
    },
    signal: AbortSignal,
  ): Promise<Page<Event>> {
    const { host, config, note, tries = usualTries } = this.#options
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
        const { Events: list, NextToken: token } = await client.send(new LookupEventsCommand(asked), {
          abortSignal: AbortSignal.any([signal, late.signal]),
        })
        const read = pageOf<Event>({ who: 'CloudTrail', what: 'events', list, next: token })
        note('answered')
        return read
      } catch (error) {
        if (signal.aborted) throw error
        note('failed')
        if (error instanceof ResponseError) throw error
        if (isUnreadable(error))
          throw new ResponseError('unreadable', 'CloudTrail answered something that is no JSON', error)
        if (!mayPass(error) || attempt >= tries)
          throw await this.#failure(late.signal.aborted ? new Error(`no answer within ${config.timeout} ms`) : error)
        const most = Math.min(longestWaitMs, firstWaitMs * 2 ** attempt)
        // A part is random, so that many do not come at once.
        await host.timers.sleep(most / 2 + (host.random.next() * most) / 2, signal)
      } finally {
        timer.cancel()
      }
    }
  }

  async #pace(signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#options.host
    const wait = this.#last + paceMs - clock.monotonic()
    if (wait > 0) await timers.sleep(wait, signal)
    this.#last = clock.monotonic()
  }

  async #failure(error: unknown): Promise<TrailError> {
    const {
      attempt: { reason },
      login,
    } = awsTrouble(error, `CloudTrail in ${this.#options.region ?? 'our region'}`, 'cloudtrail:LookupEvents')
    // The next one is built with the credentials as they are then.
    if (login) this.close()
    return new TrailError(reason.replace('does not let us write to', 'does not let us read'), { cause: error })
  }

  async #open(): Promise<{ readonly library: Library; readonly client: CloudTrailClient }> {
    if (this.#live !== undefined) return this.#live
    const { config, host, region } = this.#options
    const library = await import('@aws-sdk/client-cloudtrail')
    const client = new library.CloudTrailClient(
      await awsOptions({ ...config, region: region ?? config.region }, host, ''),
    )
    return (this.#live ??= { library, client })
  }
}

/** A success whose body the library could not read. */
function isUnreadable(error: unknown): boolean {
  const { $metadata: { httpStatusCode: status } = {} } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  return error instanceof SyntaxError && (status === undefined || status < 300)
}

/** Asked to be slower, a fault of the other side, or no answer at all. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (/Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|RequestTimeout/i.test(error.name)) return true
  const { $metadata: { httpStatusCode: status } = {} } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number }
  }
  if (status !== undefined) return status >= 500
  return !/Credentials|Token(?:Provider)?Error|Region is missing/.test(`${error.name} ${error.message}`)
}
