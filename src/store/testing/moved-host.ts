import { realHost, type Host } from '../../host/index.ts'

/** The time is `now` (Unix ms), and the monotonic clock is ahead by `passed` ms. Tests change both. */
export function movedHost(clock: Readonly<{ now: number; passed: number }>): Host {
  const real = realHost()
  return {
    ...real,
    clock: { ...real.clock, now: () => clock.now, monotonic: () => real.clock.monotonic() + clock.passed },
  }
}
