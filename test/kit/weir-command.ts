import { join } from 'node:path'
import { ROOT, runCommand, type CommandResult } from '../../tools/kit/command.ts'

export function weirCommand(...args: string[]): Promise<CommandResult> {
  return runCommand(join(ROOT, 'node_modules/.bin/node'), [join(ROOT, 'bin/weir.mjs'), ...args], { limit: 60_000 })
}
