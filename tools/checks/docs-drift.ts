// Compares generated documents; `--write` updates them.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { generatedFiles, type GeneratedFile } from '../docs/generate-docs.ts'
import { isMain } from '../kit/main.ts'
import { ROOT } from '../kit/command.ts'
import { formatProblem, type Problem } from '../kit/sources.ts'

export async function docsDrift(root: string, files: readonly GeneratedFile[] = generatedFiles): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const file of files) {
    const wanted = await file.generate()
    const present = await readFile(join(root, file.path), 'utf8').catch(() => undefined)
    if (present === wanted) continue
    const line = present === undefined ? undefined : firstDifference(present, wanted)
    problems.push({
      file: file.path,
      ...(line === undefined ? {} : { line }),
      message:
        `${present === undefined ? 'is missing' : 'differs from the code'}: run \`npm run docs\` and commit ` +
        'the result',
    })
  }
  return problems
}

export async function writeDocs(root: string, files: readonly GeneratedFile[] = generatedFiles): Promise<string[]> {
  const stale = new Set((await docsDrift(root, files)).map((problem) => problem.file))
  for (const file of files) {
    if (!stale.has(file.path)) continue
    await mkdir(dirname(join(root, file.path)), { recursive: true })
    await writeFile(join(root, file.path), await file.generate())
  }
  return [...stale]
}

function firstDifference(a: string, b: string) {
  const left = a.split('\n')
  const right = b.split('\n')
  const at = left.findIndex((line, index) => line !== right[index])
  return (at === -1 ? left.length : at) + 1
}

if (isMain(import.meta.url)) {
  if (process.argv.includes('--write')) {
    for (const path of await writeDocs(ROOT)) console.log(`wrote ${path}`)
  } else {
    const problems = await docsDrift(ROOT)
    for (const problem of problems) console.error(formatProblem(problem))
    process.exitCode = problems.length === 0 ? 0 : 1
  }
}
