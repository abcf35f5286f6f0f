// Google's Pub/Sub emulator is part of its command line tools and in no registry: it is used if installed.
import { existsSync } from 'node:fs'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import type { Installed } from './apt.ts'

const folder = '/usr/lib/google-cloud-sdk/platform/pubsub-emulator'
export const pubsub = { name: 'pubsub-emulator', version: '0.8.20' } as const

export async function findPubSub(): Promise<Installed> {
  const path = `${folder}/lib/cloud-pubsub-emulator-${pubsub.version}-all.jar`
  if (!existsSync(path))
    return { path: undefined, reason: `the Pub/Sub emulator ${pubsub.version} is not in ${folder}` }
  const java = await runCommand('java', ['-version'], { limit: 20_000 }).catch(() => undefined)
  return java?.code === 0
    ? { path, version: pubsub.version }
    : { path: undefined, reason: 'the Pub/Sub emulator needs Java, and there is none' }
}

if (isMain(import.meta.url)) {
  const result = await findPubSub()
  console.log(result.path === undefined ? result.reason : `${pubsub.name} ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
