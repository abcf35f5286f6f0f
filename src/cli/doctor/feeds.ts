/** Checks the feeds of the running Weir: whether records arrive, gaps, refused requests, and sinks that are behind. */
import type { Pipeline } from '../../engine/control.ts'
import type { SourceFeed } from '../../engine/sources/feed.ts'
import { oneLine } from '../text-table.ts'
import { behindFindings } from './behind.ts'
import { ok, reason, warn, type CheckContext, type Finding } from './finding.ts'
import { getRunning } from './running.ts'

export async function checkFeeds({ host, running }: CheckContext): Promise<Finding[]> {
  if (running === undefined || running.url === '') return []
  try {
    const answer = await getRunning(running, '/api/v1/pipeline')
    // The check of the exporters already reports a missing token.
    if (!answer.ok) return []
    const { sources, sinks } = (await answer.json()) as Pipeline
    const now = host.clock.now()
    const feeds = sources.flatMap(({ name, feed }) => (feed === undefined ? [] : [feedFinding(name, feed, now)]))
    return [...feeds, ...behindFindings(sinks)]
  } catch (error) {
    return [warn('feeds', `the running Weir did not respond: ${reason(error)}`, 'Check its log.')]
  }
}

const mostSenders = 5

export function feedFinding(name: string, feed: SourceFeed, now: number): Finding {
  const check = `feed ${name}`
  const { records, lastRecord, gaps, reconnects = 0, poll, refused = {}, unparsed = {}, targets, why } = feed
  const rejected = Object.entries(refused)
  const texts = Object.entries(unparsed).toSorted(([, a], [, b]) => b - a)
  const facts = [
    `${records} records since the start`,
    lastRecord === undefined ? 'none received' : `the last ${age(now - lastRecord)} ago`,
    ...(reconnects > 0 ? [`${reconnects} reconnects`] : []),
    ...(gaps !== undefined && gaps.count > 0 ? [`${gaps.count} gaps with ${gaps.missing} missing messages`] : []),
    ...(poll?.next === undefined ? [] : [`next poll in ${age(Math.max(0, poll.next - now))}`]),
    ...(targets === undefined ? [] : [`${targets.known - targets.failing} of ${targets.known} targets respond`]),
    ...rejected.map(([what, count]) => `${count} refused (${what.replaceAll('_', ' ')})`),
    ...texts.slice(0, mostSenders).map(([sender, count]) => `${count} of ${sender} stored as text`),
    ...(texts.length > mostSenders ? [`text of ${texts.length - mostSenders} more senders`] : []),
  ].join(', ')
  if (why !== undefined)
    return warn(check, oneLine(`${facts}: ${why}`), 'Correct the source or the sender; Weir retries.')
  if (gaps !== undefined && gaps.count > 0)
    return warn(check, facts, 'Messages were lost before Weir: events `weir.feed.gap` name them.')
  if (rejected.length > 0) return warn(check, facts, 'The log of the sender has the response to each refused request.')
  if (texts.length > 0)
    return warn(
      check,
      facts,
      'Their messages are complete, without host and time: set the format RFC 5424 or RFC 3164 at the senders. ' +
        'Search them by `unparsed`.',
    )
  return ok(check, facts)
}

const units = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
] as const

function age(ms: number): string {
  const [unit, name] = units.find(([least]) => ms >= 2 * least) ?? [1000, 's']
  return `${Math.round(ms / unit)} ${name}`
}
