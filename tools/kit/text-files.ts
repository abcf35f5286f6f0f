import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { listFiles } from './sources.ts'

export interface TextFile {
  readonly path: string
  readonly text: string
}

const GENERATED = /(?:^|\/)(?:fixtures|generated|pictures)\/|_pb\.ts$/

/** Tracked or untracked by Git; without generated files and fixtures. */
export async function textFiles(root: string, matches: RegExp): Promise<TextFile[]> {
  const files: TextFile[] = []
  for (const path of await pathsIn(root, matches)) {
    if (!matches.test(path) || GENERATED.test(path)) continue
    const text = await readFile(join(root, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (text !== undefined) files.push({ path, text })
  }
  return files
}

async function pathsIn(root: string, matches: RegExp): Promise<string[]> {
  const args = ['-C', root, 'ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const tracked = await runCommand('git', args, { limit: 60_000 })
  // A tree inside the ignored folder of another checkout has no tracked files.
  if (tracked.code !== 0 || tracked.stdout === '') return listFiles(root, '.', matches)
  return [...new Set(tracked.stdout.split('\0'))].filter((path) => path !== '').toSorted()
}
