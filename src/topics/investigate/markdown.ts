import { sizeText } from '../../model/size-text.ts'
import { actorUrl, escaped, inCode, linked, objectUrl, pagesAt, rowUrl, timeText } from '../report-text.ts'
import { measureTexts } from './measure-text.ts'
import type { Investigation, Lane, LaneName } from './schema.ts'

const titles: Readonly<Record<LaneName, string>> = {
  traffic: 'Traffic',
  latency: 'Latency (percentile 95)',
  drops: 'Drops',
  changes: 'Changes',
  audit: 'Audit',
  events: 'Cluster events',
  errors: 'Errors in logs',
  problems: 'Image problems',
  cost: 'Cost',
  gaps: 'Gaps',
}
const states: Readonly<Record<Exclude<Lane['state'], 'shown'>, string>> = {
  empty: 'nothing in this time range',
  'not-collected': 'not collected',
  'not-permitted': 'not permitted',
  'not-applicable': 'not applicable',
}

type Options = Readonly<{
  /** Base URL of the console: `https://weir.example`. */
  base: string
  /** Pinned items: `changes:<pos>`. */
  pins: readonly string[]
  /** Notes of pins: `changes:<pos>=<text>`. */
  notes: readonly string[]
}>

/** A report with times in UTC. Texts of the data cannot form markup. */
export function markdownOf(answer: Investigation, { base, pins, notes }: Options): string {
  const { subject, span, namespaces, lanes, filter } = answer
  const url = pagesAt(base)
  const range = `${span.from}..${span.to}`
  const pinned = new Set(pins)
  const all = lanes
    .flatMap(({ name, items }) => items.map((item) => ({ lane: name, item })))
    .toSorted((a, b) => Date.parse(a.item.time) - Date.parse(b.item.time))
  const noteOf = (key: string) => notes.find((note) => note.startsWith(`${key}=`))?.slice(key.length + 1) ?? ''
  const rows = (chosen: typeof all, withNotes: 'notes' | 'plain') => [
    `| Time (UTC) | Lane | Object | Event | Actor |${withNotes === 'notes' ? ' Note |' : ''}`,
    `| --- | --- | --- | --- | --- |${withNotes === 'notes' ? ' --- |' : ''}`,
    ...chosen.map(({ lane, item }) => {
      const { time, until, object, text: event, actor } = item
      const timeSpanText = until === null ? timeText(time) : `${timeText(time)} to ${timeText(until)}`
      const target = lane === 'changes' || lane === 'audit' ? rowUrl(lane, item, url) : undefined
      const cells = [timeSpanText, titles[lane], linked(object, objectUrl(item, url)), linked(event, target)]
      const note = withNotes === 'notes' ? [escaped(noteOf(`${lane}:${item.pos}`))] : []
      return `| ${[...cells, linked(actor ?? '', actorUrl(item.actor_ref, url)), ...note].join(' | ')} |`
    }),
  ]
  const marked = all.filter(({ lane, item }) => pinned.has(`${lane}:${item.pos}`))
  const otherItems = all.filter(({ lane, item }) => !pinned.has(`${lane}:${item.pos}`))
  const cutOff = lanes.filter(({ total, items, name }) => name !== 'traffic' && total > items.length)
  const absent = lanes.filter(({ state }) => state !== 'shown')
  return [
    `# ${escaped(subject.text)}`,
    '',
    `${timeText(span.from)} to ${timeText(span.to)} UTC. ` +
      `[Open in Weir](${url('/investigate', { live: '0', t: range, of: subject.ref, ...listsOf({ pins, notes }) })}).`,
    ...(namespaces === null ? [] : ['', `Limited to the namespaces ${namespaces.map(escaped).join(', ')}.`]),
    '',
    '## Traffic',
    '',
    ...trafficText(answer),
    ...measureTexts(answer).flatMap(({ lane, text }) => ['', `${titles[lane]}: ${escaped(text)}.`]),
    ...(filter === null
      ? []
      : ['', `[Flows](${url('/flows', { view: 'overview', live: '0', t: range, q: filter })}): \`${inCode(filter)}\``]),
    ...(marked.length === 0 ? [] : ['', '## Pinned', '', ...rows(marked, notes.length > 0 ? 'notes' : 'plain')]),
    '',
    '## Timeline',
    '',
    ...(otherItems.length === 0 ? ['No other event.'] : rows(otherItems, 'plain')),
    ...(cutOff.length === 0
      ? []
      : [
          '',
          `Only the newest are listed: ${cutOff.map((lane) => `${countOf(lane)} of ${titles[lane.name]}`).join(', ')}.`,
        ]),
    ...(absent.length === 0 ? [] : ['', '## Without events', '', ...absent.map(absentText)]),
    '',
    'An event that precedes another does not prove a cause.',
    '',
  ].join('\n')
}

function trafficText({ lanes, buckets, step, since, stored_to: storedTo, lost, stopped }: Investigation) {
  const lane = lanes.find(({ name }) => name === 'traffic')
  if (lane?.state !== 'shown') return [lane === undefined ? '' : absentText(lane).slice(2)]
  const sum = (of: 'bytes' | 'packets') => buckets.reduce((total, bucket) => total + bucket[of], 0)
  const largestBucket = buckets.toSorted((a, b) => b.bytes - a.bytes)[0]
  return [
    `${sizeText(sum('bytes'))}, ${wholeText(sum('packets'))} packets, ${wholeText(lane.total)} flows.` +
      (largestBucket === undefined
        ? ''
        : ` Largest ${step} s: ${sizeText(largestBucket.bytes)} at ${timeText(largestBucket.time)}.`),
    ...(since === null ? [] : [`Flows are stored since ${timeText(since)}.`]),
    ...(storedTo === null ? [] : [`Flows are stored until ${timeText(storedTo)}.`]),
    ...lost.map(({ from, to }) => `Flows from ${timeText(from)} to ${timeText(to)} may be lost.`),
    ...stopped.map(({ from, to }) => `Weir did not run from ${timeText(from)} to ${timeText(to)}.`),
  ]
}

const wholeText = (value: number) => Math.round(value).toLocaleString('en-US')
const countOf = ({ items, total }: Lane) => `${items.length} of ${wholeText(total)}`

function absentText({ name, state, note }: Lane) {
  return `- ${titles[name]}: ${state === 'shown' ? '' : states[state]}${note === null ? '' : `. ${escaped(note)}`}`
}

function listsOf(lists: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, string>> {
  const writtenLists = Object.entries(lists).filter(([, list]) => list.length > 0)
  return Object.fromEntries(
    writtenLists.map(([name, list]) => [name, list.map((value) => value.replaceAll(/[\\,]/g, '\\$&')).join(',')]),
  )
}
