import { readdirSync } from 'node:fs'

export function namesIn(folder: URL): readonly string[] {
  return readdirSync(folder).toSorted()
}
