import { Option, type Command } from 'commander'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { parametersOf, timeText } from './scope-flags.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { oneLine, textTable } from './text-table.ts'
import type { ImageDiff, InsightPage, InsightRows, ListedRows } from '../topics/insights/schema.ts'
import { examples } from './examples.ts'

interface Flags extends ServerFlags, OutputFlags {
  readonly limit: string
  readonly sort?: string
  readonly traffic?: string
}

type Cell<Row> = readonly [head: string, cell: (row: Row) => string]

type Listed<Row> = Readonly<{
  description: string
  examples: readonly string[]
  columns: readonly (keyof Row & string)[]
  table: readonly Cell<Row>[]
}>

const text = (value: string | null) => oneLine(value ?? '')
const joined = (values: readonly string[]) => oneLine(values.join(' '))
const imageText = (name: string | null, image: string) =>
  `${text(name)}${text(name) === '' ? '' : '@'}${text(image).slice(0, 19)}`
const count = (value: number | null) => (value === null ? '-' : String(value))
const running = ['pods', 'clusters', 'namespaces', 'workloads'] as const
const where: readonly Cell<InsightRows['packages' | 'problems' | 'facts']>[] = [
  ['image', (row) => imageText(row.image_name, row.image)],
  ['pods', (row) => count(row.pods)],
  ['workloads', (row) => joined(row.workloads)],
]

type InsightList = keyof ListedRows
const lists: { readonly [List in InsightList]: Listed<ListedRows[List]> } = {
  images: {
    description: 'List images with their problems and the workloads that run them.',
    examples: ["weir images --filter 'critical > 0 and pods > 0'", "weir images --filter 'scanned = false'"],
    columns: [
      'image',
      'name',
      'tags',
      'tools',
      'packages',
      'findings',
      'fixable',
      'critical',
      'high',
      'scanned',
      ...running,
    ],
    table: [
      ['image', (row) => imageText(row.name, row.image)],
      ['tags', (row) => joined(row.tags)],
      ['packages', (row) => count(row.packages)],
      ...(['critical', 'high', 'medium', 'low', 'fixable'] as const).map((name): Cell<InsightRows['images']> => [
        name,
        (row) => count(row[name]),
      ]),
      ['pods', (row) => count(row.pods)],
      ['workloads', (row) => joined(row.workloads)],
    ],
  },
  packages: {
    description: 'List packages of images, with the workloads that run them.',
    examples: ["weir packages --text 'log4j 2.14'", "weir packages --filter 'type = npm and pods > 0' -o csv"],
    columns: ['name', 'version', 'type', 'purl', 'licenses', 'image', 'image_name', 'tool', 'valid_from', ...running],
    table: [
      ['name', (row) => text(row.name)],
      ['version', (row) => text(row.version)],
      ['type', (row) => text(row.type)],
      ...where,
    ],
  },
  problems: {
    description: 'List problems in packages of images, worst first, with the workloads that they affect.',
    examples: [
      "weir problems --filter 'severity = CRITICAL and exists(fixed_version) and pods > 0'",
      'weir problems --text CVE-2021-44228',
      "weir problems --sort priority --filter 'exposure = external and (kev = true or epss > 0.1)' --traffic 7d",
    ],
    columns: [
      'id',
      'aliases',
      'severity',
      'score',
      'package',
      'version',
      'fixed_version',
      'epss',
      'kev',
      'exposure',
      'image',
      'image_name',
      'tool',
      'valid_from',
      ...running,
    ],
    table: [
      ['severity', (row) => text(row.severity)],
      ['id', (row) => text(row.id)],
      ['package', (row) => text(row.package)],
      ['installed', (row) => text(row.version)],
      ['fixed', (row) => text(row.fixed_version)],
      ['epss', (row) => row.epss?.toFixed(3) ?? ''],
      ['exposure', (row) => text(row.exposure)],
      ['kev', (row) => (row.kev === true ? 'exploited' : '')],
      ...where,
    ],
  },
  flaws: {
    description: 'List problems, a row for each with all its images, those that traffic reaches first.',
    examples: [
      "weir flaws --filter 'pods > 0 and exists(fixed_version)'",
      'weir flaws --sort priority --traffic 7d -o csv',
    ],
    columns: [
      'id',
      'aliases',
      'severity',
      'score',
      'packages',
      'fixed_versions',
      'waived',
      'epss',
      'kev',
      'exposure',
      'images',
      'image_names',
      'findings',
      'fixable',
      ...running,
    ],
    table: [
      ['severity', (row) => text(row.severity)],
      ['id', (row) => text(row.id)],
      ['packages', (row) => joined(row.packages)],
      ['fixed', (row) => joined(row.fixed_versions)],
      ['epss', (row) => row.epss?.toFixed(3) ?? ''],
      ['exposure', (row) => text(row.exposure)],
      ['kev', (row) => (row.kev === true ? 'exploited' : '')],
      ['waived', (row) => (row.waived ? 'waived' : '')],
      ['images', (row) => count(row.images)],
      ['pods', (row) => count(row.pods)],
      ['workloads', (row) => joined(row.workloads)],
    ],
  },
  facts: {
    description: 'List facts of images, such as variables, labels and the operating system.',
    examples: ["weir facts --text 'php version'", "weir facts --filter 'category = label and pods > 0' -o csv"],
    columns: ['category', 'name', 'value', 'image', 'image_name', 'tool', 'valid_from', ...running],
    table: [
      ['category', (row) => text(row.category)],
      ['name', (row) => text(row.name)],
      ['value', (row) => text(row.value)],
      ...where,
    ],
  },
}

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('image-diff <FROM> <TO>')
        .description('List packages and problems that differ between two images, by their digests.'),
    ),
  )
    .option('--at <TIME>', 'time: now-1h, ISO 8601 or Unix milliseconds (default: now)')
    .addHelpText(
      ...examples(
        ['weir image-diff sha256:0a1b… sha256:2c3d…', 'weir image-diff sha256:0a1b… sha256:2c3d… --at now-1d -o json'],
        { 1: 'server unreachable or image unknown' },
      ),
    )
    .action(action((from: string, to: string, flags: ServerFlags & OutputFlags) => runDiff(from, to, flags)))
  for (const list of Object.keys(lists) as InsightList[]) {
    const command = withServerFlags(withOutput(program.command(list).description(lists[list].description)))
      .option('--filter <FILTER>', 'filter (see `weir help filters`)')
      .option('--text <WORDS>', 'words that a row must have')
      .option('--image <DIGESTS>', 'digests of images; comma-separated')
      .option('--at <TIME>', 'time: now-1h, ISO 8601 or Unix milliseconds (default: now)')
      .option('--limit <N>', 'maximum number', '100')
      .addHelpText(...examples(lists[list].examples, { 1: 'server unreachable' }))
      .action(action((flags: Flags) => run(list, flags)))
    if (list !== 'packages' && list !== 'facts')
      command.option('--traffic <DURATION>', 'time of the flows that count for the exposure (default: 1h)')
    if (list === 'problems')
      command.addOption(
        new Option('--sort <ORDER>', 'order; priority: exploited, then EPSS').choices(['severity', 'epss', 'priority']),
      )
    if (list === 'flaws')
      command.addOption(
        new Option('--sort <ORDER>', 'order; reach: most exposed, exploited, then severity').choices([
          'reach',
          'severity',
          'epss',
          'priority',
        ]),
      )
  }
}

