import { Option, type Command } from 'commander'
import { statistics } from '../query/statistics.ts'
import { distanceText, newPodsText, reasonText } from '../topics/why/reason-text.ts'
import type { PrecedingCandidate, PrecedingChanges, ShownLevel, Verdict } from '../topics/why/schema.ts'
import { sizeText } from '../model/size-text.ts'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { examples } from './examples.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { objectText, parametersOf, timeText } from './scope-flags.ts'
import { oneLine, textTable } from './text-table.ts'

type Always = 'onset' | 'detected' | 'by' | 'before' | 'after' | 'window' | 'candidates' | 'others' | 'excluded'
/** Older servers state neither levels nor a verdict. */
type Answer = Pick<PrecedingChanges, Always> & Partial<Pick<PrecedingChanges, 'levels' | 'step' | keyof Verdict>>

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('why')
        .description(
          'Find when traffic or a metric changed, and list the changes that preceded it, the most related first.',
        ),
    )
      .option('--filter <FILTER>', 'filter of flows (see `weir help filters`)')
      .option('--promql <EXPR>', 'explain a metric instead of traffic (see `weir help grafana`)')
      .option('--logql <EXPR>', 'explain a metric of log lines instead of traffic')
      .option('--from <TIME>', 'start: now-1h, ISO 8601 or Unix milliseconds (default: now-1h)')
      .option('--to <TIME>', 'end (default: now)')
      .option('--lookback <DURATION>', 'time before the change of traffic: 10m, 2h (default: 30m)')
      .option(
        '--at <TIME>',
        'change to explain, of the printed list (default: the largest fall; of a metric the largest)',
      )
      .addOption(
        new Option('--by <MEASURE>', 'measure to compare, or with --of a statistic').choices([
          'bytes',
          'packets',
          'flows',
          ...statistics,
        ]),
      )
      .option('--of <FIELD>', 'explain a statistic of this field of the flows (default: p95)')
      .option('--limit <N>', 'maximum number', '10'),
  )
    .addHelpText(
      ...examples(
        [
          'weir why --from now-15m',
          "weir why --filter 'dst.owner = orders-db' --from 2026-11-20T14:00:00Z --to 2026-11-20T14:10:00Z",
          'weir why --from now-1h --at 2026-11-20T14:03:10Z',
          'weir why --from now-1h --by p99 --of rtt',
          "weir why --promql 'sum by (namespace, pod) (rate(http_errors_total[1m]))'",
          `weir why --logql 'sum by (namespace, app) (count_over_time({namespace="shop"} |= "error" [1m]))'`,
          "weir why --from now-15m -o json | jq '.candidates[0].diff'",
        ],
        { 1: 'server unreachable' },
        'That a change preceded does not prove that it is the cause.',
      ),
    )
    .action(action(run))
}

async function run(flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const query = parametersOf(flags, ['filter', 'promql', 'logql', 'from', 'to', 'lookback', 'at', 'by', 'of', 'limit'])
  const answer = await server.json<Answer>('GET', `/api/v1/why?${query.toString()}`)
  await printData(flags, {
    whole: answer,
    rows: answer.candidates,
    columns: ['time', 'score', 'is', 'operation', 'kind', 'namespace', 'name', 'actor', 'actor_kind', 'paths'],
    table: () => whyText(answer),
  })
}

/** Shorter levels are no incidents; levels of fewer than three buckets are not listed. */
const notedSeconds = 60

export function whyText(answer: Answer): string {
  const {
    onset,
    detected,
    by,
    before,
    after,
    window,
    candidates,
    others,
    excluded,
    reason,
    missing = [],
    step = 0,
  } = answer
  const isMetric = by === 'value'
  const amount = (value: number) =>
    isMetric
      ? `${Number(value.toPrecision(4))}`
      : by === 'bytes'
        ? sizeText(value)
        : `${Math.round(value).toLocaleString('en-US')} ${by}`
  const changed = `changed at ${timeText(onset)} UTC, from ${amount(before)} to ${amount(after)}`
  const head = detected
    ? isMetric
      ? `The metric ${changed}.\n`
      : `Traffic ${changed} in equal times.\n`
    : `No change of ${isMetric ? 'the metric' : 'traffic'} was found. Changes before the start of the time range, ` +
      `${timeText(onset)} UTC:\n`
  const rows = candidates.map((candidate) => {
    const { time, operation, kind, actor, actor_kind: actorKind, paths } = candidate
    return [
      timeText(time),
      beforeText(candidate.seconds_before),
      candidate.score.toFixed(3),
      oneLine(`${kind} ${objectText(candidate)} ${operation}`),
      oneLine(actor === null ? '' : actorKind === 'user' ? actor : `(${actor})`),
      oneLine(relationText(candidate)),
      oneLine(paths.slice(0, 2).join(' ')),
    ]
  })
  const { noise, controllers, unrelated } = excluded
  return [
    head,
    levelsText(answer.levels ?? [], isMetric ? amount : (value) => `${amount(value)}/s`),
    3 * step > notedSeconds ? `Changes that last less than ${3 * step} s are found in shorter time ranges only.\n` : '',
    reason === undefined ? '' : `${reason}\n`,
    ...missing.map((source) => `There is ${source} in this time.\n`),
    rows.length === 0
      ? `No recorded change between ${timeText(window.from)} and ${timeText(window.to)} UTC preceded it.\n`
      : `\n${textTable(['time (UTC)', 'preceded by', 'score', 'change', 'by', 'relation', 'fields'], rows)}`,
    others === 0 ? '' : `\n${others} more with lower scores; --limit shows more.\n`,
    `\nNot listed: ${noise} noise, ${controllers} by controllers as results, ${unrelated} without a known relation.\n`,
  ].join('')
}

function relationText({ reasons, new_pods: pods }: PrecedingCandidate) {
  return [...reasons.map(reasonText), pods === undefined ? '' : newPodsText(pods)]
    .filter((text) => text !== '')
    .join(', ')
}

const levelNames = { fall: ['fall', 'falls'], rise: ['rise', 'rises'], recovery: ['recovery', 'recoveries'] } as const

/** `4 falls and 4 recoveries:` with their times; `>` marks the explained one. */
function levelsText(levels: readonly ShownLevel[], amount: (value: number) => string) {
  if (levels.length < 2) return ''
  const counts = (['fall', 'rise', 'recovery'] as const).flatMap((kind) => {
    const count = levels.filter((level) => level.kind === kind).length
    return count === 0 ? [] : [`${count} ${levelNames[kind][count === 1 ? 0 : 1]}`]
  })
  const rows = levels.map(({ selected, time, kind, gradual, before, after, workloads }) => [
    selected ? '>' : '',
    timeText(time),
    gradual ? `gradual ${kind}` : kind,
    amount(before),
    amount(after),
    oneLine(workloads.slice(0, 3).join(', ')),
  ])
  const table = textTable(['', 'time (UTC)', 'change', 'before', 'after', 'of'], rows)
  return `\n${new Intl.ListFormat('en').format(counts)}; --at selects another one:\n${table}\n`
}

function beforeText(seconds: number) {
  const text = distanceText(seconds)
  return seconds < 0 ? `${text} after` : text
}
