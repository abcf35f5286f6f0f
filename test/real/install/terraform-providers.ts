// Providers of Terraform, built by the machine's Go: their registry is not reachable from a machine that has package
// registries only, and the Go proxy does not serve these modules. Each is built once from a checkout. It takes a
// quarter of an hour each, and 4 GiB of Go's build cache.
import { existsSync } from 'node:fs'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

export interface Provider {
  readonly name: string
  /** Owner of the repository `terraform-provider-NAME`, and namespace of the provider. */
  readonly owner: string
  /** As in deploy/terraform. */
  readonly version: string
}

export const providers: readonly Provider[] = [
  { name: 'helm', owner: 'hashicorp', version: '3.1.2' },
  { name: 'kubernetes', owner: 'hashicorp', version: '3.2.1' },
  { name: 'digitalocean', owner: 'digitalocean', version: '2.99.1' },
  { name: 'exoscale', owner: 'exoscale', version: '0.70.0' },
  { name: 'opentelekomcloud', owner: 'opentelekomcloud', version: '1.36.23' },
]

const home = (): string => cacheFolder('terraform-providers')
const buildLimit = 90 * 60_000

/** `path`: the built file. Builds nothing. */
export function findProvider({ name, owner, version }: Provider): Installed {
  const path = join(home(), `terraform-provider-${name}_v${version}`)
  if (existsSync(path)) return { path, version }
  return {
    path: undefined,
    reason:
      `there is no provider ${name} ${version}: copy a checkout of ${owner}/terraform-provider-${name} to ` +
      `${sources(name)} and run \`npm run ts test/real/install/terraform-providers.ts\``,
  }
}

/**
 * A folder from which `terraform init` installs the built providers.
 *
 * `host`: the registry that Terraform assumes for a provider without a host; `terraform providers` prints it.
 */
export async function mirrorOfProviders(folder: string, host: string): Promise<string> {
  const platform = `linux_${arch() === 'x64' ? 'amd64' : arch()}`
  for (const provider of providers) {
    const { path } = findProvider(provider)
    if (path === undefined) continue
    const { name, owner, version } = provider
    const target = join(folder, host, owner, name, version, platform)
    await mkdir(target, { recursive: true })
    await copyFile(path, join(target, `terraform-provider-${name}_v${version}`))
  }
  return folder
}

const sources = (name: string): string => join(home(), 'sources', `terraform-provider-${name}`)

async function build(provider: Provider): Promise<Installed> {
  const found = findProvider(provider)
  const folder = sources(provider.name)
  if (found.path !== undefined || !existsSync(folder)) return found
  const built = join(home(), `${provider.name}.new`)
  await rm(built, { force: true })
  const vendored = existsSync(join(folder, 'vendor'))
  const ran = await runCommand(
    'nice',
    ['-n', '15', 'go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', built, '.'],
    {
      cwd: folder,
      limit: buildLimit,
      env: {
        // One package at a time: each compiler takes up to 2 GiB.
        GOFLAGS: `-buildvcs=false -p=1${vendored ? '' : ' -mod=mod'}`,
        GOWORK: 'off',
        CGO_ENABLED: '0',
        GOTOOLCHAIN: 'auto',
      },
    },
  )
  if (ran.code !== 0)
    return { path: undefined, reason: `${provider.name}: ${ran.output.trim().split('\n').at(-1) ?? 'go build failed'}` }
  await rename(built, join(home(), `terraform-provider-${provider.name}_v${provider.version}`))
  return findProvider(provider)
}

if (isMain(import.meta.url)) {
  for (const provider of providers) {
    const result = await build(provider)
    console.log(result.path === undefined ? result.reason : `${provider.name} ${result.version} (${result.path})`)
    if (result.path === undefined) process.exitCode = 1
  }
}
