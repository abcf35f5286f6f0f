// Writes an image as an OCI layout (image-spec 1.1): a folder that `skopeo`, `crane` and `podman` read.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { done } from './archives.ts'

const types = {
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  config: 'application/vnd.oci.image.config.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
} as const

export type Descriptor = Readonly<{
  mediaType: string
  digest: string
  size: number
  platform?: Readonly<{ architecture: string; os: string }>
  annotations?: Readonly<Record<string, string>>
}>

export type Layer = Readonly<{ descriptor: Descriptor; diffId: string; comment: string }>

export type ImageConfig = Readonly<{
  User: string
  Env: readonly string[]
  Entrypoint: readonly string[]
  Cmd: readonly string[]
  WorkingDir: string
  Labels: Readonly<Record<string, string>>
  ExposedPorts: Readonly<Record<string, object>>
  Volumes: Readonly<Record<string, object>>
  StopSignal: string
}>

const blobs = (layout: string): string => join(layout, 'blobs/sha256')

export async function beginLayout(layout: string): Promise<void> {
  await rm(layout, { recursive: true, force: true })
  await mkdir(blobs(layout), { recursive: true })
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

async function digestOf(path: string, form: 'packed' | 'unpacked'): Promise<string> {
  const hash = createHash('sha256')
  await (form === 'unpacked'
    ? pipeline(createReadStream(path), createGunzip(), hash)
    : pipeline(createReadStream(path), hash))
  return `sha256:${hash.digest('hex')}`
}

/**
 * Packs a folder as a layer. Equal content makes equal bytes. All files belong to root, those below `owned` to the
 * user. `time`: ISO 8601.
 */
export async function addLayer(
  layout: string,
  folder: string,
  {
    time,
    comment,
    owned,
  }: Readonly<{ time: string; comment: string; owned?: Readonly<{ path: string; user: number }> }>,
): Promise<Layer> {
  const flags = (user: number): string[] => [
    '--sort=name',
    `--mtime=${time}`,
    `--owner=${user}`,
    `--group=${user}`,
    '--numeric-owner',
    '--format=pax',
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  ]
  const tar = join(layout, 'layer.tar')
  await done(
    'tar',
    [...flags(0), ...(owned === undefined ? [] : [`--exclude=./${owned.path}`]), '-cf', tar, '.'],
    folder,
  )
  if (owned !== undefined) await done('tar', [...flags(owned.user), '-rf', tar, `./${owned.path}`], folder)
  await done('gzip', ['-n6f', tar], layout)
  const packed = `${tar}.gz`
  const [digest, diffId, { size }] = await Promise.all([
    digestOf(packed, 'packed'),
    digestOf(packed, 'unpacked'),
    stat(packed),
  ])
  await rename(packed, join(blobs(layout), digest.slice('sha256:'.length)))
  return { descriptor: { mediaType: types.layer, digest, size }, diffId, comment }
}

async function addJson(layout: string, mediaType: string, value: object): Promise<Descriptor> {
  const text = JSON.stringify(value)
  const digest = createHash('sha256').update(text).digest('hex')
  await writeFile(join(blobs(layout), digest), text)
  return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) }
}

export async function addImage(
  layout: string,
  image: Readonly<{ architecture: string; time: string; config: ImageConfig; layers: readonly Layer[] }>,
): Promise<Descriptor> {
  const { architecture, time, config, layers } = image
  const created = new Date(time).toISOString()
  const document = await addJson(layout, types.config, {
    created,
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ comment }) => ({ created, created_by: 'release/image.ts', comment })),
  })
  const manifest = await addJson(layout, types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: document,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: config.Labels,
  })
  return { ...manifest, platform: { architecture, os: 'linux' } }
}

/** Ends the layout with one index of all platforms, named `tag`. Returns its digest. */
export async function endLayout(layout: string, images: readonly Descriptor[], tag: string): Promise<string> {
  const index = await addJson(layout, types.index, { schemaVersion: 2, mediaType: types.index, manifests: images })
  const annotations = { 'org.opencontainers.image.ref.name': tag }
  await writeFile(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [{ ...index, annotations }] }),
  )
  return index.digest
}
