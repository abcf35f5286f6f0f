import type { Command } from 'commander'
import type { Alerts, AlertTest } from '../topics/alerts/schema.ts'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
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
  const alerts = program.command('alerts').description('List alert rules with their states, or evaluate one now.')
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
        .argument('<name>', 'name of the rule'),
    ),
  )
    .addHelpText(
      ...examples(['weir alerts test much-traffic', 'weir alerts test much-traffic -o json'], {
        0: 'evaluated',
        1: 'rule unknown or not evaluable, or server unreachable',
      }),
    )
    .action(action(test))
}

async function list(flags: ServerFlags & WatchFlags) {
  await printWatched(flags, async () => {
    const server = await requireServer(flags)
    const all = await server.json<Alerts>('GET', '/api/v1/alerts')
    const ok = all.firing === 0 && all.rules.every(({ error }) => error === undefined)
    return { data: listData(all), ok }
  })
}

const columns = ['rule', 'state', 'severity', 'condition', 'value', 'since', 'labels', 'before']

function listData(all: Alerts): Data {
  const rows = all.rules.flatMap(({ name, state, severity, condition, error, alerts }) => {
    const head = { rule: name, severity, condition }
    const first = { ...head, state, value: null, since: null, labels: error ?? '', before: null }
    const rowsOfAlerts = alerts.map((alert) => ({
      ...head,
      state: alert.state,
      value: alert.value,
      since: alert.active_at,
      labels: labelText(alert.labels),
      before: alert.cause?.text ?? null,
    }))
    return rowsOfAlerts.length === 0 || error !== undefined ? [first, ...rowsOfAlerts] : rowsOfAlerts
  })
  return {
    whole: all,
    rows,
    columns,
    ...(rows.length > 0 ? {} : { table: () => 'There are no alert rules. `alerts` in the configuration has them.\n' }),
  }
}

async function test(name: string, flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const path = `/api/v1/alerts/${encodeURIComponent(name)}/test`
  const answer = await server.json<AlertTest>('POST', path)
  const rows = answer.rows.map(({ labels, annotations, value, met }) => ({
    met: met ?? null,
    value,
    labels: labelText(labels),
    annotations: labelText(annotations),
  }))
  await printData(flags, { whole: answer, rows, columns: ['met', 'value', 'labels', 'annotations'] })
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([label]) => label !== 'alertname' && label !== 'severity')
    .map(([label, value]) => `${label}=${value}`)
    .join(' ')
}
