import { createGunzip } from 'node:zlib'
import { CsvError, CsvReader, type CsvRecord } from '../../codecs/focus/index.ts'
import type { Disk } from '../../host/index.ts'

export type SpendFile = Readonly<{
  /** Relative to the folder. */
  name: string
  path: string
  size: number
  /** Unix ms. */
  changed: number
  /** Unix ms; copies may keep it. */
  modified: number
}>

/** Records of a piece of a file. */
export type FileRecords = readonly Readonly<{ line: number; values: readonly (string | null)[] }>[]

const extension = /\.(?:csv|csv\.gz|parquet)$/
const manifest = /manifest\.json$/i
const maxDepth = 8

export async function spendFiles(disk: Disk, folder: string): Promise<readonly SpendFile[]> {
  return (await spendFolder(disk, folder)).files
}

/** By name. Rejects if the folder does not exist. */
export async function spendFolder(
  disk: Disk,
  folder: string,
): Promise<Readonly<{ files: readonly SpendFile[]; manifests: readonly SpendFile[] }>> {
  if ((await disk.stat(folder))?.directory !== true) throw new Error(`The folder ${folder} does not exist.`)
  const [files, manifests]: [SpendFile[], SpendFile[]] = [[], []]
  const visit = async (under: string, depth: number): Promise<void> => {
    for (const name of await disk.list(under === '' ? folder : `${folder}/${under}`)) {
      if (name.startsWith('.')) continue
      const relative = under === '' ? name : `${under}/${name}`
      const path = `${folder}/${relative}`
      const stat = await disk.stat(path)
      if (stat?.directory === true && depth < maxDepth) await visit(relative, depth + 1)
      else if (stat?.directory === false && (extension.test(name) || manifest.test(name)))
        (manifest.test(name) ? manifests : files).push({
          name: relative,
          path,
          size: stat.size,
          changed: stat.changed,
          modified: stat.modified,
        })
    }
  }
  await visit('', 0)
  return { files: files.toSorted((a, b) => (a.name < b.name ? -1 : 1)), manifests }
}

/** Bytes, in pieces. */
async function* bytesOf(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const file = await disk.open(path, 'read')
  try {
    for (let at = 0; ;) {
      const piece = new Uint8Array(256 * 1024)
      const read = await file.read(piece, at)
      if (read === 0) return
      at += read
      yield piece.subarray(0, read)
    }
  } finally {
    await file.close()
  }
}

async function* unzipped(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Readable } = await import('node:stream')
  const source = Readable.from(pieces)
  const gunzip = createGunzip()
  source.on('error', (error) => gunzip.destroy(error))
  for await (const piece of source.pipe(gunzip)) yield piece as Uint8Array
}

/** Records of CSV; the first is the header. Throws a CsvError if the file is not readable as such. */
export async function* csvOf(disk: Disk, path: string, delimiter: string): AsyncGenerator<readonly CsvRecord[]> {
  const reader = new CsvReader(delimiter)
  const pieces = bytesOf(disk, path)
  try {
    for await (const piece of path.endsWith('.gz') ? unzipped(pieces) : pieces) yield [...reader.push(piece)]
    yield [...reader.end()]
  } catch (error) {
    if (error instanceof TypeError) throw new CsvError('It is not UTF-8 text.')
    throw error
  }
}
