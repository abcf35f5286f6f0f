import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** `import.meta.main` is newer than the oldest pinned Node. */
export function isMain(url: string): boolean {
  const program = process.argv[1]
  return program !== undefined && realpathSync(program) === fileURLToPath(url)
}
