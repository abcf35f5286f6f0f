import { DatabaseSync, type StatementSync } from 'node:sqlite'

export type DatabaseStatement = StatementSync

/** Commits are durable when they return. It blocks the calling thread. */
export class Database {
  readonly #database: DatabaseSync

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
