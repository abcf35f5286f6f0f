/**
 * One collection of an API server: listed, then watched from there on, for as long as it is wanted. Whatever the server says
 * or does, only this collection is behind for it, and `status` tells why.
 */
import { LineSplitter, LineTooLong } from './client-lines.ts'
import { Backoff } from './client-backoff.ts'
import { Pulse } from './client-pulse.ts'
import { readStatus, refusalOf, type Refusal, type Status } from './client-status.ts'
import { type Answer, type KubeObject, type ReaderLimits, type ReaderOptions, type ReaderState, type ReaderStatus, usualLimits } from './client-types.ts'

const endMark = 'k8s.io/initial-events-end'
const shortMs = 1000
const goodMs = 120_000
const aheadTries = 3

/** What to do next: go on at once, or wait, at least for so long. */
type Next = { readonly is: 'on' } | { readonly is: 'wait'; readonly state: ReaderState; readonly reason: string; readonly leastMs?: number }
const on: Next = { is: 'on' }

export class Reader {
  readonly #options: ReaderOptions
  readonly #limits: ReaderLimits
  readonly #backoff: Backoff
  #version: string | undefined
  #streams: boolean
  /** Times in a row that the server knew no version as new as ours. */
  #ahead = 0
  /** The server has no list of the version that was wanted. */
  #forgotten = false
  #state: ReaderState = 'starting'
  #reason: string | undefined
  #heard: number | undefined
  #lists = 0
  #watches = 0
  #unreadable = 0
  #wake: () => void = () => undefined
  /** Ends the watch that is open. */
  #stop: AbortController | undefined
  #again = false

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#limits = { ...usualLimits, ...options.limits }
    this.#backoff = new Backoff(options.host.random)
    this.#version = options.target.cursor
    this.#streams = options.streams
  }

  status(): ReaderStatus {
    const [lists, watches, unreadable] = [this.#lists, this.#watches, this.#unreadable]
    return { state: this.#state, ...(this.#reason === undefined ? {} : { reason: this.#reason }), ...(this.#heard === undefined ? {} : { heard: this.#heard }), lists, watches, unreadable }
  }

  /** Does not wait any longer: what kept it from watching may be over. */
  wake(): void {
    this.#backoff.reset()
    this.#wake()
  }

  /** Lists everything anew, though the watch is well. */
  relist(): void {
    this.#again = true
    this.#stop?.abort()
    this.wake()
  }

  /** Ends when the signal aborts, or with what the target throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#again) {
        this.#again = false
        this.#version = undefined
      }
      const next = this.#version === undefined && (!this.#streams || this.#asOf !== undefined) ? await this.#listInPages(signal) : await this.#watch(signal)
      if (next.is === 'on' || signal.aborted) continue
      this.#set(next.state, next.reason)
      await this.#wait(this.#backoff.next(next.state, next.leastMs), signal)
    }
    this.#set('stopped')
  }

  get #asOf(): string | undefined {
    return this.#forgotten ? undefined : this.#options.target.asOf
  }

  #set(state: ReaderState, reason?: string): void {
    this.#state = state
    this.#reason = reason
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await this.#options.host.timers.sleep(ms, AbortSignal.any([signal, woken.signal]))
  }

  async #listInPages(signal: AbortSignal): Promise<Next> {
    const { path, selectors, ask, target } = this.#options
    this.#set('listing')
    this.#lists++
    await target.listing()
    const asOf = this.#asOf
    let [version, page]: [string | undefined, string | undefined] = [undefined, undefined]
    do {
      let list: ListAnswer
      try {
        const answer = await ask(path, { limit: String(this.#limits.pageRows), ...(page !== undefined ? { continue: page } : asOf === undefined ? {} : { resourceVersion: asOf, resourceVersionMatch: 'Exact' }), ...selectors }, signal)
        if (answer.status !== 200 && asOf !== undefined) this.#forgotten = true
        if (answer.status !== 200) return this.#refused(await readStatus(answer), 'list')
        list = JSON.parse(await textOf(answer)) as ListAnswer
      } catch (error) {
        return this.#broken(error)
      }
      this.#heard = this.#options.host.clock.now()
      // The first page's: all pages are of that moment.
      version ??= list.metadata?.resourceVersion
      const whole = { kind: list.kind?.replace(/List$/, ''), apiVersion: list.apiVersion }
      for (const item of list.items ?? []) {
        // Items of lists have no kind of their own, objects of watches have, as the first of all.
        const told = target.present(('kind' in item ? item : { ...whole, ...item }) as KubeObject)
        if (told !== undefined) await told
      }
      page = list.metadata?.continue === '' ? undefined : list.metadata?.continue
    } while (page !== undefined && !signal.aborted)
    if (signal.aborted || version === undefined) return { is: 'wait', state: 'waiting', reason: 'the list has no resourceVersion' }
    await target.listed(version)
    this.#version = version
    return on
  }

  /** Watches; without a version the server sends what there is first, and marks where that ends. */
  async #watch(signal: AbortSignal): Promise<Next> {
    const { path, selectors, ask, target, host } = this.#options
    const initial = this.#version === undefined
    const seconds = 300 + Math.floor(host.random.next() * 300)
    this.#set(initial ? 'listing' : 'watching')
    if (initial) {
      this.#lists++
      await target.listing()
    }
    this.#watches++
    const stop = new AbortController()
    this.#stop = stop
    const asked = AbortSignal.any([signal, stop.signal])
    const began = host.clock.monotonic()
    const pulse = new Pulse(host, () => stop.abort())
    pulse.beat(initial ? this.#limits.endMarkMs : this.#limits.silentMs)
    let answer: Answer | undefined
    try {
      answer = await ask(path, {
        watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds), ...selectors,
        ...(initial ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : { resourceVersion: this.#version ?? '' }),
      }, asked)
      if (answer.status !== 200) return this.#refused(await readStatus(answer), initial ? 'stream' : 'watch')
      const next = await this.#read(answer, pulse, seconds)
      if (next !== undefined) return next
    } catch (error) {
      if (error instanceof TargetFailed) throw error.cause
      if (!signal.aborted && !pulse.stopped && !this.#again) return this.#broken(error)
    } finally {
      pulse.stop()
      answer?.close()
    }
    if (signal.aborted || this.#again) return on
    if (this.#version === undefined) {
      // A server that knows no such lists takes the question for a plain watch.
      this.#streams = false
      return on
    }
    const lasted = host.clock.monotonic() - began
    if (lasted > goodMs) this.#backoff.reset()
    if (pulse.late) return { is: 'wait', state: 'waiting', reason: 'the connection was silent for too long' }
    // A clean end is usual; one right after the begin, again and again, must not become a flood.
    return lasted > shortMs ? on : { is: 'wait', state: 'waiting', reason: 'the server ended the watch at once' }
  }

  async #read(answer: Answer, pulse: Pulse, seconds: number): Promise<Next | undefined> {
    const lines = new LineSplitter(this.#limits.lineBytes)
    const utf8 = new TextDecoder()
    for await (const chunk of answer.body) {
      this.#heard = this.#options.host.clock.now()
      for (const line of lines.take(chunk)) {
        let event: WatchEvent
        try {
          event = JSON.parse(utf8.decode(line)) as WatchEvent
        } catch {
          this.#unreadable++
          return { is: 'wait', state: 'waiting', reason: 'the server sent a line that can’t be read' }
        }
        const next = await this.#take(event)
        if (next !== undefined) return next
      }
      pulse.beat(this.#version === undefined ? this.#limits.endMarkMs : seconds * 1000 + this.#limits.silentMs)
    }
    return undefined
  }

  async #take({ type, object }: WatchEvent): Promise<Next | undefined> {
    const { target } = this.#options
    if (type === 'ERROR') return this.#refused(refusalOf((object ?? {}) as Status), 'watch')
    const version = object?.metadata?.resourceVersion
    if (object === undefined || version === undefined) return undefined
    try {
      if (type === 'BOOKMARK') {
        if (this.#version !== undefined) {
          await target.reached(version)
        } else if (object.metadata?.annotations?.[endMark] === 'true') {
          await target.listed(version)
          this.#set('watching')
        } else {
          return undefined
        }
      } else if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
        const told = this.#version === undefined && type !== 'DELETED' ? target.present(object) : target.changed(type, object)
        if (told !== undefined) await told
        if (this.#version === undefined) return undefined
      } else {
        return undefined
      }
    } catch (cause) {
      throw new TargetFailed('', { cause })
    }
    this.#version = version
    this.#ahead = 0
    return undefined
  }

  #refused(refusal: Refusal, doing: 'list' | 'stream' | 'watch'): Next {
    const { code, message, retryAfter } = refusal
    const wait = (state: ReaderState): Next => ({ is: 'wait', state, reason: `${code}${message === undefined ? '' : `: ${message}`}`, ...(retryAfter === undefined ? {} : { leastMs: retryAfter * 1000 }) })
    if (code === 410) {
      this.#version = undefined
      // A page that expired: the list begins anew, with a rest in case every list takes too long.
      return doing === 'list' ? wait('waiting') : on
    }
    if (doing === 'stream' && (code === 422 || code === 400 || code === 405)) {
      this.#streams = false
      return on
    }
    if (refusal.ahead && ++this.#ahead > aheadTries) {
      // The server’s memory went back to before: what we know is not in its order any more.
      this.#ahead = 0
      this.#version = undefined
      return on
    }
    if (code === 403) return wait('forbidden')
    if (code === 405) return wait('unwatchable')
    if (code !== 404) return wait('waiting')
    this.#options.onMissing?.()
    return wait('missing')
  }

  #broken(error: unknown): Next {
    if (error instanceof LineTooLong || error instanceof SyntaxError) this.#unreadable++
    return { is: 'wait', state: 'waiting', reason: error instanceof Error ? error.message : String(error) }
  }
}

interface WatchEvent {
  readonly type: string
  readonly object?: KubeObject
}

interface ListAnswer {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly object[]
}

/** What the target throws is no matter of the connection. */
class TargetFailed extends Error {}

async function textOf({ body }: Answer): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece.slice())
  return Buffer.concat(pieces).toString('utf8')
}
