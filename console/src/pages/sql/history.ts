/** Statements that were run in this browser, newest first. They stay in it. */
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
    // A browser that keeps nothing has no history; the address still has the statement.
  }
}
