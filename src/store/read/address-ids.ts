/** Tests of addresses by the ids in files: comparing ids needs no join of addresses to all rows. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { nodeColumns } from '../../model/endpoint.ts'
import { isRecord } from '../../model/json.ts'
import type { EndpointIds } from './endpoint-ids.ts'
import type { Selection } from './newest.ts'
import { endpointIds, everyAddress, type ViewInput } from './views.ts'

/** Texts by the number that stands for their ids. */
export type MarkedTexts = ReadonlyMap<number, readonly string[]>

/** Ids are positive. */
const firstMarker = -9_000_000_000_000_001
const noId = -1
const maxTexts = 100
const maxIds = 1000

/** Undefined if no test can be replaced. */
export function markAddresses(condition: unknown): Readonly<{ condition: unknown; texts: MarkedTexts }> | undefined {
  if (JSON.stringify(condition).includes('-9000000000000')) return undefined
  const texts = new Map<number, readonly string[]>()
  const replaced = (test: unknown): unknown => {
    // Below NOT, a row without an address would differ.
    if (isRecord(test) && test['class'] === 'CONJUNCTION' && Array.isArray(test['children']))
      return { ...test, children: test['children'].map(replaced) }
    const addressed = addressTest(test)
    if (addressed === undefined) return test
    const marker = firstMarker - texts.size
    texts.set(marker, addressed.texts)
    return isInSql(addressed.column, marker)
  }
  const rewritten = replaced(condition)
  const count = [...texts.values()].reduce((sum, text) => sum + text.length, 0)
  return count === 0 || count > maxTexts ? undefined : { condition: rewritten, texts }
}

function addressTest(test: unknown): Readonly<{ column: string; texts: readonly string[] }> | undefined {
  if (!isRecord(test)) return undefined
  const sides =
    test['type'] === 'COMPARE_EQUAL'
      ? [test['left'], test['right']]
      : test['type'] === 'COMPARE_IN' && Array.isArray(test['children'])
        ? (test['children'] as unknown[])
        : []
  const [column, ...values] = sides
  if (!isRecord(column) || column['class'] !== 'COLUMN_REF' || !Array.isArray(column['column_names'])) return undefined
  const field = String(column['column_names'].at(-1)).toLowerCase()
  const texts = values.map((value) =>
    isRecord(value) && value['class'] === 'CONSTANT' && isRecord(value['value']) ? value['value']['value'] : undefined,
  )
  const isAddress = everyAddress.has(field) && !nodeColumns.has(field)
  return isAddress && texts.length > 0 && texts.every((text) => typeof text === 'string')
    ? { column: endpointIds(field), texts }
    : undefined
}

function isInSql(column: string, marker: number): unknown {
  const value = { type: { id: 'BIGINT', type_info: null }, is_null: false, value: marker }
  return {
    class: 'OPERATOR',
    type: 'COMPARE_IN',
    alias: '',
    children: [
      { class: 'COLUMN_REF', type: 'COLUMN_REF', alias: '', column_names: [column] },
      { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias: '', value },
    ],
  }
}

/** The selection with ids of its addresses, if they are few. */
export async function selectionByIds(
  connection: DuckDBConnection,
  knownEndpointIds: EndpointIds,
  selection: Selection,
  input: ViewInput,
): Promise<Selection> {
  const { byIds } = selection
  const files = input.files.filter(({ stream }) => stream === 'endpoints')
  if (byIds === undefined || files.length === 0) return selection
  const listed = [...new Set([...byIds.texts.values()].flat())]
  const results = await knownEndpointIds.find(connection, files, { part: 'addr', texts: listed, maxIds })
  if (results === undefined) return selection
  let { sql } = byIds
  for (const [marker, texts] of byIds.texts) {
    const ids = [...new Set(results.flatMap(({ text, id }) => (texts.includes(text) ? [id] : [])))]
    sql = sql.replaceAll(String(marker), ids.length === 0 ? String(noId) : ids.join(', '))
  }
  return { ...selection, ...byIds, sql }
}
