// From Knative's Go modules, fetched with the machine's Go and cached: the resource definitions that deploy/knative
// uses, and event_display, which prints received events and is built in a minute or two.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

// The newest of each that the module proxy and the checksum database both have.
const modules = { 'knative.dev/eventing': 'v0.41.0', 'knative.dev/serving': 'v0.51.0' } as const
const files = {
  'knative.dev/eventing': ['config/core/resources/containersource.yaml', 'config/core/resources/sinkbindings.yaml'],
  'knative.dev/serving': ['config/core/300-resources/service.yaml'],
} as const
const version = `${modules['knative.dev/eventing'].slice(1)}-${modules['knative.dev/serving'].slice(1)}`
const limit = 600_000

const reason = (error: unknown): Installed => ({
  path: undefined,
  reason: error instanceof Error ? error.message : String(error),
})
let definitions: Promise<Installed> | undefined
let display: Promise<Installed> | undefined

/** A folder with the definitions, YAML, as `path`, or the reason why it is unavailable. Runs once per process. */
export function installKnative(): Promise<Installed> {
  definitions ??= findDefinitions().catch(reason)
  return definitions
}

export function installEventDisplay(): Promise<Installed> {
  display ??= findDisplay().catch(reason)
  return display
}

async function findDefinitions(): Promise<Installed> {
  const path = join(cacheFolder('knative'), `definitions-${version}`)
  if (existsSync(path)) return { path, version }
  const beside = `${path}.new`
  rmSync(beside, { recursive: true, force: true })
  mkdirSync(beside)
  for (const [module, of] of Object.entries(modules)) {
    const { Dir: folder, Error: problem } = JSON.parse(
      await go(beside, ['mod', 'download', '-json', `${module}@${of}`]),
    ) as { Dir?: string; Error?: string }
    if (folder === undefined) throw new Error(`${module}: ${problem ?? 'it has no folder'}`)
    for (const name of files[module as keyof typeof files])
      writeFileSync(join(beside, name.replace(/^.*\//, '')), readFileSync(join(folder, name)))
  }
  renameSync(beside, path)
  return { path, version }
}

async function findDisplay(): Promise<Installed> {
  const eventing = modules['knative.dev/eventing']
  const home = cacheFolder('knative')
  const path = join(home, `event_display-${eventing.slice(1)}-on-port`)
  const installed = { path, version: eventing.slice(1) }
  if (existsSync(path)) return installed
  const folder = join(home, `build-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  await go(folder, ['mod', 'init', 'example.test/event-display'])
  // The replacement is the module's own, which counts in its own builds alone.
  await go(folder, [
    'mod',
    'edit',
    `-require=knative.dev/eventing@${eventing}`,
    '-replace=github.com/miekg/dns@v1.0.14=github.com/miekg/dns@v1.1.25',
  ])
  await openPort(folder)
  await go(folder, [
    'build',
    '-trimpath',
    '-ldflags',
    '-s -w',
    '-o',
    'event_display',
    'knative.dev/eventing/cmd/event_display',
  ])
  renameSync(join(folder, 'event_display'), path)
  rmSync(folder, { recursive: true, force: true })
  return installed
}

/** It always listens on 8080, which may be taken: a copy of the module reads PORT. */
async function openPort(folder: string): Promise<void> {
  const { Dir: sdk = '' } = JSON.parse(
    await go(folder, ['mod', 'download', '-json', 'github.com/cloudevents/sdk-go/v2@v2.15.2']),
  ) as { Dir?: string }
  const copied = await runCommand('cp', ['-R', '--no-preserve=mode', sdk, join(folder, 'sdk')], { limit: 60_000 })
  if (copied.code !== 0) throw new Error(copied.output)
  const file = join(folder, 'sdk/protocol/http/protocol_lifecycle.go')
  const [text, usual] = [readFileSync(file, 'utf8'), '\t\tport := 8080\n']
  if (!text.includes(usual)) throw new Error('the CloudEvents SDK has its port in another place')
  writeFileSync(
    file,
    text
      .replace('import (\n', 'import (\n\t"os"\n\t"strconv"\n')
      .replace(
        usual,
        `${usual}\t\tif value, err := strconv.Atoi(os.Getenv("PORT")); err == nil {\n\t\t\tport = value\n\t\t}\n`,
      ),
  )
  await go(folder, ['mod', 'edit', '-replace=github.com/cloudevents/sdk-go/v2=./sdk'])
}

async function go(cwd: string, args: readonly string[]): Promise<string> {
  const ran = await runCommand('go', args, {
    cwd,
    limit,
    env: { GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
  })
  if (ran.code === 127) throw new Error('Knative is installed with Go, which is missing')
  if (ran.code !== 0) throw new Error(`go ${args.slice(0, 2).join(' ')}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  return ran.stdout
}

await sayInstalled(import.meta.url, 'Knative’s definitions', installKnative)
await sayInstalled(import.meta.url, 'event_display', installEventDisplay)
