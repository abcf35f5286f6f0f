import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

export type DatabaseValue = SQLInputValue
export type DatabaseStatement = StatementSync

/**
 * A small database in one file of its own, for what must be found again by a key: SQLite, whose commits are on disk when they
 * return. It blocks the thread that asks, so it is for threads that nothing waits for.
 */
export class Database {
  readonly #database: DatabaseSync

  /** Throws when the file is no database, or is damaged where it is looked at first. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path)
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -4096')
  }

  exec(sql: string): void {
    this.#database.exec(sql)
  }

  prepare(sql: string): DatabaseStatement {
    return this.#database.prepare(sql)
  }

  /** All of it or nothing. */
  transaction(act: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      act()
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  close(): void {
    this.#database.close()
  }
}
