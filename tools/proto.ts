// Writes src/codecs/kollect/generated. `--baseline` makes proto/ the contract.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './kit/command.ts'
import { isMain } from './kit/main.ts'
import { installBuf } from '../test/real/install/buf.ts'
import { generatedFolder, runBuf } from '../test/real/kit/buf.ts'

async function write({ baseline }: Readonly<{ baseline: boolean }>) {
  const installed = await installBuf()
  if (installed.path === undefined) throw new Error(installed.reason)
  const out = join(ROOT, generatedFolder)
  await rm(out, { recursive: true, force: true })
  for (const args of [
    ['generate', '-o', out],
    ...(baseline ? [['build', '--exclude-source-info', '-o', 'baseline.json']] : []),
  ]) {
    const { code, output } = await runBuf(installed.path, args)
    if (code !== 0) throw new Error(`buf ${args[0]} failed:\n${output}`)
  }
}

if (isMain(import.meta.url)) await write({ baseline: process.argv.includes('--baseline') })
