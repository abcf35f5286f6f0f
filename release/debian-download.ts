import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../test/real/kit/cache.ts'
import { done } from './archives.ts'

/**
 * Downloads Debian packages of any architecture to a folder, with a separate apt root: the lists, architectures and
 * packages of this machine stay as they are. Sources and keys are those of the machine, which must be Debian. Returns
 * the paths, sorted.
 */
export async function downloadPackages(
  names: readonly string[],
  architecture: 'amd64' | 'arm64',
  folder: string,
): Promise<readonly string[]> {
  const root = join(cacheFolder('apt-root'), architecture)
  for (const path of ['etc/apt/sources.list.d', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial', 'dpkg'])
    await mkdir(join(root, path), { recursive: true })
  await writeFile(join(root, 'dpkg/status'), '')
  for (const file of ['sources.list', 'sources.list.d/debian.sources'])
    if (existsSync(join('/etc/apt', file))) await cp(join('/etc/apt', file), join(root, 'etc/apt', file))
  const options = [
    `Dir=${root}/`,
    `Dir::State::status=${root}/dpkg/status`,
    `APT::Architecture=${architecture}`,
    `APT::Architectures::=${architecture}`,
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option])
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await done('apt-get', [...options, '-qq', 'update'], folder)
  await done('apt-get', [...options, '-qq', 'download', ...names], folder)
  return (await readdir(folder)).toSorted().map((file) => join(folder, file))
}
