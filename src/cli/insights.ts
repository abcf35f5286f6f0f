import { Option, type Command } from 'commander'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { parametersOf, timeText } from './scope-flags.ts'
import { printData, withOutput, type OutputFlags, type Row } from './output.ts'
import { oneLine, textTable } from './text-table.ts'
import { examples } from './examples.ts'

interface Flags extends ServerFlags, OutputFlags {
  readonly limit: string
  readonly sort?: string
  readonly traffic?: string
}

type Page = Readonly<{
  next: string | null
  at: string
  total?: number
}>

type List = 'images' | 'packages' | 'problems' | 'facts'

type Listed = Readonly<{
  description: string
  examples: readonly string[]
  columns: readonly string[]
  table: readonly (readonly [head: string, cell: (row: Row) => string])[]
}>

const text = (value: unknown) =>
  typeof value === 'string' ? oneLine(value) : typeof value === 'number' ? String(value) : ''
const joined = (value: unknown) => (Array.isArray(value) ? oneLine(value.join(' ')) : '')
const imageText = (name: unknown, image: unknown) =>
  `${text(name)}${text(name) === '' ? '' : '@'}${text(image).slice(0, 19)}`
const count = (value: unknown) => (typeof value === 'number' ? String(value) : '-')
const running = ['pods', 'clusters', 'namespaces', 'workloads'] as const
const where: Listed['table'] = [
  ['image', (row) => imageText(row['image_name'], row['image'])],
  ['pods', (row) => count(row['pods'])],
  ['workloads', (row) => joined(row['workloads'])],
]

const lists: Readonly<Record<List, Listed>> = {
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
      ['image', (row) => imageText(row['name'], row['image'])],
      ['tags', (row) => joined(row['tags'])],
      ['packages', (row) => count(row['packages'])],
      ...['critical', 'high', 'medium', 'low', 'fixable'].map(
        (name) => [name, (row: Row) => count(row[name])] as const,
      ),
      ['pods', (row) => count(row['pods'])],
      ['workloads', (row) => joined(row['workloads'])],
    ],
  },
  packages: {
    description: 'List packages of images, with the workloads that run them.',
    examples: ["weir packages --text 'log4j 2.14'", "weir packages --filter 'type = npm and pods > 0' -o csv"],
    columns: ['name', 'version', 'type', 'purl', 'licenses', 'image', 'image_name', 'tool', 'valid_from', ...running],
    table: [
      ['name', (row) => text(row['name'])],
      ['version', (row) => text(row['version'])],
      ['type', (row) => text(row['type'])],
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
      ['severity', (row) => text(row['severity'])],
      ['id', (row) => text(row['id'])],
      ['package', (row) => text(row['package'])],
      ['installed', (row) => text(row['version'])],
      ['fixed', (row) => text(row['fixed_version'])],
      ['epss', (row) => (typeof row['epss'] === 'number' ? row['epss'].toFixed(3) : '')],
      ['exposure', (row) => text(row['exposure'])],
      ['kev', (row) => (row['kev'] === true ? 'exploited' : '')],
      ...where,
    ],
  },
  facts: {
    description: 'List facts of images, such as variables, labels and the operating system.',
    examples: ["weir facts --text 'php version'", "weir facts --filter 'category = label and pods > 0' -o csv"],
    columns: ['category', 'name', 'value', 'image', 'image_name', 'tool', 'valid_from', ...running],
    table: [
      ['category', (row) => text(row['category'])],
      ['name', (row) => text(row['name'])],
      ['value', (row) => text(row['value'])],
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
  for (const list of Object.keys(lists) as List[]) {
    const command = withServerFlags(withOutput(program.command(list).description(lists[list].description)))
      .option('--filter <FILTER>', 'filter (see `weir help filters`)')
      .option('--text <WORDS>', 'words that a row must have')
      .option('--image <DIGESTS>', 'digests of images; comma-separated')
      .option('--at <TIME>', 'time: now-1h, ISO 8601 or Unix milliseconds (default: now)')
      .option('--limit <N>', 'maximum number', '100')
      .addHelpText(...examples(lists[list].examples, { 1: 'server unreachable' }))
      .action(action((flags: Flags) => run(list, flags)))
    if (list === 'problems' || list === 'images')
      command.option('--traffic <DURATION>', 'time of the flows that count for the exposure (default: 1h)')
    if (list === 'problems')
      command.addOption(
        new Option('--sort <ORDER>', 'order; priority: exploited, then EPSS').choices(['severity', 'epss', 'priority']),
      )
  }
}

type Diff = Readonly<{
  at: string
  packages: readonly Row[] | null
  problems: readonly Row[] | null
}>

async function runDiff(from: string, to: string, flags: ServerFlags & OutputFlags) {
  const server = await requireServer(flags)
  const query = new URLSearchParams([['from', from], ['to', to], ...parametersOf(flags, ['at'])])
  const diff = await server.json<Diff>('GET', `/api/v1/images/diff?${query.toString()}`)
  const packages = (diff.packages ?? []).map((row) => ({
    change: (row['from'] as []).length === 0 ? 'added' : (row['to'] as []).length === 0 ? 'removed' : 'changed',
    what: text(row['name']),
    type: text(row['type']),
    from: joined(row['from']),
    to: joined(row['to']),
  }))
  const problems = (diff.problems ?? []).map((row) => ({
    change: row['in'] === 'to' ? 'new problem' : 'resolved problem',
    what: text(row['id']),
    type: text(row['severity']),
    from: row['in'] === 'from' ? text(row['package']) : '',
    to: row['in'] === 'to' ? text(row['package']) : '',
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

async function run(list: List, flags: Flags) {
  const server = await requireServer(flags)
  const parameters = parametersOf(flags, ['filter', 'text', 'image', 'at', 'sort', 'traffic', 'limit']).toString()
  const page = await server.json<Page & Readonly<Record<string, unknown>>>('GET', `/api/v1/${list}?${parameters}`)
  const rows = page[list] as readonly Row[]
  await printData(flags, {
    whole: page,
    rows,
    columns: lists[list].columns,
    table: () => listText(list, rows, page),
  })
}

function listText(list: List, rows: readonly Row[], { next, at, total }: Page): string {
  if (rows.length === 0) return `No matching ${list} at ${timeText(at)} UTC.\n`
  const { table } = lists[list]
  const more = next === null ? '' : `\n${total ?? 'More'} in total; --limit shows more.\n`
  return (
    textTable(
      table.map(([head]) => head),
      rows.map((row) => table.map(([, cell]) => cell(row))),
    ) + more
  )
}
