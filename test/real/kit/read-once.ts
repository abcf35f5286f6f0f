import type { WeirProcess } from '../../kit/weir-process.ts'

interface Row {
  readonly id: string
  readonly key: string
  readonly n: number
}

/** Ids of events of the type, and keys with events out of order in the journal. */
export async function readOnce(
  weir: WeirProcess,
  type: string,
): Promise<{ readonly ids: readonly string[]; readonly disordered: readonly string[] }> {
  const rows = await weir.sql<Row>(
    `SELECT id, key, (data->>'n')::INT AS n FROM events WHERE type = '${type}' ORDER BY ` +
      `list_transform(string_split(_pos, ':')[2:], x -> x::BIGINT)`,
  )
  const last = new Map<string, number>()
  const disordered = new Set<string>()
  for (const { key, n } of rows) {
    if (n < (last.get(key) ?? 0)) disordered.add(key)
    last.set(key, n)
  }
  return { ids: rows.map(({ id }) => id).toSorted(), disordered: [...disordered] }
}
