import { realHost, type Host } from '../host/index.ts'
import { journalSource, segmentStart } from '../journal/index.ts'
import type { FrameHeader } from '../journal/types.ts'
import { Walk } from '../journal/walk.ts'
import { nowhere } from '../model/positions.ts'
import { journalFolder, type JournalFolder } from './journal-folder.ts'
import type { CheckFlags } from './journal.ts'
import { sizeText } from '../model/size-text.ts'
import { printData } from './output.ts'
import { textTable } from './text-table.ts'

/** From the headers; bodies are not read. Times are Unix ms, or null without a time in any frame. */
interface SegmentFacts {
  readonly segment: string
  readonly sequence: number
  frames: number
  events: number
  readonly bytes: number
  received_from: number | null
  received_to: number | null
  time_from: number | null
  time_to: number | null
  readonly sources: string[]
  unreadable: number
}

const columns = [
  'segment',
  'sequence',
  'frames',
  'events',
  'bytes',
  'received_from',
  'received_to',
  'time_from',
  'time_to',
  'sources',
  'unreadable',
]

export async function listCommand(flags: CheckFlags): Promise<void> {
  const host = realHost()
  const segments = await listFacts(host, await journalFolder(host, flags.data))
  const iso = (ms: number | null) => (ms === null ? null : timeText(ms))
  const rows = segments.map((segment) => ({
    ...segment,
    received_from: iso(segment.received_from),
    received_to: iso(segment.received_to),
    time_from: iso(segment.time_from),
    time_to: iso(segment.time_to),
  }))
  await printData(flags, { whole: rows, rows, columns, table: () => listText(segments) })
}

export async function listFacts(host: Host, { directory, segments }: JournalFolder): Promise<SegmentFacts[]> {
  const facts = new Map<string, SegmentFacts>(
    segments.map(({ name, bytes }) => [
      name,
      {
        segment: name,
        sequence: segmentStart(name) ?? 0,
        frames: 0,
        events: 0,
        bytes,
        received_from: null,
        received_to: null,
        time_from: null,
        time_to: null,
        sources: [],
        unreadable: 0,
      },
    ]),
  )
  const walk = new Walk({
    disk: host.disk,
    directory,
    after: nowhere,
    headersOnly: true,
    onUnreadable: ({ segment, bytes }) => {
      const damaged = facts.get(segment)
      if (damaged !== undefined) damaged.unreadable += bytes
    },
  })
  try {
    for (let walked = await walk.next(); walked !== undefined; walked = await walk.next()) {
      const fact = facts.get(walked.segment)
      if (fact !== undefined) add(fact, walked.decoded.header)
    }
    walk.flush()
  } finally {
    await walk.close()
  }
  return [...facts.values()]
}

function add(facts: SegmentFacts, header: FrameHeader) {
  facts.frames++
  if (header.source === journalSource) return
  if (!header.more) facts.events += header.count
  if (!facts.sources.includes(header.source)) facts.sources.push(header.source)
  if (header.count === 0 || header.more) return
  facts.received_from = least(facts.received_from, header.received, Math.min)
  facts.received_to = least(facts.received_to, header.received, Math.max)
  facts.time_from = least(facts.time_from, header.timeMin, Math.min)
  facts.time_to = least(facts.time_to, header.timeMax, Math.max)
}

function least(before: number | null, value: number, pick: (a: number, b: number) => number): number | null {
  if (!Number.isFinite(value)) return before
  return before === null ? value : pick(before, value)
}

function timeText(ms: number) {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString()
}

function listText(segments: readonly SegmentFacts[]): string {
  if (segments.length === 0) return 'The journal is empty.\n'
  const titles = ['segment', 'first', 'frames', 'rows', 'size', 'received from', 'received to', 'sources']
  const rows = segments.map((segment) => [
    segment.segment,
    segment.sequence,
    segment.frames,
    segment.events,
    sizeText(segment.bytes),
    segment.received_from === null ? '-' : timeText(segment.received_from),
    segment.received_to === null ? '-' : timeText(segment.received_to),
    segment.sources.join(' ') || '-',
  ])
  const damaged = segments.some(({ unreadable }) => unreadable > 0)
  return `${textTable(titles, rows)}${damaged ? '\nSome bytes are unreadable: `weir journal check` lists them.\n' : ''}`
}
