import type { SharedState, SourceContext, LeaderRecord } from '../../src/engine/contracts.ts'

/** The leadership record of a shared journal. */
export class SharedLeadership {
  found: { readonly version: string; readonly value: unknown } | undefined
  #versions = 0

  by(instance: string): LeaderRecord {
    return {
      instance,
      read: () => Promise.resolve(this.found),
      write: (before, value) => {
        if (this.found?.version !== before) return Promise.resolve(undefined)
        return Promise.resolve(this.put(value))
      },
    }
  }

  put(value: unknown): string {
    this.found = { version: `v${++this.#versions}`, value: structuredClone(value) }
    return this.found.version
  }

  get holder(): string {
    return (this.found?.value as { readonly holder?: string } | undefined)?.holder ?? ''
  }
}

/** A member of a shared journal on another machine. */
export function sharing(
  given: SourceContext,
  shared: SharedLeadership,
  instance: string,
  lines: string[],
): SourceContext {
  const line = (message: string): void => void lines.push(message)
  const { state: _, cursor: _2, replay: frames, ...rest } = given
  if (frames === undefined) throw new Error('no frames')
  return {
    ...rest,
    cursor: undefined,
    log: { debug: line, info: line, warn: line, error: line },
    replay: {
      after: (position) => frames.after(position),
      hold: () => Promise.resolve(),
      shared: { leaderRecord: shared.by(instance) } as unknown as SharedState,
    },
  }
}
