/** The dimensions by which each large file of flows has complete sums beside it (ADR 0038). */
import { endTexts } from '../../model/endpoint.ts'
import { evidenceBits, flowFacts } from '../../model/conversation-lists.ts'
import {
  isAgentSql,
  listeningSides,
  openingSql,
  plainBits,
  serviceEvidence,
  serviceSql,
} from '../../model/service-port.ts'
import { columnsBehind, flowViewColumns } from '../read/views.ts'
import { fileColumns } from '../schema.ts'
import { sharedParts } from './shared-ends.ts'
import { sketchParts } from './sketch-parts.ts'

/** `agent`: SQL of the number that files have for the protocol of NetObserv's agent; null if no row has it. */
type FlowContext = Readonly<{ agent: string | null }>

type ComputedColumn = Readonly<{
  name: string
  type: string
  /** SQL over a row `r` with the columns of a file; columns that the file lacks are NULL. */
  sql: (context: FlowContext) => string
  /** Columns of files from which the value is computed, besides those of the time. */
  reads: readonly string[]
}>

/**
 * To add a dimension, append it: files get it in the background once {@link sumsVersion} is increased. View
 * `flows_by_<name>` then has its columns. Its rows must be far fewer than the flows, or a file goes without it.
 */
export type SumPart = Readonly<{
  name: string
  /** Columns of files of flows. The view has all columns of `flows` that are computed from these alone. */
  keys: readonly string[]
  /** Computed columns, which the view has, too. */
  computed?: readonly ComputedColumn[]
  /** Maximum rows of the part per row of the file, unless there are few rows. Beyond it the part is left out. */
  mostShare?: number
  /** As `mostShare`, of a part with at most 65,536 rows. */
  mostShareOfSmall?: number
  /** Ids are those of `sharedEndsSql`: a request names the part, and filters by these columns alone. */
  exact?: readonly string[]
}>

/** Version of the meaning and the columns of sums. Sums of another version are written again. */
export const sumsVersion = 5
/** Earlier versions from this one on have the same meaning; they may lack parts. */
const readableSince = 2

/** Sums of other versions are not read. */
export function areReadable(sums: Readonly<{ version: number }> | undefined): boolean {
  return sums !== undefined && sums.version >= readableSince && sums.version <= sumsVersion
}

function partOfEnd(end: 'src' | 'dst'): SumPart {
  const texts = endTexts.map((text) => `${end}_${text}`)
  const keys = [`${end}_ep`, `${end}_as`, `${end}_country`, `${end}_node_ep`, ...texts]
  // In an hour of a small site, the part has half as many rows as flows, but far fewer in the sums of its day.
  return { name: end, keys, mostShareOfSmall: 0.75 }
}

const service = ({ agent }: FlowContext) => serviceSql('duckdb', { alias: 'r', agent })

const transferEnds = (['src', 'dst'] as const).flatMap((end) => sharedParts.map((part) => `${end}_${part}`))

/** The part with the fields that prices of transfers depend on. */
export const transferPart: SumPart = {
  name: 'transfers',
  keys: ['src_ep', 'dst_ep', ...transferEnds, 'src_name', 'dst_name', 'cluster', 'node_direction'],
  computed: [
    { name: 'initiator', type: 'VARCHAR', reads: serviceEvidence, sql: (context) => service(context).initiator },
  ],
  exact: [...transferEnds, 'cluster', 'node_direction', 'initiator'],
}

/** Fewer rows first: a query reads the first part with all its columns. */
export const sumParts: readonly SumPart[] = [
  {
    name: 'service',
    keys: ['proto'],
    computed: [
      { name: 'service_port', type: 'USMALLINT', reads: serviceEvidence, sql: (context) => service(context).port },
      { name: 'initiator', type: 'VARCHAR', reads: serviceEvidence, sql: (context) => service(context).initiator },
    ],
  },
  {
    name: 'exporter',
    keys: [
      'exporter_ep',
      'proto',
      'in_if',
      'out_if',
      'direction',
      'node_direction',
      'protocol',
      'record_type',
      'scope',
    ],
  },
  { name: 'src_port', keys: ['src_port'] },
  { name: 'dst_port', keys: ['dst_port'] },
  partOfEnd('src'),
  partOfEnd('dst'),
  ...sketchParts,
  transferPart,
]

const isAgent = (agent: string | null) => (agent === null ? 'false' : isAgentSql('r.protocol', agent))

function evidenceOf({ agent }: FlowContext): string {
  const tests = [
    [openingSql('duckdb', 'r.tcp_flags', isAgent(agent)).opens, evidenceBits.opens],
    [`r.listening_side = ${listeningSides.src}`, evidenceBits.sourceListens],
    [`r.listening_side = ${listeningSides.dst}`, evidenceBits.targetListens],
  ] as const
  return tests.map(([test, bit]) => `CASE WHEN ${test} THEN ${bit} ELSE 0 END`).join(' + ')
}

/** The largest rows of a file by a key that is nearly as frequent as flows. No view of sums has it. */
export const conversationPart: SumPart = {
  name: 'conversations',
  keys: ['src_ep', 'dst_ep', 'src_port', 'dst_port', 'proto', ...flowFacts],
  computed: [
    {
      name: 'flags',
      type: 'USMALLINT',
      reads: ['tcp_flags', 'protocol'],
      sql: ({ agent }) => `CASE WHEN ${isAgent(agent)} THEN r.tcp_flags ELSE r.tcp_flags & ${plainBits} END`,
    },
    { name: 'evidence', type: 'UTINYINT', reads: ['tcp_flags', 'protocol', 'listening_side'], sql: evidenceOf },
    {
      name: 'first',
      type: 'BIGINT',
      reads: ['time_start', 'time_received'],
      sql: () => 'epoch_us(coalesce(r.time_start, r.time_received))',
    },
    {
      name: 'last',
      type: 'BIGINT',
      reads: ['time_end', 'time_received'],
      sql: () => 'epoch_us(coalesce(r.time_end, r.time_received))',
    },
  ],
}

export const sumViewPrefix = 'flows_by_'

export function sumViewOf({ name }: SumPart): string {
  return sumViewPrefix + name
}

/** Names and types of the columns of all parts, in files of sums. */
export const sumColumns: ReadonlyMap<string, string> = new Map([
  ...fileColumns.flows
    .filter(({ name }) => sumParts.some(({ keys }) => keys.includes(name)))
    .map(({ name, type }) => [name, type] as const),
  ...sumParts.flatMap(({ computed = [] }) => computed.map(({ name, type }) => [name, type] as const)),
])

const inFiles = new Set(fileColumns.flows.map(({ name }) => name))

/** Columns of the view of a part. */
export function viewColumnsOf({ keys, computed = [] }: SumPart): readonly string[] {
  const names = computed.map(({ name }) => name)
  const isComputed = (column: string) =>
    [...columnsBehind([column])].every((name) => keys.includes(name) || !inFiles.has(name)) &&
    [...columnsBehind([column])].some((name) => inFiles.has(name))
  return [...flowViewColumns.filter((column) => !names.includes(column) && isComputed(column)), ...names]
}

const columnsOfParts = new Map(sumParts.map((part) => [part, new Set(viewColumnsOf(part))]))

/** The smallest part with all columns of `flows` that a request reads. */
export function sumPartWith(columns: readonly string[]): SumPart | undefined {
  return sumParts.find(
    (part) => part.exact === undefined && columns.every((column) => columnsOfParts.get(part)?.has(column)),
  )
}
