import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Replaces a file that other users may read, such as a configuration without secrets. Creates its folders. */
export async function writePublicFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, text, { mode: 0o644, flush: true })
  await rename(`${path}.new`, path)
}
