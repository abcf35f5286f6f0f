import type { Disk, DiskFile } from '../../host/index.ts'

interface Open {
  readonly file: DiskFile
  size: number
}

type Shape = Readonly<{
  rotateAt: number
  keep: number
  head: Uint8Array
}>

export class LineFile {
  readonly #path: string
  readonly #folder: string
  readonly #name: string
  readonly #disk: Disk
  readonly #rotateAt: number
  readonly #keep: number
  readonly #head: Uint8Array
  #open: Open | undefined

  constructor(path: string, { rotateAt, keep, head }: Shape, disk: Disk) {
    this.#path = path
    this.#folder = folderOf(path)
    this.#name = path.slice(path.lastIndexOf('/') + 1)
    this.#disk = disk
    this.#rotateAt = rotateAt
    this.#keep = keep
    this.#head = head
  }

  /** Synced when it resolves. After a failure the next lines start on a new line. */
  async append(lines: Uint8Array): Promise<void> {
    try {
      // Another process may have moved the file.
      if (this.#open !== undefined && (await this.#disk.stat(this.#path)) === undefined) await this.close()
      const open = (this.#open ??= await this.#begin())
      await open.file.write(lines, open.size)
      await open.file.sync()
      open.size += lines.length
    } catch (error) {
      await this.close().catch(() => undefined)
      throw error
    }
  }

  async rotate(): Promise<string | undefined> {
    if (this.#rotateAt === 0 || (this.#open?.size ?? 0) < this.#rotateAt) return undefined
    await this.close()
    return this.#putAside()
  }

  async #putAside(): Promise<string> {
    const aside = await this.#asides()
    const next = (aside.at(-1) ?? 0) + 1
    await this.#disk.rename(this.#path, this.#aside(next))
    if (this.#keep > 0) {
      for (const old of [...aside, next].slice(0, -this.#keep)) await this.#disk.remove(this.#aside(old))
    }
    await this.#disk.syncDirectory(this.#folder)
    return this.#aside(next)
  }

  async close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    await open?.file.close()
  }

  async #begin(): Promise<Open> {
    await this.#makeFolder()
    const file = await this.#disk.open(this.#path, 'write')
    const size = await file.size()
    if (!(await beginsLike(file, this.#head, size))) {
      await file.close()
      await this.#putAside()
      return this.#begin()
    }
    if (size <= this.#head.length) {
      // No lines yet. The name is durable after its folder is synced.
      if (this.#head.length > 0) await file.write(this.#head, 0)
      await this.#disk.syncDirectory(this.#folder)
      return { file, size: this.#head.length }
    }
    const last = new Uint8Array(1)
    await file.read(last, size - 1)
    const torn = last[0] !== 0x0a
    if (torn) await file.write(Buffer.from('\n'), size)
    return { file, size: torn ? size + 1 : size }
  }

  async #makeFolder() {
    const missing: string[] = []
    let above = this.#folder
    while (above !== '/' && above !== '.' && (await this.#disk.stat(above)) === undefined) {
      missing.push(above)
      above = folderOf(above)
    }
    if (missing.length === 0) return
    await this.#disk.makeDirectory(this.#folder)
    for (const made of missing.reverse()) await this.#disk.syncDirectory(folderOf(made))
  }

  async #asides(): Promise<number[]> {
    const numbers = (await this.#disk.list(this.#folder)).flatMap((name) => {
      const number = name.startsWith(`${this.#name}.`) ? name.slice(this.#name.length + 1) : ''
      return /^\d{6,}$/.test(number) ? [Number(number)] : []
    })
    return numbers.sort((a, b) => a - b)
  }

  #aside(number: number) {
    return `${this.#path}.${String(number).padStart(6, '0')}`
  }
}

async function beginsLike(file: DiskFile, head: Uint8Array, size: number): Promise<boolean> {
  const begin = new Uint8Array(Math.min(size, head.length))
  if (begin.length > 0) await file.read(begin, 0)
  return Buffer.compare(begin, head.subarray(0, begin.length)) === 0
}

function folderOf(path: string) {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : path.slice(0, slash) || '/'
}
