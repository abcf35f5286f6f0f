// kube-apiserver and etcd, built by the machine's own Go from its ordinary module proxy: some ten minutes, once, kept
// in the cache.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'

export const kubernetes = { name: 'kube-apiserver', version: '1.34.4', etcd: '3.6.5' } as const

export type InstalledKubernetes =
  | { readonly path: string; readonly version: string }
  | { readonly path: undefined; readonly reason: string }

const programs = ['kube-apiserver', 'etcd'] as const
const buildLimit = 30 * 60_000

/**
 * A folder with both programs: from the variables of Kubernetes' own tests, or an earlier build. Builds nothing.
 */
export function findKubernetes(): InstalledKubernetes {
  const [asset, etcd] = [process.env['TEST_ASSET_KUBE_APISERVER'], process.env['TEST_ASSET_ETCD']]
  if (asset !== undefined && etcd !== undefined)
    return { path: asset.replace(/\/kube-apiserver$/, ''), version: 'of TEST_ASSET_KUBE_APISERVER' }
  const built = join(cacheFolder('kubernetes'), kubernetes.version)
  for (const folder of [process.env['KUBEBUILDER_ASSETS'], '/usr/local/kubebuilder/bin', built]) {
    if (folder !== undefined && programs.every((name) => existsSync(join(folder, name))))
      return { path: folder, version: folder === built ? kubernetes.version : `in ${folder}` }
  }
  return {
    path: undefined,
    reason:
      'there are no kube-apiserver and etcd; KUBEBUILDER_ASSETS names a folder of them, `node ' +
      'test/real/install/kubernetes.ts` builds them with Go',
  }
}

/** Builds them where they are missing. */
export async function installKubernetes(): Promise<InstalledKubernetes> {
  const found = findKubernetes()
  if (found.path !== undefined) return found
  const go = await runCommand('go', ['version'], { limit: 20_000 }).catch(() => undefined)
  if (go?.code !== 0) return { path: undefined, reason: 'kube-apiserver is built with Go, and there is none' }
  const cache = cacheFolder('kubernetes')
  const [work, out] = [join(cache, 'build'), join(cache, `${kubernetes.version}.new`)]
  for (const folder of [work, out]) rmSync(folder, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  try {
    await buildApiServer(join(work, 'kube-apiserver'), out)
    await buildEtcd(join(work, 'etcd'), out)
  } catch (error) {
    return {
      path: undefined,
      reason: `kube-apiserver could not be built: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
  const path = join(cache, kubernetes.version)
  rmSync(path, { recursive: true, force: true })
  renameSync(out, path)
  rmSync(work, { recursive: true, force: true })
  return { path, version: kubernetes.version }
}

async function go(folder: string, args: readonly string[]): Promise<string> {
  const ran = await runCommand('go', args, {
    cwd: folder,
    limit: buildLimit,
    env: { GOFLAGS: '-mod=mod', CGO_ENABLED: '0', GOTOOLCHAIN: 'auto' },
  })
  if (ran.code !== 0) throw new Error(`go ${args[0]}: ${ran.output.trim().split('\n').at(-1) ?? ''}`)
  return ran.stdout
}

/**
 * Its go.mod names its own parts by a version that there is not; each is replaced by the one that was released with it.
 */
async function buildApiServer(folder: string, out: string): Promise<void> {
  const [, minor = '', patch = ''] = kubernetes.version.split('.')
  mkdirSync(folder, { recursive: true })
  await go(folder, ['mod', 'init', 'example.test/kube-apiserver'])
  const { GoMod: file } = JSON.parse(
    await go(folder, ['mod', 'download', '-json', `k8s.io/kubernetes@v${kubernetes.version}`]),
  ) as { GoMod: string }
  const { Require: parts } = JSON.parse(await go(folder, ['mod', 'edit', '-json', file])) as {
    Require: { Path: string; Version: string }[]
  }
  const replaced = parts
    .filter(({ Version: version }) => version === 'v0.0.0')
    .map(({ Path: path }) => `-replace=${path}=${path}@v0.${minor}.${patch}`)
  await go(folder, ['mod', 'edit', `-require=k8s.io/kubernetes@v${kubernetes.version}`, ...replaced])
  writeFileSync(
    join(folder, 'tools.go'),
    '//go:build tools\n\npackage tools\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver"\n',
  )
  await go(folder, ['get', `k8s.io/kubernetes/cmd/kube-apiserver@v${kubernetes.version}`])
  // Without the stamp /version is not the release's.
  const stamp = ['gitVersion=v', 'gitMajor=', 'gitMinor='].map(
    (name, index) => `-X k8s.io/component-base/version.${name}${[kubernetes.version, '1', minor][index]}`,
  )
  await go(folder, [
    'build',
    '-trimpath',
    '-ldflags',
    `-s -w ${stamp.join(' ')}`,
    '-o',
    join(out, 'kube-apiserver'),
    'k8s.io/kubernetes/cmd/kube-apiserver',
  ])
}

async function buildEtcd(folder: string, out: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await go(folder, ['mod', 'init', 'example.test/etcd'])
  writeFileSync(
    join(folder, 'main.go'),
    'package main\n\nimport (\n\t"os"\n\n\t"go.etcd.io/etcd/server/v3/etcdmain"\n)\n\nfunc main() { ' +
      'etcdmain.Main(os.Args) }\n',
  )
  await go(folder, ['get', `go.etcd.io/etcd/server/v3@v${kubernetes.etcd}`])
  await go(folder, ['mod', 'tidy'])
  await go(folder, ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(out, 'etcd'), '.'])
}

if (isMain(import.meta.url)) {
  const result = await installKubernetes()
  console.log(result.path === undefined ? result.reason : `${kubernetes.name} ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
