import { encodeStructured } from '../codecs/cloudevents/index.ts'
import { flowJson } from '../codecs/flow-json/index.ts'
import { realHost, type Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { decodeBatch, segmentStart } from '../journal/index.ts'
import { Parts } from '../journal/reader.ts'
import type { Frame, UnreadableRange } from '../journal/types.ts'
import { Walk } from '../journal/walk.ts'
import { eventAt } from '../model/events.ts'
import { nowhere, stableId } from '../model/positions.ts'
import { journalFolder, withReadProgress, type JournalFolder } from './journal-folder.ts'
import type { ExportFlags } from './journal.ts'
import { print } from './output.ts'
import { Progress } from './progress.ts'
import { RowText } from './row-text.ts'

const pieceBytes = 256 * 1024

export async function exportCommand(flags: ExportFlags): Promise<void> {
  const host = realHost()
  const folder = await journalFolder(host, flags.data)
  const progress = new Progress('exporting', folder.bytes)
  const text = new RowText(flags.output)
  const unreadable: UnreadableRange[] = []
  for await (const piece of exportRows(withReadProgress(host, progress), folder, flags, (range) =>
    unreadable.push(range),
  )) {
    if (flags.output === 'ndjson') await print(piece)
    else for (const line of piece.toString().trimEnd().split('\n')) await print(await text.row(line))
  }
  await print(text.end())
  progress.end()
  for (const { segment, offset, bytes, events } of unreadable) {
    self.stderr(
      `weir: ${bytes} bytes of ${segment} at offset ${offset} cannot be ` +
        `read${events === null ? '' : ` (${events} rows)`}\n`,
    )
  }
  if (unreadable.length > 0) self.leave(1)
}

/** Yields pieces of NDJSON. A half-written frame at the end of a live journal is skipped, not reported. */
export async function* exportRows(
  host: Host,
  { directory, segments, live }: JournalFolder,
  { from = 1, to = Infinity, source }: Omit<ExportFlags, 'data' | 'output'>,
  onUnreadable: (range: UnreadableRange) => void,
): AsyncGenerator<Buffer, void, undefined> {
  // A unit never spans segments.
  const begin = segments.findLast(({ name }) => (segmentStart(name) ?? 0) <= from)?.name
  let open: UnreadableRange[] = []
  const walk = new Walk({
    disk: host.disk,
    directory,
    after: nowhere,
    ...(begin === undefined ? {} : { from: begin }),
    onUnreadable: (range) => open.push(range),
  })
  const parts = new Parts()
  let before = 0
  let lines: string[] = []
  let length = 0
  try {
    for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
      const { sequence } = walked.decoded.header
      if (before < to && sequence > from) open.forEach(onUnreadable)
      open = []
      before = sequence
      if (sequence > to) break
      const frame = parts.add(walked)
      if (frame === undefined || sequence < from || (source !== undefined && frame.header.source !== source)) continue
      for (const line of frameLines(frame)) {
        lines.push(line)
        length += line.length
        if (length < pieceBytes) continue
        yield Buffer.from(lines.join(''))
        lines = []
        length = 0
      }
    }
    if (lines.length > 0) yield Buffer.from(lines.join(''))
    if (live) return
    walk.flush()
    open.forEach(onUnreadable)
  } finally {
    await walk.close()
  }
}

function* frameLines(frame: Frame): Generator<string, void, undefined> {
  const { kind, source, epoch, sourceSequence, count } = frame.header
  if (kind === 'empty') return
  const batch = decodeBatch(kind, frame.body())
  const write =
    batch.kind === 'flows' ? flowJson(batch) : (row: number) => encodeStructured(eventAt(batch, row)).toString('utf8')
  for (let row = 0; row < count; row++) {
    const object = write(row)
    const position = `{"_pos":${JSON.stringify(stableId(source, epoch, sourceSequence, row))}`
    yield object === '{}' ? `${position}}\n` : `${position},${object.slice(1)}\n`
  }
}
