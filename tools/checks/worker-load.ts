// Each thread loads packages again: zod and yaml (10 MB each) belong to the main thread.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { importsIn, type Import } from '../kit/imports.ts'
import { isTestFile, listFiles, TYPESCRIPT, type Problem } from '../kit/sources.ts'

const BEGINNINGS =
  /^src\/(?:app\/workers\/[^/]+|connectors\/[^/]+\/(?:source|sink|journal)|transforms\/[^/]+\/index)\.ts$/
const NOT_IN_THREADS = ['zod', 'yaml']

export async function workerLoad(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  const cache = new Map<string, readonly Import[]>()
  const importsAt = async (path: string) => {
    const imported = cache.get(path) ?? (await importsIn(root, path))
    cache.set(path, imported)
    return imported
  }
  for (const beginning of (await listFiles(root, 'src', TYPESCRIPT)).filter(
    (path) => BEGINNINGS.test(path) && !isTestFile(path),
  )) {
    const ways = new Map([[beginning, beginning]])
    const reported = new Set<string>()
    for (const [path, way] of ways) {
      for (const { specifier, target, typeOnly, later, line } of await importsAt(path)) {
        if (typeOnly || later) continue
        if (NOT_IN_THREADS.includes(specifier) && !reported.has(specifier)) {
          reported.add(specifier)
          problems.push({
            file: path,
            line,
            message:
              `threads may not load ${specifier}, and this one does: ${way}. Take values from ` +
              'schema/values.ts, import the rest as types, or load it when it is needed',
          })
        }
        if (target !== undefined && !ways.has(target) && existsSync(join(root, target)))
          ways.set(target, `${way} → ${target}`)
      }
    }
  }
  return problems
}
