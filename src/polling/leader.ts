/** During a takeover both instances may record the same event with the same id; none is skipped. */
import type { SourceContext, LeaderRecord } from '../engine/contracts.ts'
import { messageOf } from '../model/errors.ts'

type LeaderOptions = Readonly<{
  context: Pick<SourceContext, 'host' | 'log' | 'id'>
  record: LeaderRecord
  what: string
  /** Verbs of log messages; default: reads, reading. */
  verbs?: readonly [now: string, ongoing: string]
  state: () => unknown
  /** Duration of the lease in ms. */
  durationMs?: number
  onLeadership?: (leads: boolean) => void
}>

type LeaderState = Readonly<{
  /** Name of the leader. Empty: the lease is released. */
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
  let lastSeen: Readonly<{ version: string; at: number }> | undefined
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
      const storedState = await record.read(signal)
      const current = storedState?.value as LeaderState | undefined
      const [now, wall] = [host.clock.monotonic(), host.clock.now()]
      if (storedState !== undefined && lastSeen?.version !== storedState.version)
        lastSeen = { version: storedState.version, at: now }
      // The journal fences an earlier process of this instance.
      const isFree =
        current === undefined ||
        current.holder === '' ||
        current.instance === record.instance ||
        now - (lastSeen?.at ?? now) >= durationMs
      const version = isFree
        ? await record.write(
            storedState?.version,
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
  const lostAbort = new AbortController()
  const leading = AbortSignal.any([signal, lostAbort.signal])
  let { version, began } = begun
  // The leadership also ends if a renewal gets no response.
  const endAfter = (): { cancel(): void } =>
    host.timers.after(began.now + durationMs * holdPart - host.clock.monotonic(), () => {
      lostAbort.abort()
    })
  let timer = endAfter()
  // After the process was frozen, this check runs before the timer.
  const isLeader = () => {
    if (Math.max(host.clock.monotonic() - began.now, host.clock.now() - began.wall) >= durationMs * holdPart)
      lostAbort.abort()
    return !lostAbort.signal.aborted
  }
  log.info(`This instance ${now} ${what} now; other instances with the source are on standby.`, { source: id })
  onLeadership?.(true)
  let actFailure: { readonly error: unknown } | undefined
  const acting = act(leading, begun.before, isLeader)
    .catch((error: unknown) => {
      actFailure = { error }
    })
    .finally(() => {
      lostAbort.abort()
    })
  while (!leading.aborted) {
    await host.timers.sleep(durationMs * renewPart, leading)
    if (leading.aborted) break
    const started = { now: host.clock.monotonic(), wall: host.clock.now() }
    const newVersion = await record
      .write(version, { holder, instance: record.instance, state: state() } satisfies LeaderState, leading)
      .catch((error: unknown) => {
        if (!leading.aborted) begun.report(error)
        return false as const
      })
    if (newVersion === false) continue
    if (newVersion === undefined) {
      lostAbort.abort()
      break
    }
    ;[version, began] = [newVersion, started]
    timer.cancel()
    timer = endAfter()
  }
  timer.cancel()
  await acting
  onLeadership?.(false)
  // Releases the lease, so that other instances need not wait.
  const releaseAbort = new AbortController()
  const limit = host.timers.after(durationMs * renewPart, () => {
    releaseAbort.abort()
  })
  await releaseLease(record, { version, holder, state: state() }, releaseAbort.signal).catch(() => undefined)
  limit.cancel()
  if (actFailure !== undefined) throw actFailure.error
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
  const releasedState = { holder: '', instance: record.instance, state } satisfies LeaderState
  if ((await record.write(version, releasedState, signal)) !== undefined) return
  const storedState = await record.read(signal)
  if ((storedState?.value as LeaderState | undefined)?.holder === holder)
    await record.write(storedState?.version, releasedState, signal)
}
