import { readBytes } from '../../../net/kubernetes/object.ts'
import { readStatus, refusalOf, type Refusal, type Status } from '../../../net/kubernetes/status.ts'
import type { Answer } from '../../../net/kubernetes/types.ts'
import { messageOf } from '../../../model/errors.ts'
import { LineSplitter, LineTooLong } from './lines.ts'
import { Backoff } from './backoff.ts'
import { Pulse } from './pulse.ts'
import { Stripper, UnreadableObject, type SeenObject } from './strip.ts'
import { type ReaderLimits, type ReaderOptions, type ReaderState, type ReaderStatus, usualLimits } from './types.ts'

const endMark = 'k8s.io/initial-events-end'
const shortMs = 1000
const goodMs = 120_000
const aheadTries = 3
/** Failures of a watch at one version, after which the version counts as unusable. */
const failuresAtVersion = 2

type Wait = Readonly<{ is: 'wait'; state: ReaderState; reason: string; leastMs?: number; lists?: true }>
type Next = { readonly is: 'on' } | Wait
const continueWatch: Next = { is: 'on' }

export class Reader {
  readonly #options: ReaderOptions
  readonly #limits: ReaderLimits
  readonly #backoff: Backoff
  readonly #stripper: Stripper
  #version: string | undefined
  #streams: boolean
  #ahead = 0
  #forgotten = false
  #state: ReaderState = 'starting'
  #reason: string | undefined
  #lastByte: number | undefined
  #lists = 0
  #watches = 0
  #unreadable = 0
  #wake: () => void = () => undefined
  #stop: AbortController | undefined
  #again = false
  #isForbidden = false
  #failed: { version: string; times: number } | undefined

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#limits = { ...usualLimits, ...options.limits }
    this.#backoff = new Backoff(options.host.random)
    this.#stripper = options.stripper ?? new Stripper()
    this.#version = options.target.cursor
    this.#streams = options.streams
  }

  status(): ReaderStatus {
    const [lists, watches, unreadable] = [this.#lists, this.#watches, this.#unreadable]
    return {
      state: this.#state,
      ...(this.#reason === undefined ? {} : { reason: this.#reason }),
      ...(this.#lastByte === undefined ? {} : { lastByte: this.#lastByte }),
      lists,
      watches,
      unreadable,
    }
  }

  wake(): void {
    this.#backoff.reset()
    this.#wake()
  }

  relist(): void {
    this.#again = true
    this.#stop?.abort()
    this.wake()
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#again) {
        this.#again = false
        this.#version = undefined
      }
      const next =
        this.#version === undefined && (!this.#streams || this.#asOf !== undefined)
          ? await this.#listInPages(signal)
          : await this.#watch(signal)
      if (next.is === 'on' || signal.aborted) continue
      this.#set(next.state, next.reason)
      const { state, leastMs, lists } = next
      await this.#wait(lists ? this.#backoff.beforeList(leastMs) : this.#backoff.next(state, leastMs), signal)
    }
    this.#set('stopped')
  }

  get #asOf(): string | undefined {
    return this.#forgotten ? undefined : this.#options.target.asOf
  }

  #set(state: ReaderState, reason?: string) {
    this.#state = state
    this.#reason = reason
    // A watch that is refused at once had the state `watching`: only received bytes count.
    if (state !== 'forbidden' || this.#isForbidden) return
    this.#isForbidden = true
    this.#options.onForbidden?.(reason ?? '')
  }

  async #wait(ms: number, signal: AbortSignal) {
    const wakeAbort = new AbortController()
    this.#wake = () => wakeAbort.abort()
    await this.#options.host.timers.sleep(ms, AbortSignal.any([signal, wakeAbort.signal]))
  }

  async #listInPages(signal: AbortSignal): Promise<Next> {
    const { path, selectors, ask, target } = this.#options
    this.#set('listing')
    this.#lists++
    await target.listing()
    const asOf = this.#asOf
    let [version, page]: [string | undefined, string | undefined] = [undefined, undefined]
    const pages = new Set<string>()
    do {
      let list: ReturnType<Stripper['page']>
      try {
        const answer = await ask(
          path,
          {
            limit: String(this.#limits.pageRows),
            ...(page !== undefined
              ? { continue: page }
              : asOf === undefined
                ? {}
                : { resourceVersion: asOf, resourceVersionMatch: 'Exact' }),
            ...selectors,
          },
          signal,
        )
        if (answer.status !== 200 && asOf !== undefined) this.#forgotten = true
        if (answer.status !== 200) return this.#refused(await readStatus(answer), 'list')
        list = this.#stripper.page(await readBytes(answer))
      } catch (error) {
        return this.#broken(error)
      }
      this.#lastByte = this.#options.host.clock.now()
      version ??= list.metadata?.resourceVersion
      for (const item of list.items) {
        try {
          const presented = target.present(this.#stripper.item(item, list))
          if (presented !== undefined) await presented
        } catch (error) {
          if (!(error instanceof UnreadableObject || error instanceof SyntaxError)) throw error
          return this.#broken(error)
        }
      }
      page = list.metadata?.continue === '' ? undefined : list.metadata?.continue
      if (page !== undefined && pages.has(page))
        return { is: 'wait', state: 'waiting', reason: 'the server repeats a page of the list' }
      if (page !== undefined) pages.add(page)
    } while (page !== undefined && !signal.aborted)
    if (signal.aborted || version === undefined)
      return { is: 'wait', state: 'waiting', reason: 'the list has no resourceVersion' }
    await target.listed(version)
    this.#version = version
    return continueWatch
  }

  /**
   * Watches from the version. Without one, the server first sends the existing objects and then a mark of their end.
   */
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
    const combined = AbortSignal.any([signal, stop.signal])
    const began = host.clock.monotonic()
    const pulse = new Pulse(host, () => stop.abort())
    pulse.beat(initial ? this.#limits.endMarkMs : this.#limits.silentMs)
    let answer: Answer | undefined
    try {
      answer = await ask(
        path,
        {
          watch: 'true',
          allowWatchBookmarks: 'true',
          timeoutSeconds: String(seconds),
          ...selectors,
          ...(initial
            ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
            : { resourceVersion: this.#version ?? '' }),
        },
        combined,
      )
      if (answer.status !== 200) return this.#refused(await readStatus(answer), initial ? 'stream' : 'watch')
      const next = await this.#read(answer, pulse, seconds, combined)
      if (next !== undefined) return next
    } catch (error) {
      if (error instanceof TargetFailed) throw error.cause
      if (!signal.aborted && !pulse.stopped && !this.#again) {
        const next = this.#broken(error)
        return isUnreadable(error) ? this.#failedWatch(next) : next
      }
    } finally {
      pulse.stop()
      answer?.close()
    }
    if (signal.aborted || this.#again) return continueWatch
    if (this.#version === undefined) {
      // A server without streaming lists treats the request as a plain watch.
      this.#streams = false
      return continueWatch
    }
    const lasted = host.clock.monotonic() - began
    if (lasted > goodMs) this.#backoff.reset()
    if (pulse.late) return { is: 'wait', state: 'waiting', reason: 'the connection was silent for too long' }
    if (lasted > shortMs) return continueWatch
    return this.#failedWatch({ is: 'wait', state: 'waiting', reason: 'the server ended the watch at once' })
  }

  async #read(answer: Answer, pulse: Pulse, seconds: number, signal: AbortSignal): Promise<Next | undefined> {
    const lines = new LineSplitter(this.#limits.lineBytes)
    this.#isForbidden = false
    for await (const chunk of answer.body) {
      this.#lastByte = this.#options.host.clock.now()
      let count = 0
      for (const line of lines.take(chunk)) {
        count++
        try {
          const { type, object } = this.#stripper.line(line)
          if (object === undefined) continue
          const result = this.#take(type, object)
          // Most results are synchronous: skip the await.
          const next = result instanceof Promise ? await result : result
          if (next !== undefined) return next
        } catch (error) {
          if (!(error instanceof UnreadableObject || error instanceof SyntaxError)) throw error
          this.#unreadable++
          return this.#failedWatch({ is: 'wait', state: 'waiting', reason: 'the server sent an invalid line' })
        }
      }
      pulse.beat(this.#version === undefined ? this.#limits.endMarkMs : seconds * 1000 + this.#limits.silentMs)
      if (this.#version !== undefined) await this.#rest(chunk.length, count, answer, signal)
    }
    return undefined
  }

  async #rest(bytes: number, changes: number, answer: Answer, signal: AbortSignal) {
    const { pace, host } = this.#options
    const { ms, held } = pace?.rest(this, bytes, changes) ?? { ms: 0, held: false }
    if (ms <= 0) return
    if (held) answer.hold?.(true)
    await host.timers.sleep(ms, signal)
    if (held) answer.hold?.(false)
  }

  #take(type: string, object: SeenObject): Next | undefined | Promise<Next | undefined> {
    if (type === 'ERROR') return this.#refused(refusalOf(object.object as Status), 'event')
    if (object.version === undefined) return undefined
    let emitted: Next | undefined | void | Promise<void>
    try {
      emitted = this.#emit(type, object, object.version)
    } catch (error) {
      throw failureOf(error)
    }
    if (!(emitted instanceof Promise)) return emitted ?? undefined
    return emitted.then(
      () => undefined,
      (error: unknown) => {
        throw failureOf(error)
      },
    )
  }

  #emit(type: string, object: SeenObject, version: string): Next | undefined | void | Promise<void> {
    const { target } = this.#options
    const listing = this.#version === undefined
    let emitted: void | Promise<void>
    if (type === 'BOOKMARK' && !listing && isBefore(version, this.#version)) return this.#wentBack(version)
    if (type === 'BOOKMARK' && !listing) emitted = target.reached(version)
    else if (type === 'BOOKMARK' && object.object.metadata?.annotations?.[endMark] === 'true')
      emitted = target.listed(version)
    else if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED')
      emitted = listing && type !== 'DELETED' ? target.present(object) : target.changed(type, object)
    else return undefined
    if (listing && type !== 'BOOKMARK') return emitted
    const advance = () => {
      if (listing) this.#set('watching')
      this.#version = version
      this.#ahead = 0
    }
    return emitted === undefined ? advance() : emitted.then(advance)
  }

  /** A server may be unable to send an event after this version, for ever: then only a list continues. */
  #failedWatch(next: Wait): Wait {
    const version = this.#version
    if (version === undefined) return next
    const times = this.#failed?.version === version ? this.#failed.times + 1 : 1
    this.#failed = { version, times }
    return times < failuresAtVersion ? next : this.#listAgain(next)
  }

  #listAgain(next: Wait): Wait {
    this.#failed = undefined
    this.#version = undefined
    this.#options.onRelist?.(next.reason)
    return { ...next, lists: true }
  }

  /** After a restore of etcd, a watch from the cursor is silent until versions are beyond it again. */
  #wentBack(version: string): Wait {
    const reason = `the server is at version ${version}, before ${this.#version ?? ''}: it was restored`
    this.#forgotten = true
    return this.#listAgain({ is: 'wait', state: 'waiting', reason })
  }

  /** `event`: an error that an open watch sent. */
  #refused(refusal: Refusal, doing: 'list' | 'stream' | 'watch' | 'event'): Next {
    const { code, message, retryAfter } = refusal
    const wait = (state: ReaderState): Wait => ({
      is: 'wait',
      state,
      reason: `${code}${message === undefined ? '' : `: ${message}`}`,
      ...(retryAfter === undefined ? {} : { leastMs: retryAfter * 1000 }),
    })
    if (code === 410) {
      this.#version = undefined
      // An expired page token restarts the list.
      return doing === 'list' ? wait('waiting') : { ...wait('waiting'), lists: true }
    }
    if (doing === 'stream' && (code === 422 || code === 400 || code === 405)) {
      this.#streams = false
      return continueWatch
    }
    if (refusal.ahead && ++this.#ahead > aheadTries) {
      // After a restore of the server, the cursor is not in the order of its versions.
      this.#ahead = 0
      this.#version = undefined
      return continueWatch
    }
    if (code === 403) return wait('forbidden')
    if (code === 405) return wait('unwatchable')
    const isWatchFailure = (doing === 'event' && code !== 429) || (doing === 'watch' && isLasting(code))
    if (code !== 404) return isWatchFailure ? this.#failedWatch(wait('waiting')) : wait('waiting')
    this.#options.onMissing?.()
    return wait('missing')
  }

  #broken(error: unknown): Wait {
    if (isUnreadable(error)) this.#unreadable++
    return { is: 'wait', state: 'waiting', reason: messageOf(error) }
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof LineTooLong || error instanceof SyntaxError || error instanceof UnreadableObject
}

/** Overload and an unavailable server pass by, unless the server sends them in a watch that it accepted. */
function isLasting(code: number): boolean {
  return code >= 500 ? code !== 502 && code !== 503 && code !== 504 : code === 400 || code === 422
}

/** Versions of one server are decimal numbers. */
function isBefore(version: string, other: string | undefined): boolean {
  if (other === undefined || !/^\d+$/.test(version) || !/^\d+$/.test(other)) return false
  return version.length === other.length ? version < other : version.length < other.length
}

class TargetFailed extends Error {}

function failureOf(cause: unknown): unknown {
  return cause instanceof UnreadableObject ? cause : new TargetFailed('', { cause })
}
