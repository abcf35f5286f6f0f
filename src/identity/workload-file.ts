import { crc32 } from 'node:zlib'
import type { Disk } from '../host/index.ts'
import type { Position } from '../model/positions.ts'
import type { WorkloadRecord } from './workload-record.ts'

export const workloadFormat = 1
const utf8 = new TextEncoder()
const pieceLength = 1 << 18

type Head = Readonly<{
  format: number
  position: Position
}>

const fileName = /^workloads-(\d+)\.jsonl$/

export async function workloadFiles(disk: Disk, folder: string): Promise<readonly string[]> {
  const captured = (await disk.list(folder)).flatMap((name) =>
    fileName.test(name) ? [{ name, sequence: Number(fileName.exec(name)?.[1]) }] : [],
  )
  return captured.toSorted((a, b) => b.sequence - a.sequence).map(({ name }) => name)
}

export async function writeWorkloads(
  disk: Disk,
  folder: string,
  position: Position,
  records: Iterable<WorkloadRecord>,
): Promise<string> {
  const name = `workloads-${String(position.sequence).padStart(16, '0')}.jsonl`
  const path = `${folder}/${name}.new`
  await disk.remove(path)
  const file = await disk.open(path, 'create')
  try {
    let at = 0
    let sum = 0
    let text = `${JSON.stringify({ format: workloadFormat, position } satisfies Head)}\n`
    const put = async () => {
      const bytes = utf8.encode(text)
      text = ''
      sum = crc32(bytes, sum)
      await file.write(bytes, at)
      at += bytes.length
    }
    for (const record of records) {
      text += `${JSON.stringify(record)}\n`
      if (text.length >= pieceLength) await put()
    }
    await put()
    await file.write(utf8.encode(`${sum.toString(16).padStart(8, '0')}\n`), at)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(path, `${folder}/${name}`)
  await disk.syncDirectory(folder)
  return name
}

/** Throws if the first line is no head. */
export function workloadHead(bytes: Uint8Array): Head {
  return JSON.parse(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(10) + 1))) as Head
}

/** Throws before the first record if the file is incomplete. Returns its position. */
export async function readWorkloads(
  disk: Disk,
  path: string,
  take: (record: WorkloadRecord) => void,
): Promise<Position> {
  const bytes = await disk.readFile(path)
  const end = bytes.length - 9
  const text = new TextDecoder()
  if (
    end < 0 ||
    crc32(bytes.subarray(0, end)).toString(16).padStart(8, '0') !== text.decode(bytes.subarray(end, end + 8))
  )
    throw new Error('wrong checksum')
  let from = bytes.indexOf(10) + 1
  const head = workloadHead(bytes)
  if (head.format !== workloadFormat) throw new Error(`written by a newer version (format ${head.format})`)
  while (from < end) {
    const to = bytes.indexOf(10, from)
    take(JSON.parse(text.decode(bytes.subarray(from, to))) as WorkloadRecord)
    from = to + 1
  }
  return head.position
}
