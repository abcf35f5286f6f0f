/** Names the writer of a folder. Each start replaces the file: see docs/adr/0023-one-writer.md. */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'

export type Claim = Readonly<{
  path: string
  inode: string
}>

export class FolderClaim {
  readonly claim: Claim
  /** Open while this process runs, so that the inode is not reused. */
  readonly #descriptor: number

  private constructor(claim: Claim, descriptor: number) {
    this.claim = claim
    this.#descriptor = descriptor
  }

  static take(path: string, content: object): FolderClaim {
    const fresh = `${path}.new`
    remove(fresh)
    const descriptor = openSync(fresh, 'wx+', 0o600)
    const { dev, ino } = fstatSync(descriptor, { bigint: true })
    const taken = new FolderClaim({ path, inode: `${dev}:${ino}` }, descriptor)
    taken.write(content)
    renameSync(fresh, path)
    return taken
  }

  /** On a full disk the file stays empty: it still claims the folder, but commands cannot read the server's address. */
  write(content: object): void {
    const bytes = Buffer.from(`${JSON.stringify(content)}\n`)
    try {
      writeSync(this.#descriptor, bytes, 0, bytes.length, 0)
      ftruncateSync(this.#descriptor, bytes.length)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')))
        throw error
      ftruncateSync(this.#descriptor, 0)
    }
  }

  release(): void {
    const entry = statSync(this.claim.path, { bigint: true, throwIfNoEntry: false })
    if (entry !== undefined && `${entry.dev}:${entry.ino}` === this.claim.inode) remove(this.claim.path)
    closeSync(this.#descriptor)
  }
}

export function readClaim(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Directly: it follows each sync, and a thread of the pool would need ten times as long. */
export function claimState({ path, inode }: Claim): 'own' | 'other' | 'none' {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev}:${ino}` === inode ? 'own' : 'other'
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return 'none'
    throw error
  }
}

function remove(path: string) {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
