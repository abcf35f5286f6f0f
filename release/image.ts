// `npm run image`: an image for amd64 and arm64 as an OCI layout, without a container engine.
import { cp, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../tools/kit/command.ts'
import { isMain } from '../tools/kit/main.ts'
import { done, layOut, versions } from './archives.ts'
import { buildPackage } from './build.ts'
import { downloadDebian, imageUser, layOutBase, type DebianPackage } from './debian-base.ts'
import { writeInstallation } from './installed-files.ts'
import { showProgress, step } from './progress.ts'
import { addImage, addLayer, beginLayout, endLayout, type Descriptor, type ImageConfig } from './oci-layout.ts'

const architectures = { amd64: 'linux-x64', arm64: 'linux-arm64' } as const
export type Architecture = keyof typeof architectures

/** Commands of the replaced tools; deploy/image/launch.mjs has their presets. */
export const replacedCommands: readonly string[] = [
  '/manager',
  '/kollect',
  '/bin/kollect',
  '/ko-app/cts_exporter',
  '/ko-app/neo4j_sink',
  '/app/flowlogs-pipeline',
]

function configOf(version: string, revision: string, time: string): ImageConfig {
  const ports = ['8080/tcp', '8081/tcp', '2055/udp', '4739/udp', '4739/tcp', '6343/udp']
  return {
    User: `${imageUser}:${imageUser}`,
    Env: ['PATH=/usr/bin', 'NODE_ENV=production', 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'],
    Entrypoint: ['/usr/bin/weir'],
    Cmd: ['run', '--data', '/data'],
    WorkingDir: '/data',
    Labels: {
      'org.opencontainers.image.created': new Date(time).toISOString(),
      'org.opencontainers.image.description': 'Collector, journal and console for what happens around clusters',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.revision': revision,
      'org.opencontainers.image.title': 'weir',
      'org.opencontainers.image.version': version,
    },
    ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])),
    Volumes: { '/data': {} },
    StopSignal: 'SIGTERM',
  }
}

/** Folders of the layers, the ones that change least first. */
async function stage(
  architecture: Architecture,
  folder: string,
  given: Readonly<{ layOutArchive: (out: string) => Promise<unknown>; debian: readonly DebianPackage[] }>,
): Promise<Readonly<Record<'base' | 'libraries' | 'weir', string>>> {
  const layers = { base: join(folder, 'base'), libraries: join(folder, 'libraries'), weir: join(folder, 'weir') }
  await rm(folder, { recursive: true, force: true })
  await layOutBase(given.debian, layers.base)
  const archive = join(folder, 'archive')
  await given.layOutArchive(archive)
  const [lib, into] = [join(archive, 'lib/weir'), join(layers.libraries, 'usr/lib/weir')]
  await mkdir(into, { recursive: true })
  for (const name of ['node', 'LICENSE-node', 'node_modules'])
    await rename(join(lib, name), join(into, name)).catch((error: unknown) => {
      if (name !== 'LICENSE-node') throw error
    })
  await mkdir(join(layers.weir, 'usr/lib'), { recursive: true })
  await rename(lib, join(layers.weir, 'usr/lib/weir'))
  await writeInstallation(join(layers.weir, 'usr/lib/weir'), 'image')
  await rm(join(layers.weir, 'usr/lib/weir/README.md'))
  await cp(join(ROOT, 'deploy/image/launch.mjs'), join(layers.weir, 'usr/lib/weir/bin/launch.mjs'))
  const documents = join(layers.weir, 'usr/share/doc/weir')
  await mkdir(documents, { recursive: true })
  for (const name of ['LICENSE', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES.md', 'sbom.cdx.json'])
    await rename(join(archive, name), join(documents, name))
  for (const path of ['/usr/bin/weir', ...replacedCommands]) {
    await mkdir(join(layers.weir, dirname(path)), { recursive: true })
    await symlink(relative(dirname(path), '/usr/lib/weir/bin/launch.mjs'), join(layers.weir, path))
  }
  await rm(archive, { recursive: true })
  // The umask of the builder must not show.
  await done('chmod', ['-R', 'u=rwX,go=rX', layers.libraries, layers.weir], folder)
  return layers
}

export type Built = Readonly<{ layout: string; digest: string; images: readonly Descriptor[] }>

/** Builds the layout `weir-VERSION` in `out`. `archive`: a folder of {@link layOut} in place of building one. */
export async function buildImage(
  names: readonly Architecture[],
  out: string,
  { archive }: Readonly<{ archive?: string }> = {},
): Promise<Built> {
  const { weir: version } = await versions()
  const [time, revision] = (await done('git', ['log', '-1', '--format=%cI%n%H'], ROOT)).trim().split('\n') as [
    string,
    string,
  ]
  await mkdir(out, { recursive: true })
  const [layout, packageFolder] = [join(out, `weir-${version}`), join(out, 'package')]
  await beginLayout(layout)
  step('package')
  if (archive === undefined) await buildPackage(packageFolder)
  const images: Descriptor[] = []
  for (const architecture of names) {
    const folder = join(out, architecture)
    step(`${architecture}: files of Debian`)
    const debian = await downloadDebian(architecture)
    const layOutArchive = async (into: string) =>
      archive === undefined
        ? layOut(architectures[architecture], packageFolder, into, time)
        : done('cp', ['-a', archive, into], out)
    const staged = await stage(architecture, folder, { layOutArchive, debian })
    step(`${architecture}: layers`)
    const listed = debian.map(({ name, version: release }) => `${name} ${release}`).join(', ')
    const layers = [
      await addLayer(layout, staged.base, { time, comment: listed, owned: { path: 'data', user: imageUser } }),
      await addLayer(layout, staged.libraries, { time, comment: 'Node and libraries' }),
      await addLayer(layout, staged.weir, { time, comment: `weir ${version}` }),
    ]
    images.push(await addImage(layout, { architecture, time, config: configOf(version, revision, time), layers }))
    await rm(folder, { recursive: true })
  }
  await rm(packageFolder, { recursive: true, force: true })
  return { layout, digest: await endLayout(layout, images, version), images }
}

if (isMain(import.meta.url)) {
  showProgress()
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: join(ROOT, 'dist/image') } },
  })
  const available = Object.keys(architectures) as Architecture[]
  const wrong = positionals.find((name) => !available.includes(name as Architecture))
  if (wrong !== undefined) throw new Error(`there is no image for ${wrong}: ${available.join(', ')}`)
  const names = positionals.length === 0 ? available : (positionals as Architecture[])
  const { layout, digest } = await buildImage(names, values.out)
  console.log(`${layout} ${digest}`)
}
