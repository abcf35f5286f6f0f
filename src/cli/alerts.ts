import { InvalidArgumentError, type Command } from 'commander'
import type { Alerts, AlertSilence, AlertTest, SentTest } from '../topics/alerts/schema.ts'
import { action, CommandError, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { examples } from './examples.ts'
import {
  printData,
  printWatched,
  withOutput,
  withWatch,
  type Data,
  type OutputFlags,
  type WatchFlags,
} from './output.ts'

export function register(program: Command): void {
  const alerts = program
    .command('alerts')
    .description('List alert rules with their states, evaluate one now, or silence one.')
  withServerFlags(
    withWatch(
      withOutput(alerts.command('list', { isDefault: true }).description('List alert rules and their alerts.')),
    ),
  )
    .addHelpText(
      ...examples(['weir alerts', 'weir alerts list --watch', "weir alerts -o json | jq '.rules[] | select(.error)'"], {
        0: 'no alert fires',
        1: 'an alert fires, a rule fails, or server unreachable',
      }),
    )
    .action(action(list))
  withServerFlags(
    withOutput(
      alerts
        .command('test')
        .description('Evaluate a rule now and print its rows. States do not change.')
        .argument('<name>', 'name of the rule')
        .option('--send', 'send a firing alert that is marked as a test to the sinks of alerts instead'),
    ),
  )
    .addHelpText(
      ...examples(
        [
          'weir alerts test much-traffic',
          'weir alerts test much-traffic -o json',
          'weir alerts test much-traffic --send',
        ],
        {
          0: 'evaluated, or sent',
          1: 'rule unknown or not evaluable, or server unreachable',
        },
      ),
    )
    .action(action(test))
  withServerFlags(
    withOutput(
      alerts
        .command('silence')
        .description('Silence a rule: its alerts are listed and counted, and are not sent.')
        .argument('<name>', 'name of the rule')
        .requiredOption('--reason <TEXT>', 'why, for other users')
        .option('--for <TIME>', 'how long, as 30m, 2h or 7d', '2h')
        .option('--label <NAME=VALUE>', 'only alerts with this label; repeat for several', labelOption, {}),
    ),
  )
    .addHelpText(
      ...examples(
        [
          "weir alerts silence much-traffic --reason 'migration of the shop' --for 4h",
          "weir alerts silence much-traffic --reason 'known' --label dst_namespace=shop",
        ],
        { 0: 'silenced', 1: 'rule unknown, or server unreachable' },
      ),
    )
    .action(action(silence))
  withServerFlags(
    withOutput(
      alerts
        .command('unsilence')
        .description('End silences of a rule. Alerts that still fire are sent.')
        .argument('<name>', 'name of the rule')
        .option('--id <ID>', 'only this silence'),
    ),
  )
    .addHelpText(
      ...examples(['weir alerts unsilence much-traffic'], {
        0: 'ended',
        1: 'no such silence, or server unreachable',
      }),
    )
    .action(action(unsilence))
}

function labelOption(text: string, before: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Write NAME=VALUE.')
  return { ...before, [name]: value }
}

async function list(flags: ServerFlags & WatchFlags) {
  await printWatched(flags, async () => {
    const server = await requireServer(flags)
    const all = await server.json<Alerts>('GET', '/api/v1/alerts')
    const ok = all.firing === 0 && all.rules.every(({ error }) => error === undefined)
    return { data: listData(all), ok }
  })
}

const columns = ['rule', 'state', 'severity', 'condition', 'value', 'since', 'silenced until', 'labels', 'before']

function listData(all: Alerts): Data {
  const rows = all.rules.flatMap(({ name, state, severity, condition, error, alerts }) => {
    const head = { rule: name, severity, condition }
    const first = {
      ...head,
      state,
      value: null,
      since: null,
      'silenced until': null,
      labels: error ?? '',
      before: null,
    }
    const rowsOfAlerts = alerts.map((alert) => ({
      ...head,
      state: alert.state,
      value: alert.value,
      since: alert.active_at,
      'silenced until': alert.silenced_until ?? null,
      labels: labelText(alert.labels),
      before: alert.cause?.text ?? null,
    }))
    return rowsOfAlerts.length === 0 || error !== undefined ? [first, ...rowsOfAlerts] : rowsOfAlerts
  })
  return {
    whole: all,
    rows,
    columns,
    ...(rows.length > 0
      ? {}
      : { table: () => 'There are no alert rules. Create one in the console, or in `alerts` of the configuration.\n' }),
  }
}

async function test(name: string, flags: ServerFlags & OutputFlags & { readonly send?: true }) {
  const server = await requireServer(flags)
  if (flags.send === true) {
    const sent = await server.json<SentTest>('POST', `${pathOf(name)}/send-test`)
    const rows = sent.sinks.map((sink) => ({ sink }))
    return printData(flags, { whole: sent, rows, columns: ['sink'], ...(rows.length > 0 ? {} : { table: noSinks }) })
  }
  const answer = await server.json<AlertTest>('POST', `${pathOf(name)}/test`)
  const rows = answer.rows.map(({ labels, annotations, value, met }) => ({
    met: met ?? null,
    value,
    labels: labelText(labels),
    annotations: labelText(annotations),
  }))
  await printData(flags, { whole: answer, rows, columns: ['met', 'value', 'labels', 'annotations'] })
}

const noSinks = () => 'No sink reads alerts. Add one with `from: [alerts]`.\n'

async function silence(
  name: string,
  flags: ServerFlags &
    OutputFlags & { readonly reason: string; readonly for: string; readonly label: Readonly<Record<string, string>> },
) {
  const server = await requireServer(flags)
  const body = { until: `now+${flags.for}`, reason: flags.reason, labels: flags.label }
  const begun = await server.json<AlertSilence>('POST', `${pathOf(name)}/silences`, body)
  await printData(flags, silencesData([begun]))
}

async function unsilence(name: string, flags: ServerFlags & OutputFlags & { readonly id?: string }) {
  const server = await requireServer(flags)
  const { silences } = await server.json<Alerts>('GET', '/api/v1/alerts')
  const ended = silences.filter(({ id, rule }) => rule === name && (flags.id === undefined || flags.id === id))
  if (ended.length === 0) throw new CommandError(`Alert rule ${name} has no such silence.`, ['weir alerts -o json'])
  for (const { id } of ended) await server.ask('DELETE', `${pathOf(name)}/silences/${id}`)
  await printData(flags, silencesData(ended))
}

function silencesData(silences: readonly AlertSilence[]): Data {
  const rows = silences.map(({ labels, ...silenced }) => ({ ...silenced, labels: labelText(labels) }))
  return { whole: silences, rows, columns: ['id', 'rule', 'until', 'reason', 'by', 'labels'] }
}

const pathOf = (name: string) => `/api/v1/alerts/${encodeURIComponent(name)}`

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([label]) => label !== 'alertname' && label !== 'severity')
    .map(([label, value]) => `${label}=${value}`)
    .join(' ')
}
