import type { Timers } from './real.ts'

type Limit = Readonly<{
  timers: Timers
  ms: number
  late: string
}>

/** Rejects if the work takes longer. The work itself continues; its later failure is ignored. */
export function withTimeout<T>(work: Promise<T>, limit: Limit): Promise<T> {
  return unless(work, (reject) => afterLimit(limit, reject))
}

/** The work itself continues; its later failure is ignored. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal, reason?: string): Promise<T> {
  return unless(work, (reject) => onAbort(signal, reason, reject))
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

export function withTimeoutUntil<T>(work: Promise<T>, limit: Limit, signal: AbortSignal, reason: string): Promise<T> {
  return unless(work, (reject) => {
    const disarm = [afterLimit(limit, reject), onAbort(signal, reason, reject)]
    return () => {
      for (const release of disarm) release()
    }
  })
}

type Reject = (error: unknown) => void
type Disarm = () => void

async function unless<T>(work: Promise<T>, arm: (reject: Reject) => Disarm): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const disarm = arm(reject)
  try {
    return await Promise.race([work, ended])
  } finally {
    disarm()
    for (const promise of [work, ended]) promise.catch(() => undefined)
  }
}

function afterLimit({ timers, ms, late }: Limit, reject: Reject): Disarm {
  const timer = timers.after(ms, () => {
    reject(new Error(late))
  })
  return () => {
    timer.cancel()
  }
}

function onAbort(signal: AbortSignal, reason: string | undefined, reject: Reject): Disarm {
  const end = () => {
    reject(reason === undefined ? signal.reason : new Error(reason))
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  return () => {
    signal.removeEventListener('abort', end)
  }
}
