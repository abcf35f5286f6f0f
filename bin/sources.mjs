// Decides whether the bundle of a checkout is up to date. Plain JavaScript, because every start runs it.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Hash over path, size and time of every source file: an edit, an older file or a missing one gives another. */
export function sourcesState(root) {
  const hash = createHash('sha256')
  const add = (path) => {
    const { size, mtimeMs } = statSync(join(root, path))
    hash.update(`${path}\n${size}\n${mtimeMs}\n`)
  }
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else if (/(?<!\.test)\.ts$/.test(entry.name)) add(path)
    }
  }
  add('package-lock.json')
  walk('src')
  return hash.digest('hex')
}

/** Holds the source state of the bundle; written after the bundle is complete. */
export const stateFile = (root) => join(root, 'dist/sources')

export function bundleIsCurrent(root) {
  try {
    return readFileSync(stateFile(root), 'utf8') === sourcesState(root)
  } catch {
    // No bundle, or no checkout.
    return false
  }
}
