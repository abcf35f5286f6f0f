import type { Timers } from '../../host/index.ts'
import type { Appended, AwaitedOutcome, AwaitedSink, Position } from '../contracts.ts'
import type { Remote } from '../rpc.ts'
import type { SinkSet } from '../delivery/sinks.ts'

const pollMs = 500

type RoomMethods = Readonly<{
  makeRoom(sequence: number): Promise<number>
  relieve(): Promise<boolean>
  refusing(why: string | undefined): void
}>

export function sinkMethods(sinks: Pick<SinkSet, 'get' | 'outcome'>, room: RoomMethods) {
  return {
    ...room,
    has: (sink: string) => sinks.get(sink) !== undefined,
    settled: async ({ sink, sequence }: { sink: string; sequence: number }) =>
      (await sinks.outcome(sink, sequence)) !== undefined,
    outcome: async ({ sink, sequence, once }: OutcomeRequest): Promise<AwaitedOutcome> =>
      (await sinks.outcome(sink, sequence, once ? AbortSignal.abort() : undefined)) ?? { is: 'gone' },
  }
}

/** In a local journal a unit of duplicates has a position after its originals. */
export function awaitedSink(
  main: Pick<Remote<ReturnType<typeof sinkMethods>>, 'call'>,
  sink: string,
  timers: Timers,
): AwaitedSink {
  return awaitedRemote(
    {
      missing: async () => ((await main.call('has', sink)) ? undefined : `sink ${sink} does not run`),
      settled: async ({ position: { sequence } }) =>
        (await main.call('settled', { sink, sequence })) ? 'settled' : 'gone',
      outcome: ({ sequence }, once) => main.call('outcome', { sink, sequence, once }),
    },
    timers,
  )
}

/** `once`: returns the outcome so far. */
type OutcomeRequest = Readonly<{
  sink: string
  sequence: number
  once: boolean
}>

interface PositionRequest extends SinkRequest {
  readonly position: Position
  readonly once: boolean
}

type SinkRequest = Readonly<{
  sink: string
  source: string
}>

export function awaitedMethods(awaited: (sink: string, source: string) => AwaitedSink) {
  return {
    async sinkMissing({ sink, source }: SinkRequest): Promise<string | undefined> {
      const looked = new AbortController()
      let why: string | undefined
      await awaited(sink, source).ready(looked.signal, (reason) => {
        why = reason
        looked.abort()
      })
      return why
    },
    /** The caller cannot cancel the wait. */
    sinkSettled: ({ sink, source, appended }: SinkRequest & { readonly appended: Repeated }) =>
      awaited(sink, source).settled(appended, never),
    async sinkOutcome({ sink, source, position, once }: PositionRequest): Promise<AwaitedOutcome> {
      const outcome = awaited(sink, source).outcome?.(position, once ? AbortSignal.abort() : never)
      return (await outcome) ?? { is: 'unknown' }
    },
  }
}

export function awaitedBy(
  writer: Pick<Remote<ReturnType<typeof awaitedMethods>>, 'call'>,
  request: SinkRequest,
  timers: Timers,
): AwaitedSink {
  return awaitedRemote(
    {
      missing: () => writer.call('sinkMissing', request),
      settled: (appended) => writer.call('sinkSettled', { ...request, appended }),
      outcome: (position, once) => writer.call('sinkOutcome', { ...request, position, once }),
    },
    timers,
  )
}

type Repeated = Appended & { readonly duplicates?: number }
type Result = Awaited<ReturnType<AwaitedSink['settled']>>
const never = new AbortController().signal

type RemoteSink = Readonly<{
  missing: () => Promise<string | undefined>
  settled: (appended: Repeated) => Promise<Result>
  outcome: (position: Position, once: boolean) => Promise<AwaitedOutcome>
}>

function awaitedRemote({ missing, settled, outcome }: RemoteSink, timers: Timers): AwaitedSink {
  return {
    async ready(signal, waiting) {
      while (!signal.aborted) {
        const why = await missing()
        if (why === undefined) return true
        waiting(why)
        await timers.sleep(pollMs, signal)
      }
      return false
    },
    async settled(appended, signal) {
      const stopped = Promise.withResolvers<'stopped'>()
      const stop = () => {
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
    async outcome(position, signal) {
      if (signal.aborted) return outcome(position, true)
      const stopped = Promise.withResolvers<AwaitedOutcome>()
      const stop = () => {
        stopped.resolve({ is: 'pending' })
      }
      signal.addEventListener('abort', stop)
      try {
        return await Promise.race([outcome(position, false), stopped.promise])
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
  }
}
