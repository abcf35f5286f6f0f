import { listFacts } from '../journal-list.ts'
import { listSegments } from '../../journal/recover.ts'
import { sizeText } from '../../model/size-text.ts'
import { fail, ok, reason, warn, type Finding, type CheckContext } from './finding.ts'

/** Earlier than every release: such a clock was never set. */
const earliestPlausibleTime = Date.UTC(2025, 0, 1)
const toleratedMs = 5_000

export async function checkJournalHealth({
  host,
  config: { data, journal },
  running,
}: CheckContext): Promise<Finding[]> {
  const directory = `${data}/journal`
  let newest = 0
  const findings: Finding[] = []
  try {
    const segments = await listSegments(host.disk, directory)
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
    const facts = await listFacts(host, { directory, segments, bytes, live: running !== undefined })
    const last = segments.at(-1)
    const written = last === undefined ? 0 : ((await host.disk.stat(`${directory}/${last.name}`))?.modified ?? 0)
    newest = Math.max(written, ...facts.map((fact) => fact.received_to ?? 0))
    findings.push(health(facts, bytes, journal.max, running === undefined ? 'stopped' : 'running'))
  } catch (error) {
    findings.push(
      fail(
        'journal',
        `${directory} cannot be read: ${reason(error)}`,
        'Run this command as the owner of the data folder.',
      ),
    )
  }
  const store = `${data}/store`
  for (const name of await host.disk.list(store).catch(() => [])) {
    if (name.startsWith('manifest-'))
      newest = Math.max(newest, (await host.disk.stat(`${store}/${name}`))?.modified ?? 0)
  }
  return [...findings, clock(host.clock.now(), newest)]
}

function health(
  facts: Awaited<ReturnType<typeof listFacts>>,
  bytes: number,
  most: number,
  server: 'running' | 'stopped',
): Finding {
  if (facts.length === 0) return ok('journal', 'empty')
  const frames = facts.reduce((sum, segmentFacts) => sum + segmentFacts.frames, 0)
  const rows = facts.reduce((sum, segmentFacts) => sum + segmentFacts.events, 0)
  // The newest frame of a running server may be half written.
  const damaged = (server === 'running' ? facts.slice(0, -1) : facts).filter(({ unreadable }) => unreadable > 0)
  const fact =
    `${facts.length} segment${facts.length === 1 ? '' : 's'}, ${sizeText(bytes)}, ${frames} frames, ` + `${rows} rows`
  if (damaged.length > 0) {
    const lost = damaged.reduce((sum, segmentFacts) => sum + segmentFacts.unreadable, 0)
    return warn(
      'journal',
      `${fact}; ${sizeText(lost)} in ${damaged.map(({ segment }) => segment).join(', ')} cannot be read`,
      'Weir skips and counts them; `weir journal check` lists each range. Check the disk.',
    )
  }
  if (bytes > 0.9 * most)
    return warn(
      'journal',
      `${fact}: nearly \`journal.max\` (${sizeText(most)})`,
      'A sink is behind: `weir ledger` shows which. Sources wait or shed when the journal is full.',
    )
  return ok('journal', `${fact}, all headers are intact`)
}

function clock(now: number, newest: number): Finding {
  const text = new Date(now).toISOString()
  if (now < earliestPlausibleTime)
    return fail(
      'clock',
      `it is ${text}: the clock was never set`,
      'Set it, and synchronize it (systemd-timesyncd, chrony).',
    )
  if (now + toleratedMs < newest) {
    const seconds = Math.round((newest - now) / 1000)
    return warn(
      'clock',
      `it is ${text}, ${seconds} s before the newest file of the data folder: the clock was set back, or the ` +
        'folder was copied from another machine',
      'Set the clock, and synchronize it (systemd-timesyncd, chrony). Rows are stored by the hour of their ' +
        'receive time.',
    )
  }
  return ok('clock', `it is ${text}${newest === 0 ? '' : ', after the newest file of the data folder'}`)
}
