/** Columns of views `changes` and `audit` for live events, as a batch that the live evaluator reads. */
import { auditColumns, auditFieldsOf, bodyOf, type AuditColumn } from '../model/audit-columns.ts'
import type { EventBatch, FlowBatch } from '../model/batches.ts'
import type { Column } from '../model/columns.ts'
import { DictionaryBuilder } from '../model/dictionary.ts'
import { eventAt, eventId } from '../model/events.ts'
import { fieldsOf, isRecord, type Fields } from '../model/json.ts'
import { kubernetesTypes } from '../model/kubernetes.ts'
import { parseKubernetesRef } from '../model/refs.ts'

/** The store joins them from audit logs, so they are unknown on delivery. */
export const joinedColumns: ReadonlySet<string> = new Set(['actor', 'actor_kind', 'actor_ref', 'audit_id'])

/** `fields`: the columns to fill. Rows of other families stay empty. */
export function bodyColumns(
  view: 'changes' | 'audit',
  batch: EventBatch,
  fields: ReadonlySet<string>,
  rows: (row: number) => boolean,
): FlowBatch {
  const words = new DictionaryBuilder()
  const columns: Record<string, Column> = {}
  const parts: Filling = { batch, fields, words, columns }
  const fill = view === 'changes' ? changeCells(parts) : auditCells(parts)
  for (let row = 0; row < batch.count; row++) if (rows(row)) fill(row)
  if (fields.has('time')) columns['time'] = { kind: 'time', values: batch.time }
  for (const [name, column] of Object.entries(columns)) if (isOpen(column)) columns[name] = closed(column)
  return { kind: 'flows', count: batch.count, dictionary: words.strings, columns }
}

type Filling = Readonly<{
  batch: EventBatch
  fields: ReadonlySet<string>
  words: DictionaryBuilder
  columns: Record<string, Column>
}>

type Fill = (row: number) => void

function auditCells(parts: Filling): Fill {
  const { batch, fields } = parts
  const put = texts(parts)
  const inBody = auditColumns.some((name) => fields.has(name))
  return (row) => {
    put(row, 'resource', text(batch, batch.ref, row))
    put(row, 'source', text(batch, batch.source, row))
    put(row, 'type', text(batch, batch.type, row))
    if (fields.has('id')) put(row, 'id', eventId(batch, row))
    if (!inBody) return
    const auditFields = auditFieldsOf(eventAt(batch, row))
    for (const name of auditColumns) put(row, name, auditFields[name as AuditColumn])
  }
}

const operations: Readonly<Record<string, string>> = {
  [kubernetesTypes.created]: 'created',
  [kubernetesTypes.updated]: 'updated',
  [kubernetesTypes.deleted]: 'deleted',
}
const fromBody = ['manager', 'coalesced', 'initial', 'noise', 'paths', 'diff', 'old', 'new', 'resource_version', 'text']

function changeCells(parts: Filling): Fill {
  const { batch, fields } = parts
  const put = texts(parts)
  const flag = flags(parts)
  const list = lists(parts)
  const parsed = fromBody.some((name) => fields.has(name))
  return (row) => {
    const ref = text(batch, batch.ref, row)
    const object = ref === undefined ? undefined : parseKubernetesRef(ref)
    put(row, 'ref', ref)
    put(row, 'subject', text(batch, batch.subject, row))
    put(row, 'cluster', object?.cluster)
    put(row, 'api_group', object?.group)
    put(row, 'kind', object?.kind)
    put(row, 'namespace', object?.namespace === '' ? undefined : object?.namespace)
    put(row, 'name', object?.name)
    put(row, 'uid', text(batch, batch.key, row)?.split('/')[1])
    put(row, 'operation', operations[text(batch, batch.type, row) ?? ''])
    if (!parsed) return
    const data = bodyOf(eventAt(batch, row))
    const manager = stringIn(fieldsOf(data['actor'])['manager'])
    const patch = Array.isArray(data['patch']) ? (data['patch'] as readonly unknown[]) : undefined
    const diff = patch === undefined ? undefined : JSON.stringify(patch)
    put(row, 'manager', manager)
    put(row, 'diff', diff)
    put(row, 'resource_version', stringIn(data['resourceVersion']))
    for (const name of ['old', 'new']) put(row, name, jsonIn(data, name))
    flag(row, 'coalesced', data['coalesced'] === true)
    flag(row, 'initial', data['initial'] === true)
    list(row, 'noise', Array.isArray(data['noise']) ? data['noise'] : [])
    list(
      row,
      'paths',
      (patch ?? []).flatMap((step) => (isRecord(step) ? [step['path']] : [])),
    )
    if (fields.has('text'))
      put(
        row,
        'text',
        [object?.name, object?.namespace === '' ? undefined : object?.namespace, object?.kind, manager, diff]
          .filter((part) => part !== undefined)
          .join(' '),
      )
  }
}

function texts({
  batch,
  fields,
  words,
  columns,
}: Filling): (row: number, name: string, value: string | undefined) => void {
  return (row, name, value) => {
    if (value === undefined || !fields.has(name)) return
    const column = (columns[name] ??= { kind: 'dict', codes: new Uint32Array(batch.count) })
    if (column.kind === 'dict') column.codes[row] = words.code(value)
  }
}

function flags({ batch, fields, columns }: Filling): (row: number, name: string, value: boolean) => void {
  return (row, name, value) => {
    if (!fields.has(name)) return
    const column = (columns[name] ??= { kind: 'u8', values: new Uint8Array(batch.count) })
    if (column.kind === 'u8') column.values[row] = Number(value)
  }
}

type OpenList = Readonly<{
  kind: 'list<dict>'
  offsets: Uint32Array
  items: Uint32Array
  open: Readonly<{ row: number; code: number }>[]
}>

function lists({ fields, words, columns }: Filling): (row: number, name: string, values: readonly unknown[]) => void {
  return (row, name, values) => {
    if (!fields.has(name)) return
    const column = (columns[name] ??= {
      kind: 'list<dict>',
      offsets: new Uint32Array(0),
      items: new Uint32Array(0),
      open: [],
    } as OpenList)
    if (isOpen(column))
      for (const value of values) if (typeof value === 'string') column.open.push({ row, code: words.code(value) })
  }
}

function isOpen(column: Column | OpenList): column is OpenList {
  return 'open' in column
}

function closed({ open }: OpenList): Column {
  const rows = (open.at(-1)?.row ?? -1) + 1
  const offsets = new Uint32Array(rows + 1)
  for (const { row } of open) offsets[row + 1] = (offsets[row + 1] ?? 0) + 1
  for (let row = 0; row < rows; row++) offsets[row + 1] = (offsets[row + 1] ?? 0) + (offsets[row] ?? 0)
  return { kind: 'list<dict>', offsets, items: Uint32Array.from(open, ({ code }) => code) }
}

function text({ dictionary }: EventBatch, codes: Uint32Array, row: number): string | undefined {
  const code = codes[row] ?? 0
  return code === 0 ? undefined : dictionary[code]
}

function stringIn(value: unknown) {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function jsonIn(data: Fields, name: string): string | undefined {
  const value = data[name]
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}
