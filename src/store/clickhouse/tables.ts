/** Names of the tables and views of a store. */
import { name } from './sql.ts'

export type StoreNames = Readonly<{
  database: string
  table_prefix: string
}>

/** A table of the sink: `flows`, `events`, `flows_1h`. */
export function tableOf({ database, table_prefix: prefix }: StoreNames, kind: string): string {
  return `${name(database)}.${name(prefix + kind)}`
}

export function viewOf({ database }: StoreNames, view: string): string {
  return `${name(database)}.${name(view)}`
}
