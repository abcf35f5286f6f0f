import { isMain } from '../kit/main.ts'
import { localBin, ROOT, runCommand } from '../kit/command.ts'
import { runCheckAlone, type Problem } from '../kit/sources.ts'

export async function formatting(root: string): Promise<Problem[]> {
  const result = await runCommand(localBin('oxfmt'), ['--list-different'], { cwd: root, limit: 120_000 })
  const files = result.stdout.split('\n').filter((line) => line !== '')
  if (result.code !== 0 && files.length === 0) throw new Error(`oxfmt failed: ${result.output.slice(0, 2000)}`)
  return files.map((file) => ({ file, message: 'is not formatted: run `npm run format`' }))
}

if (isMain(import.meta.url)) {
  process.argv[2] ??= ROOT
  await runCheckAlone(formatting, 'formatting')
}
