const place = 'weir.sql.history'
const most = 50

export function pastStatements(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}

export function keepStatement(sql: string): void {
  try {
    localStorage.setItem(
      place,
      JSON.stringify([sql, ...pastStatements().filter((each) => each !== sql)].slice(0, most)),
    )
  } catch {
    // Without storage there is no history.
  }
}
