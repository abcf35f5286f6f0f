// kubectl is searched, not installed; kustomize is part of it.
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import type { Installed } from './apt.ts'

export async function findKubectl(): Promise<Installed> {
  const printed = await runCommand('kubectl', ['version', '--client'], { limit: 30_000 }).catch(() => undefined)
  const version = /v(\d+\.\d+\.\d+)/.exec(printed?.output ?? '')?.[1]
  return version === undefined ? { path: undefined, reason: 'there is no kubectl' } : { path: 'kubectl', version }
}

if (isMain(import.meta.url)) {
  const result = await findKubectl()
  console.log(result.path === undefined ? result.reason : `kubectl ${result.version}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
