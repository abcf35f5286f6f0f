/** Lint forbids clock, disk, timers and randomness elsewhere, so that tests can replace them. */
import { realDisk } from './disk.ts'
import { MemoryBudget } from './memory-budget.ts'
import { bootId } from './process.ts'
import { realClock, realRandom, realTimers } from './real.ts'

export { makeDurableDirectory } from './directory.ts'
export { replaceFile } from './replace-file.ts'
export type { Disk, DiskFile, FileStat, OpenMode } from './disk.ts'
export type { MemoryBudget, MemoryLease } from './memory-budget.ts'
export type { Clock, Random, Timer, Timers } from './real.ts'

export type Host = Readonly<{
  clock: import('./real.ts').Clock
  disk: import('./disk.ts').Disk
  timers: import('./real.ts').Timers
  random: import('./real.ts').Random
  /** Shared by all threads of the process. */
  memory: MemoryBudget
  /** Changes with each start of the kernel; undefined if unknown. */
  boot?: string
}>

export function realHost(memory = new MemoryBudget()): Host {
  const boot = bootId()
  const host = { clock: realClock, disk: realDisk, timers: realTimers, random: realRandom, memory }
  return boot === undefined ? host : { ...host, boot }
}
