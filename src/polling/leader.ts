/** During a takeover both instances may record the same event with the same id; none is skipped. */
import type { SourceContext, LeaderRecord } from '../engine/contracts.ts'
import { messageOf } from '../model/errors.ts'

type LeaderOptions = Readonly<{
  context: Pick<SourceContext, 'host' | 'log' | 'id'>
  record: LeaderRecord
  what: string
  /** Of messages; default: reads, reading. */
  verbs?: readonly [now: string, ongoing: string]
  state: () => unknown
  /** Lease duration in ms. */
  durationMs?: number
  onLeadership?: (leads: boolean) => void
}>

type LeaderState = Readonly<{
  /** Empty: released. */
  holder: string
  instance: string
  state: unknown
}>

const defaultDurationMs = 10_000
const usualVerbs = ['reads', 'reading'] as const
/** Shares of the duration: renewal, follower check, validity after a renewal. */
const [renewPart, checkPart, holdPart] = [0.2, 0.1, 0.8]

/** `before`: state of the previous leader. `isLeader`: checked before each append. */
type Act = (leading: AbortSignal, before: unknown, isLeader: () => boolean) => Promise<void>

export async function runAsLeader(options: LeaderOptions, signal: AbortSignal, act: Act): Promise<void> {
  const {
    context: { host, log, id },
    record,
    what,
    verbs: [, ongoing] = usualVerbs,
    durationMs = defaultDurationMs,
  } = options
  const holder = `${record.instance} ${Buffer.from(host.random.bytes(6)).toString('hex')}`
  let seen: Readonly<{ version: string; at: number }> | undefined
  let problem: string | undefined
  const report = (error: unknown) => {
    const message = messageOf(error)
    if (!signal.aborted && message !== problem)
      log.warn(`The lease for ${ongoing} ${what} cannot be read or written; Weir retries.`, {
        source: id,
        error: message,
      })
    problem = message
  }
  while (!signal.aborted) {
    try {
      const stored = await record.read(signal)
      const current = stored?.value as LeaderState | undefined
      const [now, wall] = [host.clock.monotonic(), host.clock.now()]
      if (stored !== undefined && seen?.version !== stored.version) seen = { version: stored.version, at: now }
      // The journal fences an earlier process of this instance.
      const isFree =
        current === undefined ||
        current.holder === '' ||
        current.instance === record.instance ||
        now - (seen?.at ?? now) >= durationMs
      const version = isFree
        ? await record.write(
            stored?.version,
            { holder, instance: record.instance, state: current?.state ?? options.state() } satisfies LeaderState,
            signal,
          )
        : undefined
      problem = undefined
      if (version !== undefined)
        await hold(options, holder, { version, began: { now, wall }, before: current?.state, report }, signal, act)
    } catch (error) {
      report(error)
    }
    await host.timers.sleep(durationMs * checkPart, signal)
  }
}

/** ms: sleep stops the monotonic clock, and the wall clock can be set. */
type Moment = Readonly<{
  now: number
  wall: number
}>

type Begun = Readonly<{
  version: string
  began: Moment
  before: unknown
  report(error: unknown): void
}>

async function hold(
  {
    context: { host, log, id },
    record,
    what,
    verbs: [now, ongoing] = usualVerbs,
    state,
    durationMs = defaultDurationMs,
    onLeadership,
  }: LeaderOptions,
  holder: string,
  begun: Begun,
  signal: AbortSignal,
  act: Act,
) {
  const lost = new AbortController()
  const leading = AbortSignal.any([signal, lost.signal])
  let { version, began } = begun
  // Also if a renewal gets no response.
  const endAfter = (): { cancel(): void } =>
    host.timers.after(began.now + durationMs * holdPart - host.clock.monotonic(), () => {
      lost.abort()
    })
  let timer = endAfter()
  // After a freeze this runs before the timer.
  const isLeader = () => {
    if (Math.max(host.clock.monotonic() - began.now, host.clock.now() - began.wall) >= durationMs * holdPart)
      lost.abort()
    return !lost.signal.aborted
  }
  log.info(`This instance ${now} ${what} now; other instances with the source are on standby.`, { source: id })
  onLeadership?.(true)
  let failed: { readonly error: unknown } | undefined
  const acting = act(leading, begun.before, isLeader)
    .catch((error: unknown) => {
      failed = { error }
    })
    .finally(() => {
      lost.abort()
    })
  while (!leading.aborted) {
    await host.timers.sleep(durationMs * renewPart, leading)
    if (leading.aborted) break
    const started = { now: host.clock.monotonic(), wall: host.clock.now() }
    const written = await record
      .write(version, { holder, instance: record.instance, state: state() } satisfies LeaderState, leading)
      .catch((error: unknown) => {
        if (!leading.aborted) begun.report(error)
        return false as const
      })
    if (written === false) continue
    if (written === undefined) {
      lost.abort()
      break
    }
    ;[version, began] = [written, started]
    timer.cancel()
    timer = endAfter()
  }
  timer.cancel()
  await acting
  onLeadership?.(false)
  // Releases the lease, so that the others need not wait.
  const late = new AbortController()
  const limit = host.timers.after(durationMs * renewPart, () => {
    late.abort()
  })
  await releaseLease(record, { version, holder, state: state() }, late.signal).catch(() => undefined)
  limit.cancel()
  if (failed !== undefined) throw failed.error
  if (!signal.aborted)
    log.warn(
      `This instance stopped ${ongoing} ${what}: another instance is the leader, or the lease cannot be renewed.`,
      {
        source: id,
      },
    )
}

async function releaseLease(
  record: LeaderRecord,
  { version, holder, state }: { version: string; holder: string; state: unknown },
  signal: AbortSignal,
) {
  const none = { holder: '', instance: record.instance, state } satisfies LeaderState
  if ((await record.write(version, none, signal)) !== undefined) return
  const stored = await record.read(signal)
  if ((stored?.value as LeaderState | undefined)?.holder === holder) await record.write(stored?.version, none, signal)
}
