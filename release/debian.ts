// `npm run debian`: Debian packages with a systemd unit, made of the archives' folders.
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ROOT } from '../tools/kit/command.ts'
import { isMain } from '../tools/kit/main.ts'
import { done, layOut } from './archives.ts'
import { buildPackage } from './build.ts'
import { writeInstallation } from './installed-files.ts'
import { showProgress, step } from './progress.ts'

const architectures: Readonly<Record<string, string>> = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' }

const control = (version: string, architecture: string, size: number): string => `Package: weir
Version: ${version}
Architecture: ${architecture}
Maintainer: Weir developers <weir@localhost>
Installed-Size: ${size}
Depends: libc6 (>= 2.28), libstdc++6 (>= 8)
Recommends: ca-certificates
Section: net
Priority: optional
Description: collector, journal and console for what happens around clusters
 Weir receives network flows, changes of Kubernetes resources, audit logs and
 events, keeps them in a journal, delivers them to other systems, and shows
 them in a console.
 .
 The package contains the Node that Weir runs on.
`

/** Builds `weir_VERSION_ARCHITECTURE.deb` for each platform in `out` and returns the paths. */
export async function buildDebian(platforms: readonly string[], out: string): Promise<readonly string[]> {
  const unknown = platforms.find((name) => architectures[name] === undefined)
  if (unknown !== undefined)
    throw new Error(`There is no Debian package for ${unknown}: ${Object.keys(architectures).join(', ')}`)
  const packageFolder = join(out, 'package')
  await mkdir(out, { recursive: true })
  step('package')
  await buildPackage(packageFolder)
  const files: string[] = []
  for (const platform of platforms) files.push(await buildOne(platform, { packageFolder, out }))
  await rm(packageFolder, { recursive: true })
  return files
}

async function buildOne(
  platform: string,
  { packageFolder, out }: Readonly<{ packageFolder: string; out: string }>,
): Promise<string> {
  const architecture = architectures[platform]!
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const time = (await done('git', ['log', '-1', '--format=%cI'], ROOT)).trim()
  const tree = join(out, `deb-${architecture}`)
  await rm(tree, { recursive: true, force: true })
  const usr = join(tree, 'usr')
  await layOut(platform, packageFolder, usr, time)
  const documents = join(usr, 'share/doc/weir')
  await mkdir(documents, { recursive: true })
  const changes = await readFile(join(usr, 'CHANGELOG.md'))
  await writeFile(join(documents, 'changelog.gz'), gzipSync(changes, { level: 9 }))
  await cp(join(ROOT, 'deploy/debian/README.md'), join(documents, 'README.md'))
  await rm(join(usr, 'lib/weir/README.md'))
  await writeInstallation(join(usr, 'lib/weir'), 'debian')
  await cp(join(usr, 'sbom.cdx.json'), join(documents, 'sbom.cdx.json'))
  const licenses = await Promise.all(
    ['LICENSE', 'THIRD-PARTY-NOTICES.md'].map((name) => readFile(join(usr, name), 'utf8')),
  )
  await writeFile(join(documents, 'copyright'), licenses.join('\n\n'))
  const above = ['CHANGELOG.md', 'LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.md', 'sbom.cdx.json', 'share/systemd']
  for (const name of above) await rm(join(usr, name), { recursive: true })
  const files = join(ROOT, 'deploy/debian')
  await cp(join(files, 'etc'), join(tree, 'etc'), { recursive: true })
  await cp(join(ROOT, 'deploy/systemd/weir.service'), join(usr, 'lib/systemd/system/weir.service'))
  await cp(join(ROOT, 'deploy/systemd/weir.sysusers'), join(usr, 'lib/sysusers.d/weir.conf'))
  // The folders of Debian's policy.
  await rename(join(usr, 'share/zsh/site-functions'), join(usr, 'share/zsh/vendor-completions'))
  const manual = join(usr, 'share/man/man1/weir.1')
  await writeFile(`${manual}.gz`, gzipSync(await readFile(manual), { level: 9 }))
  await rm(manual)
  await cp(join(files, 'DEBIAN'), join(tree, 'DEBIAN'), { recursive: true })
  const size = Number((await done('du', ['-sk', usr], out)).split('\t')[0])
  await writeFile(join(tree, 'DEBIAN/control'), control(version, architecture, size))
  const file = join(out, `weir_${version}_${architecture}.deb`)
  step(`${architecture}: package`)
  await done('chmod', ['-R', 'go-w,a+rX', tree], out)
  await done('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z6', '--build', tree, file], out)
  await rm(tree, { recursive: true })
  return file
}

if (isMain(import.meta.url)) {
  showProgress()
  const names = process.argv.slice(2)
  const platforms = names.length === 0 ? Object.keys(architectures) : names
  for (const file of await buildDebian(platforms, join(ROOT, 'dist/debian'))) console.log(file)
}
