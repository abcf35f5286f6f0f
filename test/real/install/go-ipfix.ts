// A collector of VMware's go-ipfix, which receives IPFIX over UDP, TCP and TLS; built by the machine's Go in a
// minute, once for each state of its source, kept in the cache.
import { createHash } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT, runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

export const goIpfix = { name: 'go-ipfix', version: '0.13.0' } as const

const source = join(ROOT, 'test/real/go-ipfix/main.go')

let known: Promise<Installed> | undefined

export function installGoIpfix(): Promise<Installed> {
  known ??= findOrInstall().catch((error: unknown) => ({
    path: undefined,
    reason: error instanceof Error ? error.message : String(error),
  }))
  return known
}

async function findOrInstall(): Promise<Installed> {
  const { version } = goIpfix
  const made = createHash('sha256')
    .update(`${version} ${await readFile(source, 'utf8')}`)
    .digest('hex')
    .slice(0, 16)
  const home = cacheFolder(goIpfix.name)
  const path = join(home, `collector-${made}`)
  if (existsSync(path)) return { path, version }
  const found = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (found?.code !== 0) return { path: undefined, reason: 'the collector is built with Go, and there is none' }
  const folder = join(home, 'build')
  rmSync(folder, { recursive: true, force: true })
  await mkdir(folder)
  await copyFile(source, join(folder, 'main.go'))
  for (const args of [
    ['mod', 'init', 'example.test/collector'],
    ['get', `github.com/vmware/go-ipfix@v${version}`],
    ['build', '-trimpath', '-ldflags', '-s -w', '-o', 'collector', '.'],
  ]) {
    const ran = await runCommand('go', args, {
      cwd: folder,
      limit: 600_000,
      env: { GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
    })
    if (ran.code !== 0) throw new Error(`go ${args[0]}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  }
  renameSync(join(folder, 'collector'), path)
  rmSync(folder, { recursive: true, force: true })
  return { path, version }
}

await sayInstalled(import.meta.url, goIpfix.name, installGoIpfix)
