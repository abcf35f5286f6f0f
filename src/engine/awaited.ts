/** Sinks of the main thread as sources in a worker wait for them. */
import type { Timers } from '../host/index.ts'
import type { AwaitedSink } from './ports.ts'
import type { Remote } from './rpc.ts'
import type { SinkSet } from './sinks.ts'

const lookMs = 500

/** What the main thread answers. */
export function sinkMethods(sinks: Pick<SinkSet, 'get' | 'fate'>) {
  return {
    has: (sink: string): boolean => sinks.get(sink) !== undefined,
    /** False: there is no such sink any more. */
    settled: async ({ sink, sequence }: { readonly sink: string; readonly sequence: number }): Promise<boolean> => (await sinks.fate(sink, sequence)) !== undefined,
  }
}

/** In the one journal a unit of duplicates alone has its place behind all that it repeats. */
export function awaitedSink(main: Pick<Remote<ReturnType<typeof sinkMethods>>, 'call'>, sink: string, timers: Timers): AwaitedSink {
  return {
    async there(signal, waiting) {
      while (!signal.aborted) {
        if (await main.call('has', sink)) return true
        waiting(`sink ${sink} does not run`)
        await timers.sleep(lookMs, signal)
      }
      return false
    },
    async settled({ position: { sequence } }, signal) {
      const stopped = Promise.withResolvers<'stopped'>()
      const stop = (): void => { stopped.resolve('stopped') }
      signal.addEventListener('abort', stop)
      if (signal.aborted) stop()
      const settled = main.call('settled', { sink, sequence }).then((is) => (is ? 'settled' as const : 'gone' as const))
      try {
        return await Promise.race([settled, stopped.promise])
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
  }
}
