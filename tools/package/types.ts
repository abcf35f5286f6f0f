import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { localBin, runCommand } from '../kit/command.ts'
import { listFiles } from '../kit/sources.ts'

export async function writeTypes(root: string, out: string): Promise<void> {
  const emitted = await runCommand(
    localBin('tsc'),
    [
      '--noEmit',
      'false',
      '--declaration',
      '--emitDeclarationOnly',
      '--outDir',
      out,
      '-p',
      join(root, 'clients/kollect'),
    ],
    { cwd: root, limit: 120_000 },
  )
  if (emitted.code !== 0) throw new Error(`No types of the client:\n${emitted.output}`)
  // No exported type uses them.
  await rm(join(out, 'src/codecs/kollect/generated'), { recursive: true, force: true })
  for (const file of await listFiles(out, '.', /\.d\.ts$/)) {
    const text = await readFile(join(out, file), 'utf8')
    await writeFile(join(out, file), text.replaceAll(/(from '\.[^']+)\.ts'/g, "$1.js'"))
  }
}
