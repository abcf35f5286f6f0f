import { readdirSync } from 'node:fs'

/** Names of what is in a folder of the program itself, sorted. */
export function namesIn(folder: URL): readonly string[] {
  return readdirSync(folder).toSorted()
}
