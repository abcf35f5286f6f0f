import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** True when the module with this `import.meta.url` is the program that Node was asked to run. (`import.meta.main` is newer than the oldest Node that we pin.) */
export function isMain(url: string): boolean {
  const program = process.argv[1]
  return program !== undefined && realpathSync(program) === fileURLToPath(url)
}
