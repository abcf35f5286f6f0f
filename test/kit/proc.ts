// Process figures of Linux, in bytes and seconds.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** USER_HZ is 100 on every Linux that runs Node. */
const ticksPerSecond = 100

export interface Memory {
  /** Peak of all resident memory, mapped files included (VmHWM). */
  readonly peak: number
  /** Resident now: anonymous and shared memory. */
  readonly own: number
  /** Resident now: mapped files, which the kernel can drop and processes share. */
  readonly files: number
}

/** Memory of a process. Throws if it has ended. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { peak: field('VmHWM'), own: field('RssAnon') + field('RssShmem'), files: field('RssFile') }
}

/**
 * Samples the memory of a process until the returned function is called, which returns peaks in bytes: without mapped
 * files, and in all. Throws if the process has ended.
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
      // The caller that waits for the process reports its end.
      clearInterval(timer)
    }
  }, 20)
  return () => {
    clearInterval(timer)
    const { peak, files } = look()
    // Between samples the peak may be higher, up to the kernel's own peak.
    return { own: Math.max(own, peak - files), peak }
  }
}

export interface ThreadTime {
  readonly id: number
  readonly name: string
  /** User and system time. */
  readonly seconds: number
}

export interface ThreadShare {
  readonly name: string
  readonly count: number
  readonly cpuSeconds: number
}

export function threadTimes(pid: number): ThreadTime[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    try {
      return [{ id: Number(id), ...readTimes(`/proc/${pid}/task/${id}/stat`) }]
    } catch {
      // It ended during the read.
      return []
    }
  })
}

/** CPU time of a process, ended threads included. */
export function cpuSeconds(pid: number): number {
  return readTimes(`/proc/${pid}/stat`).seconds
}

/** CPU time of a process and all descendants, including those that ended and were waited for. */
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

/** Whether every thread is stopped. SIGSTOP needs a moment to reach them all. */
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

/** CPU time of threads since `since`, by name, largest first. */
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
 * Resident bytes of a process and all descendants. Pages of mapped files (Node, DuckDB) count once. PSS would also
 * depend on processes outside the tree.
 */
export function treeMemory(pid: number): number {
  const files = new Map<string, number>()
  const own = ownMemory(pid, files)
  return [...files.values()].reduce((sum, bytes) => sum + bytes, own)
}

/** Anonymous and shared memory of a tree; `files` gets the maximum per mapping. */
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

/** The first Node process among `pid` and its descendants. */
export function nodeBelow(pid: number): number | undefined {
  try {
    for (let at = pid; at > 0; at = Number(readFileSync(`/proc/${at}/task/${at}/children`, 'latin1').split(' ')[0])) {
      if (readlinkSync(`/proc/${at}/exe`).endsWith('/node')) return at
    }
  } catch {
    // The process ended during the read.
  }
  return undefined
}
