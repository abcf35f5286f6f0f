import { actorUrl, escaped, inCode, linked, objectUrl, pagesAt, rowUrl, timeText } from '../report-text.ts'
import type { Incident, IncidentCandidate, IncidentExport } from './schema.ts'
import { causeText } from './scope.ts'

const states = { open: 'Open', mitigated: 'Mitigated', resolved: 'Resolved' } as const
const verdictTexts = {
  explained: 'The first candidate explains the change.',
  uncertain: 'Other changes may explain it as well.',
  unexplained: 'No change explains it clearly.',
} as const

/** `base`: URL of the console. */
export function exportOf(incident: Incident, base: string): IncidentExport {
  const url = pagesAt(base)
  return {
    url: url('/incidents', { sel: incident.id }),
    incident,
    links: {
      question: questionUrl(incident, base),
      candidates: incident.candidates.map((candidate) => candidateUrl(candidate, base)),
      pins: incident.pins.map(({ path }) => `${base}${path}`),
    },
  }
}

/** A report with times in UTC. Only the notes are Markdown, without HTML; all else is text. */
export function markdownOf({ url, incident, links }: IncidentExport, base: string): string {
  const { title, state, from, to, namespaces, question, onset, verdict, candidates, pins, notes } = incident
  const cause = candidates.find(({ selected }) => selected)
  const signal = question.promql ?? question.logql ?? question.filter ?? ''
  const about = signal === '' ? 'all flows' : `\`${inCode(signal)}\``
  return [
    `# ${escaped(title)}`,
    '',
    `${states[state]}. ${timeText(from)} to ${timeText(to)} UTC. [Open in Weir](${url}).`,
    ...(namespaces.length === 0 ? [] : ['', `Namespaces: ${namespaces.map(escaped).join(', ')}.`]),
    '',
    `Signal: ${links.question === null ? about : `${about}, ${linked('view', links.question)}`}.`,
    '',
    '## Cause',
    '',
    ...(cause === undefined ? ['No cause is selected.'] : causeLines(cause, base)),
    ...(candidates.length === 0 ? [] : ['', '## Candidates', '']),
    ...(onset === null || candidates.length === 0
      ? []
      : [
          `The change was at ${timeText(onset)} UTC.${verdict === null ? '' : ` ${verdictTexts[verdict]}`} ` +
            'That a change preceded does not prove a cause.',
          '',
        ]),
    ...(candidates.length === 0
      ? []
      : ['| Time (UTC) | Change | Actor | Score |', '| --- | --- | --- | ---: |', ...candidates.map(row)]),
    ...(pins.length === 0
      ? []
      : [
          '',
          '## Pinned',
          '',
          ...pins.map(({ title: text, time }, index) =>
            [`- ${time === null ? '' : `${timeText(time)}: `}`, linked(text, links.pins[index])].join(''),
          ),
        ]),
    ...(notes.trim() === '' ? [] : ['', '## Notes', '', withoutHtml(notes.trim())]),
    ...(incident.withheld ? ['', 'Parts that the user may not see are left out.'] : []),
    '',
    `Version ${incident.version} of ${timeText(incident.changed)} UTC, by ${escaped(incident.by)}. Created by ` +
      `${escaped(incident.created_by)} at ${timeText(incident.created)} UTC.`,
    '',
  ].join('\n')

  function row(candidate: IncidentCandidate, index: number) {
    const { time, selected, actor, actor_ref: ref, score } = candidate
    const change = linked(causeText(candidate), links.candidates[index])
    const actorLink = linked(actor ?? '', actorUrl(ref, pagesAt(base)))
    return `| ${timeText(time)} | ${selected ? `**${change}**` : change} | ${actorLink} | ${score.toFixed(3)} |`
  }
}

function causeLines(cause: IncidentCandidate, base: string) {
  const { time, actor, actor_ref: ref, score, share, paths } = cause
  const url = pagesAt(base)
  return [
    `- Change: ${linked(causeText(cause), candidateUrl(cause, base))}`,
    `- Object: ${linked(cause.ref ?? cause.name, objectUrl(cause, url))}`,
    `- Time: ${timeText(time)} UTC`,
    ...(actor === null ? [] : [`- Actor: ${linked(actor, actorUrl(ref, url))}`]),
    ...(paths.length === 0 ? [] : [`- Fields: ${paths.map((path) => `\`${inCode(path)}\``).join(', ')}`]),
    `- Score: ${score.toFixed(3)}, ${Math.round(share * 100)} % of the changed traffic`,
  ]
}

function candidateUrl(candidate: IncidentCandidate, base: string): string {
  const url = pagesAt(base)
  const row = rowUrl(candidate.is === 'audit' ? 'audit' : 'changes', candidate, url)
  return row ?? url('/inventory', { sel: candidate.ref ?? '' })
}

/** The page with the signal in the time range. */
function questionUrl({ from, to, question }: Incident, base: string): string | null {
  const { filter = '', both_ways: both, reporters, promql, logql } = question
  if (logql !== undefined) return null
  const [url, shown] = [pagesAt(base), { live: '0', t: `${from}..${to}`, why: '1' }]
  if (promql !== undefined) return url('/metrics', { ...shown, expr: promql })
  return url('/flows', {
    view: 'overview',
    ...shown,
    ...(filter === '' ? {} : { q: filter }),
    ...(both === 'true' ? { both: '1' } : {}),
    ...(reporters === 'one' ? { once: '1' } : {}),
  })
}

const scheme = /(\]\(\s*|^\s*\[[^\]]*\]:\s*)(?!https?:|mailto:)[a-z][a-z\d+.-]*:/gim

/** Markdown of users without HTML, and without links of other schemes. Blocks of code are unchanged. */
function withoutHtml(markdown: string): string {
  let isCode = false
  const lines = markdown.split(/\r\n?|\n/).map((line) => {
    const isFence = isCode ? /^```\s*$/.test(line) : /^```[\w+-]*$/.test(line)
    if (isFence) isCode = !isCode
    if (isFence || isCode) return line
    return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll(scheme, '$1unsafe:')
  })
  return [...lines, ...(isCode ? ['```'] : [])].join('\n')
}
