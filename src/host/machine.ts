import { constants } from 'node:fs'
import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import { privateBytes } from './child.ts'

export type Machine = Readonly<{
  node: Readonly<{ version: string; path: string }>
  cpus: number
  uid: number | undefined
  /** Runnable processes, averaged over the last minute; all zero on Windows. */
  load(): number
  memory(): Memory
  openFiles(): Promise<OpenFiles | undefined>
  children(pid: number): Promise<readonly number[]>
  sysctl(name: string): Promise<string | undefined>
  fileSystem(path: string): Promise<FileSystem | undefined>
  ownership(path: string): Promise<Ownership | undefined>
  mayWrite(path: string): Promise<boolean>
  addresses(): readonly string[]
}>

/** Bytes. `limit` is the lesser of the machine's and the container's. */
export type Memory = Readonly<{
  limit: number
  available: number
  contained: boolean
}>

export interface OpenFiles {
  readonly limit: number
}

export type FileSystem = Readonly<{
  type: string
  mountPoint: string
  readOnly: boolean
}>

export type Ownership = Readonly<{
  uid: number
  mode: number
}>

export const realMachine: Machine = {
  node: { version: process.versions.node, path: process.execPath },
  cpus: os.availableParallelism(),
  uid: process.getuid?.(),
  load: () => os.loadavg()[0] ?? 0,
  addresses: () =>
    Object.values(os.networkInterfaces())
      .flatMap((addresses) =>
        (addresses ?? []).filter(({ internal, address }) => !internal && !address.startsWith('fe80:')),
      )
      .toSorted((a, b) => a.family.localeCompare(b.family))
      .map(({ address }) => address),
  memory() {
    const total = os.totalmem()
    // Without a limit the kernel may report a number larger than any machine.
    const constrained = process.constrainedMemory()
    const contained = constrained > 0 && constrained < total
    return { limit: contained ? constrained : total, available: process.availableMemory(), contained }
  },
  async openFiles() {
    const limits = await text('/proc/self/limits')
    const soft = /^Max open files\s+(\S+)/m.exec(limits ?? '')?.[1]
    if (soft === undefined) return undefined
    return { limit: soft === 'unlimited' ? Infinity : Number(soft) }
  },
  async children(pid) {
    const threads = await fs.readdir(`/proc/${pid}/task`).catch(() => [])
    const pids = await Promise.all(threads.map((thread) => text(`/proc/${pid}/task/${thread}/children`)))
    return pids
      .flatMap((children) => (children ?? '').split(' ').filter((child) => child !== ''))
      .map((child) => privateBytes(Number(child)) ?? 0)
  },
  async sysctl(name) {
    return (await text(`/proc/sys/${name.replaceAll('.', '/')}`))?.trim()
  },
  async fileSystem(path) {
    const table = await text('/proc/self/mountinfo')
    const real = await fs.realpath(path).catch(() => undefined)
    return table === undefined || real === undefined ? undefined : mountOf(table, real)
  },
  async ownership(path) {
    const entry = await fs.stat(path).catch(() => undefined)
    return entry === undefined ? undefined : { uid: entry.uid, mode: entry.mode & 0o777 }
  },
  mayWrite: (path) =>
    fs.access(path, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    ),
}

async function text(path: string) {
  return fs.readFile(path, 'utf8').catch(() => undefined)
}

/** The mount of a path, from the text of /proc/self/mountinfo; a later mount hides earlier ones at the same path. */
export function mountOf(table: string, path: string): FileSystem | undefined {
  let best: FileSystem | undefined
  for (const line of table.split('\n')) {
    // Optional fields are between the mount options and the ` - ` before the type.
    const [before = '', after = ''] = line.split(' - ')
    const [, , , , point = '', options = ''] = before.split(' ')
    const [type = '', , superOptions = ''] = after.split(' ')
    const mountPoint = point.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const holds = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`)
    if (type === '' || !holds || mountPoint.length < (best?.mountPoint.length ?? 0)) continue
    best = { type, mountPoint, readOnly: [...options.split(','), ...superOptions.split(',')].includes('ro') }
  }
  return best
}
