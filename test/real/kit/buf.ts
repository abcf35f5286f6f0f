// What buf makes of proto/: the code of src/codecs/kollect/generated, lint, and what would break a reader.
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { ROOT, runCommand, type CommandResult } from '../../../tools/kit/command.ts'
import { listFiles } from '../../../tools/kit/sources.ts'

export const protoFolder = join(ROOT, 'proto')
export const generatedFolder = 'src/codecs/kollect/generated'

/** `bin`: the folder that `installBuf` found. */
export function runBuf(bin: string, args: readonly string[]): Promise<CommandResult> {
  return runCommand(join(bin, 'buf'), args, {
    limit: 120_000,
    cwd: protoFolder,
    env: { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
  })
}

/** Every file below the folder with its text, by its path there. */
export async function texts(root: string, folder: string): Promise<Record<string, string>> {
  const paths = await listFiles(root, folder, /\.ts$/)
  return Object.fromEntries(
    await Promise.all(
      paths
        .toSorted()
        .map(async (path) => [path.slice(folder.length + 1), await readFile(join(root, path), 'utf8')] as const),
    ),
  )
}
