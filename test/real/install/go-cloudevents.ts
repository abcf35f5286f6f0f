// A receiver of CloudEvents by the CloudEvents project's own Go SDK, built by the machine's Go from its ordinary module
// proxy: a minute, once for each state of its source, kept in the cache.
import { createHash } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

const version = '2.16.2'
const modules = ['v2', 'binding/format/protobuf/v2', 'protocol/kafka_sarama/v2', 'protocol/nats_jetstream/v2'].map(
  (path) => `github.com/cloudevents/sdk-go/${path}@v${version}`,
)
const source = join(ROOT, 'test/real/go-cloudevents/main.go')

let known: Promise<Installed> | undefined

export function installGoCloudEvents(): Promise<Installed> {
  known ??= findOrInstall().catch((error: unknown) => ({
    path: undefined,
    reason: error instanceof Error ? error.message : String(error),
  }))
  return known
}

async function findOrInstall(): Promise<Installed> {
  const made = createHash('sha256')
    .update(JSON.stringify([modules, await readFile(source, 'utf8')]))
    .digest('hex')
    .slice(0, 16)
  const home = cacheFolder('go-cloudevents')
  const path = join(home, `receiver-${made}`)
  if (existsSync(path)) return { path, version }
  const found = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (found?.code !== 0) return { path: undefined, reason: 'the receiver is built with Go, and there is none' }
  const folder = join(home, 'build')
  rmSync(folder, { recursive: true, force: true })
  await mkdir(folder)
  await copyFile(source, join(folder, 'main.go'))
  for (const args of [
    ['mod', 'init', 'example.test/receiver'],
    ['get', ...modules],
    ['mod', 'tidy'],
    ['build', '-trimpath', '-ldflags', '-s -w', '-o', 'receiver', '.'],
  ]) {
    const ran = await runCommand('go', args, {
      cwd: folder,
      limit: 300_000,
      env: { GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
    })
    if (ran.code !== 0)
      throw new Error(`go ${args.slice(0, 2).join(' ')}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  }
  renameSync(join(folder, 'receiver'), path)
  rmSync(folder, { recursive: true, force: true })
  return { path, version }
}

await sayInstalled(import.meta.url, 'go-cloudevents', installGoCloudEvents)
