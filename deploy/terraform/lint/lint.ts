// Finds settings of a stack that validate and have no effect, or the wrong one. `npm run lint:terraform FOLDER…`
// reads HCL; a file `*.json` has the outputs of modules/render.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stackOfFolder } from './from-hcl.ts'
import { stackOfRendered, type Rendered } from './from-render.ts'
import type { Finding, Stack } from './model.ts'
import { chartRules } from './rules/charts.ts'
import { clusterRules } from './rules/cluster.ts'
import { datasourceRules } from './rules/datasources.ts'
import { fileRules } from './rules/files.ts'

const rules = [...clusterRules, ...chartRules, ...datasourceRules, ...fileRules]

export function lintStack(stack: Stack): Finding[] {
  return rules.flatMap((rule) => rule(stack))
}

/** Chart and image versions of a lock file. */
export function lintLock(content: string, file: string): Finding[] {
  const charts = JSON.parse(content) as Record<string, { version?: string; image?: { tag?: string } }>
  return Object.entries(charts).flatMap(([name, { version = '', image }]) => [
    ...(/^v?\d+\.\d+\.\d+(?:[-+][\w.-]+)?$/.test(version)
      ? []
      : [{ rule: 'PIN', file, key: `${name}.version`, message: `${name} has no exact chart version` }]),
    ...(/^(?:|latest)$/.test(image?.tag ?? '')
      ? [{ rule: 'PIN', file, key: `${name}.image.tag`, message: `${name} has no image tag, or latest` }]
      : []),
  ])
}

/** Every folder of HCL below this one except `fixtures`, and its `charts.lock.json`. */
export async function lintTree(home: string): Promise<Finding[]> {
  const lock = join(home, 'charts.lock.json')
  const folders = await hclFolders(home)
  const stacks = await Promise.all(folders.map(async (folder) => lintStack(await stackOfFolder(folder, folder))))
  return [...lintLock(await readFile(lock, 'utf8'), lock), ...stacks.flat()]
}

async function hclFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const below = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() && !/^\.|^fixtures$/.test(entry.name))
      .map((entry) => hclFolders(join(folder, entry.name))),
  )
  return [...(entries.some(({ name }) => name.endsWith('.tf')) ? [folder] : []), ...below.flat()]
}

async function lintPath(path: string): Promise<Finding[]> {
  if (!path.endsWith('.json')) return lintStack(await stackOfFolder(path, path))
  const content = await readFile(path, 'utf8')
  if (path.endsWith('.lock.json')) return lintLock(content, path)
  return lintStack(stackOfRendered(JSON.parse(content) as Rendered, path))
}

if (import.meta.main) {
  const findings = (await Promise.all(process.argv.slice(2).map(lintPath))).flat()
  for (const { rule, file, key, line, message } of findings)
    console.log(`${file}${line === undefined ? '' : `:${line}`}  ${rule}  ${key}: ${message}`)
  process.exitCode = findings.length === 0 ? 0 : 1
}