async function runDiff(from: string, to: string, flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const query = new URLSearchParams([['from', from], ['to', to], ...parametersOf(flags, ['at'])])
  const diff = await server.json<ImageDiff>('GET', `/api/v1/images/diff?${query.toString()}`)
  const packages = (diff.packages ?? []).map(({ name, type, from: before, to: after }) => ({
    change: before.length === 0 ? 'added' : after.length === 0 ? 'removed' : 'changed',
    what: text(name),
    type: text(type),
    from: joined(before),
    to: joined(after),
  }))
  const problems = (diff.problems ?? []).map(({ id, severity, package: name, in: side }) => ({
    change: side === 'to' ? 'new problem' : 'resolved problem',
    what: text(id),
    type: severity,
    from: side === 'from' ? text(name) : '',
    to: side === 'to' ? text(name) : '',
  }))
  const rows = [...packages, ...problems]
  const columns = ['change', 'what', 'type', 'from', 'to'] as const
  const unknown = [
    ...(diff.packages === null ? ['One of the images has no report with packages.'] : []),
    ...(diff.problems === null ? ['One of the images was not scanned for problems.'] : []),
  ]
  const notes = unknown.map((sentence) => `${sentence}\n`).join('')
  await printData(flags, {
    whole: diff,
    rows,
    columns,
    table: () => {
      if (rows.length === 0) return unknown.length > 0 ? notes : 'No package or problem differs.\n'
      return (
        textTable(
          columns,
          rows.map((row) => columns.map((name) => row[name])),
        ) + notes
      )
    },
  })
}

async function run<List extends InsightList>(list: List, flags: Flags) {
  const server = await requireServer(flags)
  const parameters = parametersOf(flags, ['filter', 'text', 'image', 'at', 'sort', 'traffic', 'limit']).toString()
  const page = await server.json<InsightPage<List>>('GET', `/api/v1/${list}?${parameters}`)
  const listed: Listed<ListedRows[List]> = lists[list]
  const rows = page[list]
  const table = (): string => {
    if (rows.length === 0) return `No matching ${list} at ${timeText(page.at)} UTC.\n`
    const more = page.next === null ? '' : `\n${page.total ?? 'More'} in total; --limit shows more.\n`
    const lines = rows.map((row) => listed.table.map(([, cell]) => cell(row)))
    return (
      textTable(
        listed.table.map(([head]) => head),
        lines,
      ) + more
    )
  }
  await printData(flags, { whole: page, rows, columns: listed.columns, table })
}
