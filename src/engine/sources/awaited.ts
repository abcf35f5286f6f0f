/** Sinks of another thread as sources in a worker wait for them. */
import type { Timers } from '../../host/index.ts'
import type { Appended, AwaitedSink } from '../contracts.ts'
import type { Remote } from '../rpc.ts'
import type { SinkSet } from '../delivery/sinks.ts'

const lookMs = 500

/** What the main thread answers. */
export function sinkMethods(sinks: Pick<SinkSet, 'get' | 'outcome'>, makeRoom: (sequence: number) => Promise<number>) {
  return {
    /** The journal has no room, and what lies up to a sequence is not settled. Resolves with what is settled then. */
    makeRoom,
    has: (sink: string): boolean => sinks.get(sink) !== undefined,
    /** False: there is no such sink any more. */
    settled: async ({ sink, sequence }: { readonly sink: string; readonly sequence: number }): Promise<boolean> =>
      (await sinks.outcome(sink, sequence)) !== undefined,
  }
}

/** In the one journal a unit of duplicates alone has its place behind all that it repeats. */
export function awaitedSink(
  main: Pick<Remote<ReturnType<typeof sinkMethods>>, 'call'>,
  sink: string,
  timers: Timers,
): AwaitedSink {
  return awaitedElsewhere(
    {
      missing: async () => ((await main.call('has', sink)) ? undefined : `sink ${sink} does not run`),
      settled: async ({ position: { sequence } }) =>
        (await main.call('settled', { sink, sequence })) ? 'settled' : 'gone',
    },
    timers,
  )
}

interface Asked {
  readonly sink: string
  /** Who waits for it. */
  readonly source: string
}

/** What a worker answers that waits for sinks itself, for the sources of another one. */
export function awaitedMethods(awaited: (sink: string, source: string) => AwaitedSink) {
  return {
    /** Why it takes nothing now, in words; undefined: it does. */
    async sinkMissing({ sink, source }: Asked): Promise<string | undefined> {
      const looked = new AbortController()
      let why: string | undefined
      await awaited(sink, source).there(looked.signal, (said) => {
        why = said
        looked.abort()
      })
      return why
    },
    /** Nobody tells us when it is not waited for any more. */
    sinkSettled: ({ sink, source, appended }: Asked & { readonly appended: Repeated }) =>
      awaited(sink, source).settled(appended, never),
  }
}

/** As a worker has it whose journal another one writes. */
export function awaitedBy(
  writer: Pick<Remote<ReturnType<typeof awaitedMethods>>, 'call'>,
  asked: Asked,
  timers: Timers,
): AwaitedSink {
  return awaitedElsewhere(
    {
      missing: () => writer.call('sinkMissing', asked),
      settled: (appended) => writer.call('sinkSettled', { ...asked, appended }),
    },
    timers,
  )
}

type Repeated = Appended & { readonly duplicates?: number }
type Said = Awaited<ReturnType<AwaitedSink['settled']>>
const never = new AbortController().signal

/** Answers come, or not, whether anybody still waits. */
function awaitedElsewhere(
  {
    missing,
    settled,
  }: { readonly missing: () => Promise<string | undefined>; readonly settled: (appended: Repeated) => Promise<Said> },
  timers: Timers,
): AwaitedSink {
  return {
    async there(signal, waiting) {
      while (!signal.aborted) {
        const why = await missing()
        if (why === undefined) return true
        waiting(why)
        await timers.sleep(lookMs, signal)
      }
      return false
    },
    async settled(appended, signal) {
      const stopped = Promise.withResolvers<'stopped'>()
      const stop = (): void => {
        stopped.resolve('stopped')
      }
      signal.addEventListener('abort', stop)
      if (signal.aborted) stop()
      try {
        return await Promise.race([settled(appended), stopped.promise])
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
  }
}
