import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { SourceContext } from '../../engine/contracts.ts'
import { makeDurableDirectory, replaceFile } from '../../host/index.ts'
import { isRecord } from '../../model/json.ts'
import type { FileRows } from './map.ts'

export type FileState = Readonly<{
  size: number
  changed: number
  /** Unix ms. */
  emitted: number
  rows: FileRows
}>

const linesPerPiece = 10_000

/** One file for each file of costs. Without it the rows are emitted again, under the same keys. */
export class SpendState {
  readonly #context: SourceContext

  constructor(context: SourceContext) {
    this.#context = context
  }

  async of(name: string): Promise<FileState | undefined> {
    const { host, state, log, id } = this.#context
    const path = `${state ?? ''}/${fileOf(name)}`
    if (state === undefined || (await host.disk.stat(path)) === undefined) return undefined
    try {
      return stateIn(new TextDecoder().decode(await host.disk.readFile(path)))
    } catch (error) {
      log.warn('The state of a file of costs is unreadable; its rows are emitted again.', {
        source: id,
        file: name,
        error,
      })
      return undefined
    }
  }

  /** Names of the files with rows in use. */
  async names(): Promise<readonly string[]> {
    const { host, state } = this.#context
    if (state === undefined || (await host.disk.stat(state)) === undefined) return []
    const names: string[] = []
    for (const name of await host.disk.list(state)) {
      if (!name.startsWith('file-') || !name.endsWith('.rows')) continue
      try {
        const text = new TextDecoder().decode(await host.disk.readFile(`${state}/${name}`))
        const head: unknown = JSON.parse(text.slice(0, text.indexOf('\n')))
        if (isRecord(head) && typeof head['file'] === 'string' && head['rows'] !== 0) names.push(head['file'])
      } catch {
        // `of` reports it, if the file of costs exists.
      }
    }
    return names
  }

  async record(name: string, { rows, ...head }: FileState): Promise<void> {
    const { host, state } = this.#context
    if (state === undefined) return
    await makeDurableDirectory(host.disk, state)
    const pieces: string[] = []
    let lines: string[] = []
    for (const [key, entry] of rows) {
      lines.push(`${key} ${entry}\n`)
      if (lines.length < linesPerPiece) continue
      pieces.push(lines.join(''))
      lines = []
    }
    pieces.push(lines.join(''))
    const crc = pieces.reduce((sum, piece) => crc32(piece, sum), 0)
    const utf8 = new TextEncoder()
    const all = [`${JSON.stringify({ ...head, file: name, rows: rows.size, crc })}\n`, ...pieces]
    await replaceFile(
      host.disk,
      state,
      fileOf(name),
      all.map((piece) => utf8.encode(piece)),
    )
  }
}

function fileOf(name: string): string {
  return `file-${createHash('sha256').update(name).digest('hex').slice(0, 32)}.rows`
}

function stateIn(text: string): FileState {
  const end = text.indexOf('\n')
  const head: unknown = JSON.parse(text.slice(0, end))
  if (!isRecord(head)) throw new Error('It has no head.')
  const { size, changed, emitted, crc } = head
  const body = text.slice(end + 1)
  if (typeof size !== 'number' || typeof changed !== 'number' || typeof emitted !== 'number' || crc !== crc32(body))
    throw new Error('Its checksum is wrong.')
  const rows: FileRows = new Map()
  for (const line of body.split('\n')) {
    const space = line.indexOf(' ')
    if (space > 0) rows.set(line.slice(0, space), line.slice(space + 1))
  }
  return { size, changed, emitted, rows }
}
