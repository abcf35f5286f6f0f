// A minimal Debian in a folder, with systemd and lintian, for tests of the Debian package. Installed by debootstrap in
// the cache; the packages of this machine stay as they are.
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadPackages } from '../../../release/debian-download.ts'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

const needed = ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', '/usr/sbin/chroot', '/usr/bin/unshare']
const suite = 'bookworm'

const tarballOf = (folder: string) => join(folder, `${suite}.tar`)

/** Path of the tarball of the root, if it was made before. */
export function findDebianRoot(): Installed {
  const tarball = tarballOf(cacheFolder('debian-root'))
  if (process.getuid?.() === 0 && existsSync(tarball)) return { path: tarball, version: suite }
  return { path: undefined, reason: 'there is no Debian root; `npm run ts test/real/install/debian-root.ts` makes one' }
}

/** Path of a tarball of the root. */
export async function installDebianRoot(): Promise<Installed> {
  const missing = needed.find((path) => !existsSync(path))
  if (missing !== undefined || process.getuid?.() !== 0)
    return { path: undefined, reason: `a Debian root needs root and ${missing ?? 'a superuser'}` }
  const folder = cacheFolder('debian-root')
  const tarball = tarballOf(folder)
  if (existsSync(tarball)) return { path: tarball, version: suite }
  const mirror = await mirrorOfSystem()
  if (mirror === undefined) return { path: undefined, reason: 'this system has no Debian sources' }
  const work = join(folder, 'work')
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const [deb] = await downloadPackages(['debootstrap'], 'amd64', join(folder, 'packages'))
  const steps: readonly (readonly [file: string, args: readonly string[], env?: Readonly<Record<string, string>>])[] = [
    ['dpkg-deb', ['-x', deb ?? 'none', join(work, 'tool')]],
    [
      'sh',
      [
        join(work, 'tool/usr/sbin/debootstrap'),
        '--variant=minbase',
        '--include=systemd',
        suite,
        join(work, 'root'),
        mirror,
      ],
      { DEBOOTSTRAP_DIR: join(work, 'tool/usr/share/debootstrap') },
    ],
    // debootstrap does not resolve virtual packages, which lintian needs.
    [
      'chroot',
      [join(work, 'root'), 'sh', '-c', 'apt-get install -y -qq lintian && apt-get clean'],
      { DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    ],
    ['tar', ['-C', join(work, 'root'), '--exclude=./proc/*', '--exclude=./sys/*', '-cf', join(work, 'root.tar'), '.']],
  ]
  for (const [file, args, env = {}] of steps) {
    const ran = await runCommand(file, args, { cwd: work, env, limit: 3_600_000 })
    if (ran.code !== 0)
      return { path: undefined, reason: `no Debian root: ${ran.output.trim().split('\n').at(-1) ?? ''}` }
  }
  await rename(join(work, 'root.tar'), tarball)
  await rm(work, { recursive: true, force: true })
  return { path: tarball, version: suite }
}

/** As the system names it, so that no file of the project does. */
async function mirrorOfSystem(): Promise<string | undefined> {
  const folder = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ]
  for (const file of files.filter((path) => existsSync(path))) {
    const text = await readFile(file, 'utf8')
    const found = /^(?:URIs:|deb(?: \[[^\]]*\])?) *(\S+\/debian)\/?(?: |$)/m.exec(text)?.[1]
    if (found !== undefined) return found
  }
  return undefined
}

if (isMain(import.meta.url)) {
  const result = await installDebianRoot()
  console.log(result.path === undefined ? result.reason : `Debian ${result.version} at ${result.path}`)
  process.exitCode = result.path === undefined ? 1 : 0
}
