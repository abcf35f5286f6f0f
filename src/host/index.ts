/** Lint forbids clock, disk, timers and randomness elsewhere, so that tests can replace them. */
import { realDisk } from './disk.ts'
import { realClock, realRandom, realTimers } from './real.ts'

export { makeDurableDirectory } from './directory.ts'
export { replaceFile } from './replace-file.ts'
export type { Disk, DiskFile, FileStat, OpenMode } from './disk.ts'
export type { Clock, Random, Timer, Timers } from './real.ts'

export type Host = Readonly<{
  clock: import('./real.ts').Clock
  disk: import('./disk.ts').Disk
  timers: import('./real.ts').Timers
  random: import('./real.ts').Random
}>

export function realHost(): Host {
  return { clock: realClock, disk: realDisk, timers: realTimers, random: realRandom }
}
