const storageKey = 'weir.sql.history'
const most = 50

export function pastStatements(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]')
    return Array.isArray(kept) ? kept.filter((statement) => typeof statement === 'string') : []
  } catch {
    return []
  }
}

export function keepStatement(sql: string): void {
  try {
    localStorage.setItem(
      storageKey,
      JSON.stringify([sql, ...pastStatements().filter((statement) => statement !== sql)].slice(0, most)),
    )
  } catch {
    // Without storage there is no history.
  }
}
