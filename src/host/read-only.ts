import type { Clock, Disk, Host, Timers } from './index.ts'

export interface SetClock extends Clock {
  /** Unix ms. */
  set(now: number): void
}

/** Reads files and writes none; no timer fires; the clock stands until it is set. Nothing starts by itself. */
export function readOnlyHost(host: Host): Host & { readonly clock: SetClock } {
  let time = host.clock.now()
  const clock: SetClock = { now: () => time, monotonic: () => time, set: (now) => void (time = now) }
  return { ...host, clock, timers: idleTimers(host.timers), disk: readOnlyDisk(host.disk) }
}

const never = { cancel: () => {} }

function idleTimers(timers: Timers): Timers {
  const wait = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) resolve()
      else signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  return {
    after: () => never,
    every: () => never,
    sleep: (_, signal) => wait(signal),
    tick: (_, signal) => wait(signal),
    yield: () => timers.yield(),
  }
}

function readOnlyDisk(disk: Disk): Disk {
  const refuse = (path: string): Promise<never> => Promise.reject(new Error(`${path} is not written: only read`))
  return {
    open: (path, mode) => (mode === 'read' ? disk.open(path, mode) : refuse(path)),
    rename: refuse,
    remove: refuse,
    makeDirectory: refuse,
    syncDirectory: refuse,
    list: (path) => disk.list(path),
    stat: (path) => disk.stat(path),
    readFile: (path) => disk.readFile(path),
    free: (path) => disk.free(path),
    capacity: (path) => disk.capacity(path),
    freeFiles: (path) => disk.freeFiles(path),
    volume: (path) => disk.volume(path),
  }
}
