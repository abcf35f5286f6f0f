import { parseCidr } from '../model/cidr.ts'
import { Complaint, defineSchema, group, list, parseYaml, text, validate, type Problem } from '../schema/index.ts'
import type { NetworkEntry } from './prefix-table.ts'

export interface ScopedEntry extends NetworkEntry {
  readonly scope?: string
}

export type NetworksFile =
  | Readonly<{ entries: readonly ScopedEntry[]; problems?: never }>
  | Readonly<{ problems: string; entries?: never }>

const columns = ['cidr', 'name', 'label', 'scope'] as const
type Row = { readonly [Column in (typeof columns)[number]]: string | null }

const network = group(
  {
    cidr: text({ description: 'A range in CIDR notation, or one address', required: true, example: '10.1.0.0/16' }),
    name: text({ description: 'Name of the holder of these addresses', default: null, example: 'gateway' }),
    label: text({ description: 'Group of the addresses', default: null, example: 'datacenter 1' }),
    scope: text({
      description: 'Cluster or network to which the range applies; default: all',
      default: null,
      example: 'cluster-a',
    }),
  },
  { description: 'One range', required: true, example: { cidr: '10.1.0.0/16', label: 'datacenter 1' } },
  (row) => complaintOf(row),
)

export const networksSchema = defineSchema({
  type: 'networks',
  role: 'setting',
  summary: 'Names of addresses by range: the longest range with a name, or a label, determines it',
  fields: {
    networks: list(network, {
      description: 'Ranges and their names',
      default: [],
      example: [{ cidr: '10.0.0.0/8', label: 'inside' }],
    }),
  },
})

/** Reads a `.csv` file with a header line (`cidr,name,label,scope`), or YAML with a list `networks`. Never throws. */
export function readNetworks(content: string, file: string): NetworksFile {
  return /\.csv$/i.test(file) ? readCsv(content, file) : readYaml(content, file)
}

function readYaml(content: string, file: string): NetworksFile {
  const result = validate(networksSchema, parseYaml(content, file))
  if (result.problems !== undefined) return { problems: describe(result.problems) }
  return { entries: result.value.networks.map(entryOf) }
}

function describe(problems: readonly Problem[]): string {
  const texts = problems
    .slice(0, 3)
    .map(
      ({ file, line, column, path, message, hint }) =>
        [file, line, column, ...(path === '' ? [] : [` ${path}`]), ` ${message}`].join(':') +
        (hint === undefined ? '' : `; ${hint}`),
    )
  return `${texts.join(' | ')}${problems.length > 3 ? ` | and ${problems.length - 3} more` : ''}`
}

function readCsv(content: string, file: string): NetworksFile {
  const location = (line: number) => `${file}:${line}: `
  let header: readonly string[] | undefined
  const entries: ScopedEntry[] = []
  for (const { line, cells } of csvRecords(content)) {
    if (cells === undefined) return { problems: `${location(line)}unterminated quoted field` }
    if (header === undefined) {
      header = cells
      const wrong = cells.find((cell) => !(columns as readonly string[]).includes(cell))
      if (wrong !== undefined)
        return {
          problems:
            `${location(line)}unknown column \`${wrong}\`; the first line names the columns, ` +
            `of ${columns.join(', ')}`,
        }
      if (!cells.includes('cidr'))
        return { problems: `${location(line)}column \`cidr\` is missing; the first line names the columns` }
      continue
    }
    if (cells.length > header.length)
      return { problems: `${location(line)}${cells.length} fields, but the first line names ${header.length} columns` }
    const cell = (column: (typeof columns)[number]) => cells[header?.indexOf(column) ?? -1] || null
    const row = { cidr: cell('cidr'), name: cell('name'), label: cell('label'), scope: cell('scope') }
    const complaint = complaintOf(row)
    if (complaint !== null)
      return {
        problems: `${location(line)}${complaint.message}${complaint.hint === undefined ? '' : `; ${complaint.hint}`}`,
      }
    entries.push(entryOf(row))
  }
  return { entries }
}

function complaintOf(row: Row): Complaint | null {
  if (parseCidr(row.cidr ?? '') === undefined) {
    return new Complaint(
      `\`${row.cidr ?? ''}\` is not a range of addresses`,
      'write it like `10.0.0.0/8` or `2001:db8::/32`',
      ['cidr'],
    )
  }
  return row.name === null && row.label === null ? new Complaint('a range needs a `name` or a `label`') : null
}

function entryOf({ cidr, name, label, scope }: Row): ScopedEntry {
  const range = parseCidr(cidr ?? '')
  if (range === undefined) throw new TypeError(`${cidr} was not checked`)
  return {
    range,
    ...(name === null ? {} : { name }),
    ...(label === null ? {} : { label }),
    ...(scope === null ? {} : { scope }),
  }
}

type CsvRecord = Readonly<{
  line: number
  /** Undefined: a quoted field is open at the end of the file. */
  cells: readonly string[] | undefined
}>

/** RFC 4180; trims spaces, skips empty lines and lines that begin with `#`. */
function* csvRecords(content: string): Generator<CsvRecord> {
  const cell = /[ \t]*(?:"((?:[^"]|"")*)"|([^",\n\r][^,\n\r]*)?)[ \t]*(,|\r?\n|$)/y
  let line = 1
  let at = content.startsWith('\ufeff') ? 1 : 0
  while (at < content.length) {
    const skipped = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y
    skipped.lastIndex = at
    if (skipped.test(content) && skipped.lastIndex > at) {
      at = skipped.lastIndex
      line++
      continue
    }
    const cells: string[] = []
    const begin = line
    for (let end = ','; end === ',';) {
      cell.lastIndex = at
      const match = cell.exec(content)
      if (match === null) return yield { line: begin, cells: undefined }
      const [whole, quoted, plain, separator = ''] = match
      cells.push(quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'))
      line += whole.split('\n').length - 1
      at = cell.lastIndex
      end = separator
    }
    yield { line: begin, cells }
  }
}
