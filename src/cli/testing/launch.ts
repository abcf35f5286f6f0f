import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand, type CommandResult } from '../../../tools/kit/command.ts'

export function launch(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<CommandResult> {
  return runCommand(process.execPath, [join(ROOT, 'bin/weir.mjs'), ...args], { limit: 60_000, ...options })
}

export async function goldenData(data: string, name: string, version = 'v1'): Promise<string> {
  await mkdir(data, { recursive: true })
  await cp(join(ROOT, 'src/journal/fixtures', version, name), join(data, 'journal'), {
    recursive: true,
    filter: (path) => !path.endsWith('.json'),
  })
  return data
}
