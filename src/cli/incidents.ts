import { Option, type Command } from 'commander'
import type { Incident, IncidentExport, IncidentHistory, Incidents } from '../topics/incidents/schema.ts'
import { causeText } from '../topics/incidents/scope.ts'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { examples } from './examples.ts'
import { print, printData, withOutput, type OutputFlags } from './output.ts'
import { parametersOf, timeText } from './scope-flags.ts'
import { oneLine, textTable } from './text-table.ts'

export function register(program: Command): void {
  const incidents = program
    .command('incidents')
    .description('List incidents with their causes, show one or its history, or export a report.')
  withServerFlags(
    withOutput(
      incidents.command('list', { isDefault: true }).description('List incidents, the latest start first.'),
    ).addOption(new Option('--state <STATE>', 'only these').choices(['open', 'mitigated', 'resolved'])),
  )
    .addHelpText(
      ...examples(['weir incidents', 'weir incidents list --state open -o json'], { 1: 'server unreachable' }),
    )
    .action(action(list))
  withServerFlags(
    withOutput(
      incidents
        .command('show')
        .description('Show the state, cause, candidates, pins and notes of an incident.')
        .argument('<id>', 'id of the incident'),
    ),
  )
    .addHelpText(
      ...examples(
        ['weir incidents show 4f1c2a', "weir incidents show 4f1c2a -o json | jq '.candidates[] | select(.selected)'"],
        { 1: 'incident unknown, or server unreachable' },
      ),
    )
    .action(action(show))
  withServerFlags(
    withOutput(
      incidents
        .command('history')
        .description('List the versions of an incident, newest first, also of a deleted one.')
        .argument('<id>', 'id of the incident'),
    ),
  )
    .addHelpText(
      ...examples(['weir incidents history 4f1c2a'], { 1: 'incident unknown, no store, or server unreachable' }),
    )
    .action(action(history))
  withServerFlags(
    withOutput(
      incidents
        .command('export')
        .description('Print an incident with links, for other tools, or as a report in Markdown.')
        .argument('<id>', 'id of the incident')
        .option('--base <URL>', 'URL of the console in links (default: that of the server)'),
      'json',
      ['md'],
    ),
  )
    .addHelpText(
      ...examples(
        [
          'weir incidents export 4f1c2a -o md > report.md',
          'weir incidents export 4f1c2a --base https://weir.example | jq .links',
        ],
        { 1: 'incident unknown, or server unreachable' },
      ),
    )
    .action(action(exportOne))
}

const pathOf = (id: string) => `/api/v1/incidents/${encodeURIComponent(id)}`

async function list(flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const query = parametersOf(flags, ['state']).toString()
  const all = await server.json<Incidents>('GET', `/api/v1/incidents${query === '' ? '' : `?${query}`}`)
  await printData(flags, {
    whole: all,
    rows: all.incidents,
    columns: ['id', 'state', 'from', 'to', 'title', 'cause', 'actor', 'changed', 'by'],
    ...(all.incidents.length > 0
      ? {}
      : { table: () => 'There are no incidents. Create one in the console, beside the preceding changes.\n' }),
  })
}

async function show(id: string, flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const incident = await server.json<Incident>('GET', pathOf(id))
  await printData(flags, {
    whole: incident,
    rows: incident.candidates,
    columns: ['selected', 'time', 'score', 'is', 'operation', 'kind', 'namespace', 'name', 'actor', 'paths'],
    table: () => incidentText(incident),
  })
}

function incidentText({ title, state, from, to, candidates, pins, notes, version, changed, by, withheld }: Incident) {
  const rows = candidates.map((candidate) => [
    candidate.selected ? '>' : '',
    timeText(candidate.time),
    candidate.score.toFixed(3),
    oneLine(causeText(candidate)),
    oneLine(candidate.actor ?? ''),
  ])
  const pinned = pins.map((pin) => [timeText(pin.time), oneLine(pin.title), oneLine(pin.path)])
  return [
    `${oneLine(title)}\n${state}, ${timeText(from)} to ${timeText(to)} UTC\n`,
    `version ${version} of ${timeText(changed)} UTC by ${oneLine(by)}\n`,
    rows.length === 0 ? '' : `\n${textTable(['', 'time (UTC)', 'score', 'change', 'by'], rows)}`,
    pinned.length === 0 ? '' : `\n${textTable(['time (UTC)', 'pin', 'path'], pinned)}`,
    notes === '' ? '' : `\n${notes.split('\n').map(oneLine).join('\n')}\n`,
    withheld ? '\nParts that you may not see are left out.\n' : '',
  ].join('')
}

async function history(id: string, flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const all = await server.json<IncidentHistory>('GET', `${pathOf(id)}/history`)
  const rows = all.versions.map(({ incident, fields, ...version }) => ({
    ...version,
    state: incident.state,
    title: incident.title,
    fields: fields.join(' '),
  }))
  await printData(flags, { whole: all, rows, columns: ['version', 'time', 'by', 'action', 'state', 'title', 'fields'] })
}

async function exportOne(
  id: string,
  { output, base, ...flags }: ServerFlags & Readonly<{ output: OutputFlags['output'] | 'md'; base?: string }>,
): Promise<void> {
  const server = await requireServer(flags)
  const query = new URLSearchParams({ format: output === 'md' ? 'md' : 'json', base: base ?? server.url })
  const path = `${pathOf(id)}/export?${query.toString()}`
  if (output === 'md') return print(await (await server.ask('GET', path)).text())
  const whole = await server.json<IncidentExport>('GET', path)
  const { candidates, pins } = whole.incident
  const rows = [
    ...candidates.map(({ time, ...candidate }, at) => ({
      is: candidate.selected ? 'cause' : 'candidate',
      time,
      title: causeText({ time, ...candidate }),
      url: whole.links.candidates[at],
    })),
    ...pins.map(({ time, title }, at) => ({ is: 'pin', time, title, url: whole.links.pins[at] })),
  ]
  return printData({ output }, { whole, rows, columns: ['is', 'time', 'title', 'url'] })
}
