// Files of Debian packages that Weir needs, without dpkg's database and documentation.
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../test/real/kit/cache.ts'
import { done } from './archives.ts'
import { downloadPackages } from './debian-download.ts'

const packages = [
  'base-files',
  'ca-certificates',
  'coreutils',
  'dash',
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  'netbase',
  'tzdata',
]

export type DebianPackage = Readonly<{ name: string; version: string; file: string }>

/** User of the image: `nonroot` of the manifests. */
export const imageUser = 65_532

export async function downloadDebian(architecture: 'amd64' | 'arm64'): Promise<readonly DebianPackage[]> {
  const folder = join(cacheFolder('apt-root'), 'packages', architecture)
  const files = await downloadPackages(packages, architecture, folder)
  return Promise.all(
    files.map(async (file) => {
      const fields = await done('dpkg-deb', ['-f', file, 'Package', 'Version'], folder)
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(fields)?.[1] ?? ''
      return { name: field('Package'), version: field('Version'), file }
    }),
  )
}

/** Limits the memory of query processes (src/host/child.ts). */
const programs = ['cat', 'dash']

/** Besides the copyright of each package, which its licence requires. */
const unused = [
  'usr/share/lintian',
  'usr/share/locale',
  'usr/share/man',
  'usr/share/gcc',
  'usr/share/gdb',
  'usr/share/base-files',
  'usr/share/bug',
  'usr/sbin',
  'usr/bin',
  'sbin',
  'etc/update-motd.d',
  'etc/profile.d',
  'etc/skel',
  'etc/cron.daily',
  'etc/kernel',
  'boot',
  'home',
  'media',
  'mnt',
  'opt',
  'srv',
  'usr/games',
  'usr/include',
  'usr/src',
]

/** Lays out the base of the image in the folder. */
export async function layOutBase(found: readonly DebianPackage[], root: string): Promise<void> {
  await rm(root, { recursive: true, force: true })
  await mkdir(root, { recursive: true })
  const status = join(root, 'var/lib/dpkg/status.d')
  for (const { name, file } of found) {
    await done('dpkg-deb', ['-x', file, root], root)
    await mkdir(status, { recursive: true })
    // Scanners of images read the installed packages here.
    await writeFile(join(status, name), await done('dpkg-deb', ['-f', file], root))
  }
  for (const path of unused) await rm(join(root, path), { recursive: true, force: true })
  for (const name of await readdir(join(root, 'bin'))) if (!programs.includes(name)) await rm(join(root, 'bin', name))
  await symlink('dash', join(root, 'bin/sh'))
  for (const path of ['usr/lib', 'lib']) await removeConverters(join(root, path))
  const documents = join(root, 'usr/share/doc')
  for (const name of await readdir(documents))
    for (const file of await readdir(join(documents, name)).catch(() => []))
      if (file !== 'copyright') await rm(join(documents, name, file), { recursive: true })
  await writeCertificates(root)
  await writeUsers(root)
  for (const path of ['data', 'tmp', 'proc', 'sys', 'dev', 'run', 'usr/bin'])
    await mkdir(join(root, path), { recursive: true })
  await chmod(join(root, 'tmp'), 0o1777)
  await chmod(join(root, 'data'), 0o700)
}

/** Conversions between character sets, which Node has itself. */
async function removeConverters(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries)
    if (entry.isDirectory())
      for (const name of ['gconv', 'audit']) await rm(join(folder, entry.name, name), { recursive: true, force: true })
}

/** As `update-ca-certificates` does. */
async function writeCertificates(root: string): Promise<void> {
  const folder = join(root, 'usr/share/ca-certificates/mozilla')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.crt')).toSorted()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  await mkdir(join(root, 'etc/ssl/certs'), { recursive: true })
  await writeFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), texts.map((text) => `${text.trimEnd()}\n`).join(''))
  await rm(join(root, 'usr/share/ca-certificates'), { recursive: true })
}

async function writeUsers(root: string): Promise<void> {
  const files = {
    passwd: `root:x:0:0:root:/:/sbin/nologin\nnonroot:x:${imageUser}:${imageUser}:nonroot:/data:/sbin/nologin\n`,
    group: `root:x:0:\nnonroot:x:${imageUser}:\n`,
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, 'etc', name), text)
}
