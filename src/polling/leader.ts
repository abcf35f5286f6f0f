/**
 * Of those who share a journal, or a Lease, one reads at a time. Whose turn it is stands in a record there, which the holder writes again and again with
 * how far it is; who sees for a while that nobody does takes over. Both may tell the same event at that moment, under one id; none is left out.
 */
import type { SourceContext, TurnRecord } from '../engine/ports.ts'
import { messageOf } from '../model/errors.ts'

export interface LeaderOptions {
  readonly context: Pick<SourceContext, 'host' | 'log' | 'id'>
  readonly record: TurnRecord
  /** What is read, in words: `traces`. */
  readonly what: string
  /** How far we are: whoever takes over is given it. */
  readonly state: () => unknown
  /** How long a holder that says nothing is thought to be alive. */
  readonly durationMs?: number
  readonly onTurn?: (ours: boolean) => void
}

interface Turn {
  /** Empty: it was given back. */
  readonly holder: string
  /** Name of the Weir that has it. */
  readonly instance: string
  readonly state: unknown
}

const usualDurationMs = 10_000
/** Parts of the duration: between two renewals, between two looks of who stands by, and how long it is ours after a renewal began. */
const [renewPart, lookPart, holdPart] = [0.2, 0.1, 0.8]

/** What is done in our turn. `before`: what the one before us knew. `isOurs`: asked before anything is told. Ends soon after its signal aborts. */
type Act = (ours: AbortSignal, before: unknown, isOurs: () => boolean) => Promise<void>

/** Ends when the signal aborts. */
export async function runAsLeader(options: LeaderOptions, signal: AbortSignal, act: Act): Promise<void> {
  const { context: { host, log, id }, record, what, durationMs = usualDurationMs } = options
  const holder = `${record.instance} ${Buffer.from(host.random.bytes(6)).toString('hex')}`
  let seen: { readonly version: string; readonly at: number } | undefined
  let problem: string | undefined
  const complain = (error: unknown): void => {
    const said = messageOf(error)
    if (!signal.aborted && said !== problem) log.warn(`Whose turn it is to read ${what} can’t be asked for, or it could not be used; it is tried again.`, { source: id, error: said })
    problem = said
  }
  while (!signal.aborted) {
    try {
      const found = await record.read(signal)
      const turn = found?.value as Turn | undefined
      const [now, wall] = [host.clock.monotonic(), host.clock.now()]
      if (found !== undefined && seen?.version !== found.version) seen = { version: found.version, at: now }
      // An earlier start under our name is over: the journal takes nothing from it any more.
      const isFree = turn === undefined || turn.holder === '' || turn.instance === record.instance || now - (seen?.at ?? now) >= durationMs
      const version = isFree ? await record.write(found?.version, { holder, instance: record.instance, state: turn?.state } satisfies Turn, signal) : undefined
      problem = undefined
      if (version !== undefined) await hold(options, holder, { version, began: { now, wall }, before: turn?.state, complain }, signal, act)
    } catch (error) {
      complain(error)
    }
    await host.timers.sleep(durationMs * lookPart, signal)
  }
}

/** Both clocks, in ms: a machine that sleeps stops the one, who sets the time moves the other. */
interface Moment {
  readonly now: number
  readonly wall: number
}

interface Begun {
  readonly version: string
  /** When it was asked for. */
  readonly began: Moment
  readonly before: unknown
  /** Says why it can't be written. */
  complain(error: unknown): void
}

async function hold({ context: { host, log, id }, record, what, state, durationMs = usualDurationMs, onTurn }: LeaderOptions, holder: string, begun: Begun, signal: AbortSignal, act: Act): Promise<void> {
  const lost = new AbortController()
  const ours = AbortSignal.any([signal, lost.signal])
  let { version, began } = begun
  // Also when a renewal is asked for and never answered.
  const endAfter = (): { cancel(): void } => host.timers.after(began.now + durationMs * holdPart - host.clock.monotonic(), () => { lost.abort() })
  let timer = endAfter()
  // Who was frozen has this before the timer that says the same.
  const isOurs = (): boolean => {
    if (Math.max(host.clock.monotonic() - began.now, host.clock.now() - began.wall) >= durationMs * holdPart) lost.abort()
    return !lost.signal.aborted
  }
  log.info(`This Weir reads ${what} from now on; others that have it, too, stand by.`, { source: id })
  onTurn?.(true)
  let failed: { readonly error: unknown } | undefined
  const acting = act(ours, begun.before, isOurs).catch((error: unknown) => { failed = { error } }).finally(() => { lost.abort() })
  while (!ours.aborted) {
    await host.timers.sleep(durationMs * renewPart, ours)
    if (ours.aborted) break
    const asked = { now: host.clock.monotonic(), wall: host.clock.now() }
    // What fails is tried again, until it is not ours any more.
    const written = await record.write(version, { holder, instance: record.instance, state: state() } satisfies Turn, ours).catch((error: unknown) => {
      if (!ours.aborted) begun.complain(error)
      return false as const
    })
    if (written === false) continue
    if (written === undefined) {
      lost.abort()
      break
    }
    ;[version, began] = [written, asked]
    timer.cancel()
    timer = endAfter()
  }
  timer.cancel()
  await acting
  onTurn?.(false)
  // Given back, nobody has to wait; if that fails, others see that nobody writes it.
  const late = new AbortController()
  const limit = host.timers.after(durationMs * renewPart, () => { late.abort() })
  await giveBack(record, { version, holder, state: state() }, late.signal).catch(() => undefined)
  limit.cancel()
  if (failed !== undefined) throw failed.error
  if (!signal.aborted) log.warn(`This Weir reads no ${what} any more: another one has the turn, or whose it is can’t be asked for.`, { source: id })
}

async function giveBack(record: TurnRecord, { version, holder, state }: { readonly version: string; readonly holder: string; readonly state: unknown }, signal: AbortSignal): Promise<void> {
  const none = { holder: '', instance: record.instance, state } satisfies Turn
  if ((await record.write(version, none, signal)) !== undefined) return
  // The end came in the middle of a renewal.
  const found = await record.read(signal)
  if ((found?.value as Turn | undefined)?.holder === holder) await record.write(found?.version, none, signal)
}
