import type { StoreReader } from '../../engine/control.ts'

/** Records statements. Those that contain `text` wait for the result of `before`. */
export function watchedStore(reader: StoreReader, text: string) {
  const watched = {
    statements: [] as string[],
    before: () => Promise.resolve(),
    store: {
      async query(sql, format, signal) {
        if (sql.includes(text)) await watched.before()
        watched.statements.push(sql)
        return reader.query(sql, format, signal)
      },
      edges: (query, signal) => reader.edges(query, signal),
    } satisfies StoreReader,
  }
  return watched
}
