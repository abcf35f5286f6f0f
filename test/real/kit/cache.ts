import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A folder outside the repository for what real servers need (packages, unpacked releases); kept between runs. */
export function cacheFolder(name: string): string {
  const folder = join(process.env['WEIR_CACHE'] ?? join(homedir(), '.cache', 'weir-real'), name)
  mkdirSync(folder, { recursive: true })
  return folder
}
