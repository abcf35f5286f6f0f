import { realHost, type Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { checkJournal, type JournalCheck } from '../journal/index.ts'
import type { UnreadableRange } from '../journal/types.ts'
import { journalFolder, withReadProgress, type JournalFolder } from './journal-folder.ts'
import type { CheckFlags } from './journal.ts'
import { printData } from './output.ts'
import { Progress } from './progress.ts'
import { sizeText } from '../model/size-text.ts'
import { textTable } from './text-table.ts'

/** A frame that is being written is complete after this time. */
const settleMs = 500

export async function checkCommand(flags: CheckFlags): Promise<void> {
  const host = realHost()
  const folder = await journalFolder(host, flags.data)
  const report = await checkFolder(host, folder)
  await printData(flags, {
    whole: report,
    rows: report.unreadable.map((range) => ({ ...range })),
    columns: ['segment', 'offset', 'bytes', 'events'],
    table: () => checkText(report, folder),
  })
  if (report.unreadable.length > 0) self.leave(1)
}

/** A running server may leave the newest frame half written: only damage that two rounds find is reported. */
export async function checkFolder(host: Host, folder: JournalFolder): Promise<JournalCheck> {
  const progress = new Progress('verifying', folder.bytes)
  const watchedHost = withReadProgress(host, progress)
  try {
    const first = await checkJournal({ host: watchedHost, directory: folder.directory })
    if (!folder.live || first.unreadable.length === 0) return first
    await host.timers.sleep(settleMs)
    const second = await checkJournal({ host, directory: folder.directory })
    const position = ({ segment, offset }: UnreadableRange) => `${segment} ${offset}`
    const before = new Set(first.unreadable.map(position))
    return { ...second, unreadable: second.unreadable.filter((range) => before.has(position(range))) }
  } finally {
    progress.end()
  }
}

function checkText({ frames, events, unreadable }: JournalCheck, { segments, bytes }: JournalFolder): string {
  const count = (value: number, what: string) => `${value.toLocaleString('en-US')} ${what}${value === 1 ? '' : 's'}`
  const head =
    `${count(segments.length, 'segment')}, ${sizeText(bytes)}: ${count(frames, 'frame')} with ` +
    `${count(events, 'row')}\n`
  if (unreadable.length === 0) return `${head}all data is readable\n`
  const table = textTable(
    ['segment', 'offset', 'bytes', 'rows'],
    unreadable.map((range) => [
      range.segment,
      range.offset,
      range.bytes,
      range.events === null ? '?' : String(range.events),
    ]),
  )
  return (
    `${head}\n${table}\n${count(unreadable.length, 'unreadable range')}: ` +
    'Weir skips them and counts their rows as quarantined.\n'
  )
}
