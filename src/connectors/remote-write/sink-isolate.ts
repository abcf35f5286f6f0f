import { namedEntries, samplesOf, type Entry, type WriteOptions } from '../../codecs/remote-write/index.ts'
import { isOutOfTime, shorten, type Answer, type Refusal } from './map.ts'

export type Refused = Readonly<{
  entry: Entry
  reason: string
  /** Only the time of the sample is refused. */
  outOfTime: boolean
  /** False: the request had other entries, and which of them the receiver refuses is not known. */
  isolated: boolean
}>

type IsolateOptions = Readonly<{
  labels: WriteOptions['labels']
  post: (entries: readonly Entry[]) => Promise<Answer>
  accepted: (entries: readonly Entry[]) => void
  refused: (refused: readonly Refused[]) => void
  /** Whether a refused request may be split once more. */
  maySplit: () => boolean
}>

/**
 * Of a refused request, the entries that the response names are set aside, and its halves are pushed with the same time
 * and values. Undefined, or the failure that ended it.
 */
export async function pushIsolated(
  all: readonly Entry[],
  options: IsolateOptions,
): Promise<Extract<Answer, { is: 'retry' }> | undefined> {
  const { labels, post, accepted, refused, maySplit } = options
  const parts: (readonly Entry[])[] = [all]
  // Breadth first: a few requests show most of the accepted series.
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at]!
    const answer = await post(part)
    if (answer.is === 'retry') return answer
    if (answer.is === 'accepted') {
      accepted(part)
      continue
    }
    const { named, series } = answer.divisible ? namedEntries(answer.text, part, labels) : { named: [], series: 0 }
    refused(named.map(({ entry, line }) => ({ ...refusalOf(entry, { ...answer, text: line }), isolated: true })))
    const gone = new Set(named.map(({ entry }) => entry))
    const rest = gone.size === 0 ? part : part.filter((entry) => !gone.has(entry))
    if (rest.length === 0) continue
    if (gone.size > 0 && answer.written !== undefined && answer.written + series >= countSamples(part)) accepted(rest)
    else if (!answer.divisible || (part.length === 1 && gone.size === 0) || !maySplit())
      refused(rest.map((entry) => ({ ...refusalOf(entry, answer), isolated: part.length === 1 })))
    else if (rest.length === 1) parts.push(rest)
    else parts.push(rest.slice(0, rest.length >> 1), rest.slice(rest.length >> 1))
  }
  return undefined
}

function refusalOf(entry: Entry, { status, text }: Refusal): Omit<Refused, 'isolated'> {
  const shown = shorten(text)
  return {
    entry,
    reason: shown === '' ? status : `${status}: ${shown}`,
    outOfTime: isOutOfTime(text),
  }
}

function countSamples(entries: readonly Entry[]) {
  return entries.reduce((sum, entry) => sum + samplesOf(entry), 0)
}
