import { makeDurableDirectory, type Host } from '../host/index.ts'
import { processIdentity, self, systemReason } from '../host/process.ts'
import { WeirError } from '../model/errors.ts'

export interface LockContent {
  readonly pid: number
  /** Where the API answers; empty while starting. */
  readonly url: string
  readonly identity?: string
}

export interface Lock {
  /** States where the API answers, for commands that ask a running server. */
  announce(url: string): Promise<void>
  release(): Promise<void>
}

export async function readLock(host: Host, data: string): Promise<LockContent | undefined> {
  try {
    return JSON.parse(new TextDecoder().decode(await host.disk.readFile(`${data}/lock`))) as LockContent
  } catch {
    return undefined
  }
}

/** Does the process that wrote the lock still run? In a container every first process has the same number, hence the identity. */
export function isHeld(lock: LockContent): boolean {
  if (lock.pid === self.pid) return false
  const identity = processIdentity(lock.pid)
  return identity !== undefined && (lock.identity === undefined || lock.identity === identity)
}

/** Creates the data folder where it is missing. Throws WEIR_DATA_UNUSABLE with the reason. */
export async function makeDataFolder({ disk }: Host, data: string): Promise<void> {
  try {
    await makeDurableDirectory(disk, data)
  } catch (error) {
    throw new WeirError('WEIR_DATA_UNUSABLE', `The data folder ${data} cannot be created: ${systemReason(error)}.`, { cause: error })
  }
  if ((await disk.stat(data))?.directory !== true) throw new WeirError('WEIR_DATA_UNUSABLE', `The data folder ${data} is a file.`)
}

/** One writer a folder. A lock whose process is gone is taken over. */
export async function takeLock(host: Host, data: string): Promise<Lock> {
  const path = `${data}/lock`
  for (let attempt = 0; ; attempt++) {
    try {
      await write(host, path, '', 'create')
      break
    } catch (error) {
      const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!exists) throw new WeirError('WEIR_DATA_UNUSABLE', `The data folder ${data} cannot be written: ${systemReason(error)}.`, { cause: error })
      const held = await readLock(host, data)
      if (held !== undefined && isHeld(held)) {
        const where = held.url === '' ? 'is starting' : `answers at ${held.url}`
        throw new WeirError('WEIR_DATA_LOCKED', `the data folder ${data} belongs to process ${held.pid}, which ${where}`)
      }
      if (attempt > 3) throw new WeirError('WEIR_DATA_LOCKED', `the lock ${path} cannot be taken over`)
      await host.disk.remove(path)
    }
  }
  return {
    announce: (url) => write(host, path, url, 'write'),
    release: () => host.disk.remove(path),
  }
}

async function write(host: Host, path: string, url: string, mode: 'create' | 'write'): Promise<void> {
  const identity = processIdentity(self.pid)
  const content: LockContent = { pid: self.pid, url, ...(identity === undefined ? {} : { identity }) }
  const file = await host.disk.open(path, mode)
  try {
    const bytes = new TextEncoder().encode(`${JSON.stringify(content)}\n`)
    await file.write(bytes, 0)
    await file.truncate(bytes.length)
  } finally {
    await file.close()
  }
}
