import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { startStored, type StoredApi } from './stored.ts'

/** `directory`: of the store, removed after the test. */
export type Observed = StoredApi & Readonly<{ statements: string[]; directory: string }>

/** An API that records the statements of its store. */
export async function startObserved(): Promise<Observed> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-observed-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const api = await startStored({}, { directory })
  const statements: string[] = []
  const store = api.control.store!
  const query = store.query.bind(store)
  store.query = (sql, ...more) => {
    statements.push(sql)
    return query(sql, ...more)
  }
  return { ...api, statements, directory }
}
