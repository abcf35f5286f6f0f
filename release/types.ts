import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { localBin, runCommand } from '../tools/kit/command.ts'
import { listFiles } from '../tools/kit/sources.ts'

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
      join(root, 'release/types.tsconfig.json'),
    ],
    { cwd: root, limit: 120_000 },
  )
  if (emitted.code !== 0) throw new Error(`No types of the package:\n${emitted.output}`)
  // No exported type uses them.
  await rm(join(out, 'src/codecs/kollect/generated'), { recursive: true, force: true })
  for (const file of await listFiles(out, '.', /\.d\.ts$/)) {
    const text = await readFile(join(out, file), 'utf8')
    const zod = posix.relative(dirname(file), 'zod.js')
    await writeFile(
      join(out, file),
      text.replaceAll(/(from '\.[^']+)\.ts'/g, "$1.js'").replaceAll("from 'zod'", `from '${dotted(zod)}'`),
    )
  }
  await cp(join(root, 'release/zod.d.ts.txt'), join(out, 'zod.d.ts'))
}

function dotted(path: string): string {
  return path.startsWith('.') ? path : `./${path}`
}
