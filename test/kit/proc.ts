// Process figures of Linux, in bytes and seconds.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Ticks of utime and stime: USER_HZ, 100 on every Linux that runs Node. */
const ticksPerSecond = 100

export interface Memory {
  /** Peak of everything resident, mapped files included (VmHWM). */
  readonly peak: number
  /** Resident now: anonymous and shared memory, which only this process needs. */
  readonly own: number
  /** Resident now: mapped files (the programs themselves), which the kernel can drop and processes share. */
  readonly files: number
}

/** Memory of a process, all its threads together. Throws when it is gone. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { peak: field('VmHWM'), own: field('RssAnon') + field('RssShmem'), files: field('RssFile') }
}

/**
 * Samples the memory of a process until the returned function is called, which returns the peak in bytes, without
 * mapped files and in all. Throws if the process has ended.
 */
export function mostMemoryOf(holder: { memory(): Memory }): () => { readonly own: number; readonly peak: number } {
  let own = 0
  const look = (): Memory => {
    const now = holder.memory()
    own = Math.max(own, now.own)
    return now
  }
  const timer = setInterval(() => {
    try {
      look()
    } catch {
      // It has ended; the caller that waits for it reports the error.
      clearInterval(timer)
    }
  }, 20)
  return () => {
    clearInterval(timer)
    const { peak, files } = look()
    // Between samples the peak may be higher: at most the kernel's own peak, given as many mapped files.
    return { own: Math.max(own, peak - files), peak }
  }
}

export interface ThreadTime {
  readonly id: number
  readonly name: string
  /** User and system together. */
  readonly seconds: number
}

/** CPU time of all threads of one name. */
export interface ThreadShare {
  readonly name: string
  /** Threads of this name. */
  readonly count: number
  readonly cpuSeconds: number
}

/** CPU time of each thread that runs now. */
export function threadTimes(pid: number): ThreadTime[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    try {
      return [{ id: Number(id), ...readTimes(`/proc/${pid}/task/${id}/stat`) }]
    } catch {
      // It ended while we looked.
      return []
    }
  })
}

/** CPU time of a process, with threads that have ended. */
export function cpuSeconds(pid: number): number {
  return readTimes(`/proc/${pid}/stat`).seconds
}

/** CPU time of a process and all its descendants, including those that have ended and were waited for. */
export function treeSeconds(pid: number): number {
  try {
    const { seconds, waited } = readTimes(`/proc/${pid}/stat`)
    return childrenOf(pid).reduce((sum, child) => sum + treeSeconds(child), seconds + waited)
  } catch {
    // The process ended during the read.
    return 0
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
      .trim()
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  )
}

/** Whether every thread of a process stands still after SIGSTOP, which takes a moment to reach them all. */
export function isFrozen(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((id) => {
    const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')
    return stat[stat.lastIndexOf(')') + 2] === 'T'
  })
}

function readTimes(path: string): { name: string; seconds: number; waited: number } {
  const stat = readFileSync(path, 'latin1')
  const end = stat.lastIndexOf(')')
  const fields = stat.slice(end + 2).split(' ')
  return {
    name: stat.slice(stat.indexOf('(') + 1, end),
    seconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    waited: (Number(fields[13]) + Number(fields[14])) / ticksPerSecond,
  }
}

/** What the threads of a process needed since, by their names, the busiest first. */
export function threadShares(pid: number, since: readonly ThreadTime[]): ThreadShare[] {
  const sums = new Map<string, { count: number; cpuSeconds: number }>()
  for (const { id, name, seconds } of threadTimes(pid)) {
    const sum = sums.get(name) ?? { count: 0, cpuSeconds: 0 }
    sum.count++
    sum.cpuSeconds += seconds - (since.find((thread) => thread.id === id)?.seconds ?? 0)
    sums.set(name, sum)
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.cpuSeconds - a.cpuSeconds)
}

/**
 * Resident memory in bytes of a process and all its descendants. Pages of mapped files (Node, DuckDB) count once,
 * however many of these processes share them. PSS would also divide them among processes outside the tree, so that the
 * figure would depend on what else runs.
 */
export function treeMemory(pid: number): number {
  const files = new Map<string, number>()
  const own = ownMemory(pid, files)
  return [...files.values()].reduce((sum, bytes) => sum + bytes, own)
}

/**
 * Anonymous and shared memory of a tree; `files` gets the most that one of its processes has of each mapping of a file.
 */
function ownMemory(pid: number, files: Map<string, number>): number {
  try {
    const { own } = memoryOf(pid)
    for (const [, offset, file, rss, anonymous] of readFileSync(`/proc/${pid}/smaps`, 'latin1').matchAll(mappedFile)) {
      const key = `${file} ${offset}`
      files.set(key, Math.max(files.get(key) ?? 0, (Number(rss) - Number(anonymous)) * 1024))
    }
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
        .trim()
        .split(' ')
        .filter((text) => text !== ''),
    )
    return children.reduce((sum, child) => sum + ownMemory(Number(child), files), own)
  } catch {
    // The process or a thread ended during the read.
    return 0
  }
}

/** A mapping in smaps: offset, device and inode of its file, resident and anonymous kB. */
const mappedFile =
  /^[0-9a-f]+-[0-9a-f]+ \S+ ([0-9a-f]+) (\S+ [1-9]\d*) +\/(?!dev\/shm|memfd).*\n(?:.*\n){3}Rss: +(\d+) kB\n(?:(?![0-9a-f]+-).*\n)*?Anonymous: +(\d+) kB$/gm

/** The first Node among a process and the children of its main threads; undefined when there is none. */
export function nodeBelow(pid: number): number | undefined {
  try {
    for (let at = pid; at > 0; at = Number(readFileSync(`/proc/${at}/task/${at}/children`, 'latin1').split(' ')[0])) {
      if (readlinkSync(`/proc/${at}/exe`).endsWith('/node')) return at
    }
  } catch {
    // One of them has just ended.
  }
  return undefined
}
