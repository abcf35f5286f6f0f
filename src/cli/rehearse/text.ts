import type { Counts, Difference, Example, Message, RehearsalReport, SinkReport } from '../../app/rehearsal/report.ts'
import { sizeText } from '../../model/size-text.ts'
import type { Row } from '../output.ts'
import { textTable } from '../text-table.ts'

export function reportText(report: RehearsalReport, name: string): string {
  const parts = [
    headText(report, name),
    sinksText(report),
    transformsText(report),
    alertsText(report),
    examplesText(report),
    settingsText(report),
    report.notes.map((note) => `Note: ${note}\n`).join(''),
    `${verdictOf(report)}\n`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}

const count = (value: number): string => value.toLocaleString('en-US')

function headText({ range }: RehearsalReport, name: string): string {
  const sources = Object.entries(range.sources).map(([source, rows]) => `${source} ${count(rows)}`)
  return range.rows === 0
    ? `${name}: no rows in the range\n`
    : `${name}: ${count(range.rows)} rows, received from ${range.from} to ${range.to} (${sources.join(', ')})\n`
}

const both = (a: string, b: string): string => (a === b ? a : `${a} → ${b}`)

const labels: Readonly<Record<Difference, string>> = {
  lost: 'lost',
  new: 'new',
  moved: 'moved',
  changed: 'changed',
  refused: 'refused',
  accepted: 'accepted',
}

function differencesText({ differences }: SinkReport): string {
  const texts = Object.entries(differences).flatMap(([name, rows]) =>
    rows === 0 ? [] : [`${count(rows)} ${labels[name as Difference]}`],
  )
  return texts.join(', ') || '-'
}

function sinksText({ sinks }: RehearsalReport): string {
  if (sinks.length === 0) return ''
  const rows = sinks.flatMap((sink) => {
    const { sources } = sink
    const state = sink.is === 'in both' ? sink.sink : `${sink.sink} (${sink.is})`
    const differs = sink.problem === undefined ? differencesText(sink) : 'not rehearsed'
    if (sources.length === 0) return [[state, '-', '0', '0', '0', differs]]
    return sources.map(({ source, running, candidate }, index) => [
      index === 0 ? state : '',
      source,
      both(count(running.sent), count(candidate.sent)),
      both(sizeText(running.bytes), sizeText(candidate.bytes)),
      both(count(dropped(running)), count(dropped(candidate))),
      index === 0 ? differs : '',
    ])
  })
  const table = textTable(['sink', 'source', 'rows sent', 'bytes', 'not sent', 'differences'], rows)
  return `${table}${sinks.map(wideText).join('')}`
}

function dropped({ filtered, refused }: Counts): number {
  return Object.values(filtered).reduce((sum, rows) => sum + rows, refused)
}

/** Counts of destinations and series, where they differ. */
function wideText({ sink, destinations, series, problem }: SinkReport): string {
  const line = (what: string, { running, candidate }: SinkReport['destinations']): string => {
    const text = (side: typeof running) => `${side.more ? 'over ' : ''}${count(side.values)}`
    return running.values === candidate.values && running.more === candidate.more
      ? ''
      : `${sink}: ${text(running)} → ${text(candidate)} ${what}\n`
  }
  return (
    (problem === undefined ? '' : `${sink}: cannot be built here: ${problem}\n`) +
    line('destinations (topics, subjects, keys, addresses)', destinations) +
    (series === null ? '' : line('series', series))
  )
}

function transformsText({ transforms }: RehearsalReport): string {
  const different = transforms.filter(({ running, candidate }) => JSON.stringify(running) !== JSON.stringify(candidate))
  if (different.length === 0) return ''
  const value = (side: RehearsalReport['transforms'][number]['running'], name: 'taken' | 'made') =>
    side === null ? '-' : count(side[name])
  return textTable(
    ['transform', 'rows taken', 'rows made', 'without a result'],
    different.map(({ transform, is, running, candidate }) => [
      is === 'in both' ? transform : `${transform} (${is})`,
      both(value(running, 'taken'), value(candidate, 'taken')),
      both(value(running, 'made'), value(candidate, 'made')),
      both(reasons(running?.filtered), reasons(candidate?.filtered)),
    ]),
  )
}

function reasons(filtered: Readonly<Record<string, number>> = {}): string {
  return (
    Object.entries(filtered)
      .map(([reason, rows]) => `${count(rows)} ${reason}`)
      .join(', ') || '-'
  )
}

function alertsText({ alerts }: RehearsalReport): string {
  if (alerts.length === 0) return ''
  return textTable(
    ['alert', 'firings', 'peak', 'time firing'],
    alerts.map(({ alert, running, candidate, problem }) => {
      if (problem !== undefined) return [alert, 'not evaluated', '-', problem]
      const value = (of: (side: NonNullable<typeof running>) => string) =>
        both(running === null ? 'no rule' : of(running), candidate === null ? 'no rule' : of(candidate))
      return [
        alert,
        value(({ firings }) => count(firings)),
        value(({ peak }) => (peak === null ? '-' : peak.toLocaleString('en-US'))),
        value(({ ms }) => `${Math.round(ms / 1000)} s`),
      ]
    }),
  )
}

function examplesText({ sinks }: RehearsalReport): string {
  return sinks.flatMap(({ sink, examples }) => examples.map((example) => exampleText(sink, example))).join('')
}

function exampleText(sink: string, { is, row, reason, fields = [], running, candidate }: Example): string {
  const lines = [`${sink}: ${labels[is]} ${row}${reason === undefined ? '' : ` (${reason})`}`]
  const shownMessage = (side: string, message: NonNullable<Example['running']>) =>
    lines.push(`  ${side} ${messageText(message)}`)
  if (is === 'moved' && running !== undefined && candidate !== undefined) {
    lines.push(`  to: ${destination(running)} → ${destination(candidate)}`)
  } else if (is === 'changed' && fields.length > 0) {
    for (const { name, running: old = 'absent', candidate: next = 'absent' } of fields)
      lines.push(`  ${name}: ${old} → ${next}`)
  } else {
    if (running !== undefined) shownMessage('running:  ', running)
    if (candidate !== undefined) shownMessage('candidate:', candidate)
  }
  return `${lines.join('\n')}\n`
}

function destination(message: Message | Readonly<{ problem: string }>): string {
  return 'problem' in message ? message.problem : message.to
}

function messageText(message: Message | Readonly<{ problem: string }>): string {
  if ('problem' in message) return message.problem
  const body = message.body.trimEnd().replaceAll(/\s+/g, ' ')
  return `${message.to === '' ? '' : `${message.to} `}${body.length > maxBody ? `${body.slice(0, maxBody)}…` : body}`
}

/** The whole text is in the output as JSON. */
const maxBody = 160

const effects = { rows: 'shown by the rows', unseen: 'not shown', none: 'no effect on rows' } as const

function settingsText({ settings }: RehearsalReport): string {
  if (settings.length === 0) return ''
  return textTable(
    ['changed setting', 'running', 'candidate', 'effect'],
    settings.map(({ setting, running, candidate, effect, reason }) => [
      setting,
      running ?? 'absent',
      candidate ?? 'absent',
      reason === '' ? effects[effect] : `${effects[effect]}: ${reason}`,
    ]),
  )
}

function verdictOf({ equal, sinks, settings, alerts }: RehearsalReport): string {
  if (equal) return 'No difference.'
  const different = sinks.filter(
    ({ is, differences, problem }) =>
      problem !== undefined || is !== 'in both' || Object.values(differences).some((rows) => rows > 0),
  ).length
  const unseen = settings.filter(({ effect }) => effect === 'unseen').length
  const rules = alerts.filter(({ differs }) => differs).length
  const texts = [
    [different, 'sink', 'with differences'],
    [rules, 'alert rule', 'with differences'],
    [unseen, 'changed setting', 'that the journal cannot show'],
  ] as const
  const parts = texts
    .filter(([value]) => value > 0)
    .map(([value, what, rest]) => `${value} ${what}${value === 1 ? '' : 's'} ${rest}`)
  return `${parts.join(', ')}.`
}

export function sinkRows({ sinks }: RehearsalReport): readonly Row[] {
  return sinks.flatMap(({ sink, differences, sources }) => [
    ...sources.map(({ source, running, candidate }) => ({
      part: 'sink',
      name: sink,
      source,
      difference: 'rows sent',
      running: running.sent,
      candidate: candidate.sent,
    })),
    ...Object.entries(differences).flatMap(([difference, rows]) =>
      rows === 0 ? [] : [{ part: 'sink', name: sink, difference, rows }],
    ),
  ])
}

export function settingRows({ settings }: RehearsalReport): readonly Row[] {
  return settings.map(({ setting, running, candidate, effect }) => ({
    part: 'setting',
    name: setting,
    running,
    candidate,
    effect,
  }))
}
