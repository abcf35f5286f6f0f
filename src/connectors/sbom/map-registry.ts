/** Names, references and descriptors of OCI registries. Pure. */
import { digestIn } from '../../codecs/sbom/index.ts'
import { fieldsOf, isRecord, textOf, type Fields } from '../../model/json.ts'

/** A repository, and a tag or digest in it. */
export type Place = Readonly<{ name: string; reference: string }>

export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/** Types of documents, and of manifests with documents. Other types, such as signatures, are not downloaded. */
const documentTypes = /cyclonedx|spdx|syft|sbom|in-toto|dsse|sigstore\.bundle|openvex|trivy|grype/i
/** Types of an artifact without a type of documents. */
const typeless = /^application\/vnd\.(?:oci\.(?:empty|image\.(?:config|manifest))\.v1|docker\.container)/

export type Descriptor = Readonly<{
  digest: string
  mediaType: string
  artifactType: string
  size: number
  annotations: Fields
}>

/** The descriptor. Undefined for an unusable one. */
export function descriptorOf(value: unknown): Descriptor | undefined {
  const fields = fieldsOf(value)
  const digest = textOf(fields['digest'])
  if (digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined
  return {
    digest,
    mediaType: textOf(fields['mediaType']) ?? '',
    artifactType: textOf(fields['artifactType']) ?? '',
    size: Number(fields['size'] ?? 0),
    annotations: fieldsOf(fields['annotations']),
  }
}

/** Whether a manifest may have documents; one without a type may. */
export function mayHaveDocuments({ artifactType }: Pick<Descriptor, 'artifactType'>): boolean {
  return artifactType === '' || typeless.test(artifactType) || documentTypes.test(artifactType)
}

/** Layers of a manifest that are documents. */
export function documentsOf(manifest: Fields): readonly Descriptor[] {
  const { artifactType, layers } = manifest
  const type = textOf(artifactType) ?? textOf(fieldsOf(manifest['config'])['mediaType']) ?? ''
  return (Array.isArray(layers) ? (layers as unknown[]) : []).flatMap((layer) => {
    const descriptor = descriptorOf(layer)
    if (descriptor === undefined) return []
    const isDocument =
      documentTypes.test(descriptor.mediaType) ||
      (documentTypes.test(type) && /json$|octet-stream$|gzip$|zstd$/.test(descriptor.mediaType))
    return isDocument ? [descriptor] : []
  })
}

/** Manifests of the platforms in an index, and attestations of BuildKit by the digest of their platform. */
export function partsOf(index: Fields): Readonly<{
  platforms: readonly string[]
  attestations: readonly (readonly [image: string, manifest: Descriptor])[]
}> {
  const { manifests } = index
  const all = (Array.isArray(manifests) ? (manifests as unknown[]) : [])
    .map(descriptorOf)
    .filter((descriptor) => descriptor !== undefined)
  const attestations = all.flatMap((value) => {
    const image = digestIn(textOf(value.annotations['vnd.docker.reference.digest']))
    const isAttestation = value.annotations['vnd.docker.reference.type'] === 'attestation-manifest'
    return isAttestation && image !== undefined ? [[image, value] as const] : []
  })
  const attestationDigests = new Set(attestations.map(([, { digest }]) => digest))
  return {
    platforms: all.map(({ digest }) => digest).filter((digest) => !attestationDigests.has(digest)),
    attestations,
  }
}

/** Tag of the referrers, in registries without the referrers API. */
export function referrersTag(digest: string): string {
  return digest.replace(':', '-')
}

/** Tags of cosign for attestations and documents, from the time before the referrers API. */
export function cosignTags(digest: string): readonly string[] {
  return ['att', 'sbom'].map((ending) => `${referrersTag(digest)}.${ending}`)
}

const namePart = '[a-z0-9]+(?:[._-]+[a-z0-9]+)*'
const imagePattern = new RegExp(
  `^(${namePart}(?:/${namePart})*)(?::([\\w][\\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
)

/**
 * `hosts`: names of the registry. Undefined for an image of another registry, or no image. The first part of a name
 * is a host if it has a dot or a port; images without one are in the first registry.
 */
export function placeOf(image: string, hosts: readonly string[]): Place | undefined {
  const nameText = image.replace(/^[a-z-]+:\/\//, '')
  const slash = nameText.indexOf('/')
  const first = slash < 0 ? '' : nameText.slice(0, slash)
  const isHost = /[.:]/.test(first) || first === 'localhost'
  if (isHost && !hosts.includes(first)) return undefined
  const [, name, tag, digest] = imagePattern.exec(isHost ? nameText.slice(slash + 1) : nameText) ?? []
  if (name === undefined || name.length > 255) return undefined
  return { name, reference: digest ?? tag ?? 'latest' }
}

/** Host names by which images name the registry. Docker Hub has another one than its API. */
export function hostsOf(url: string, given: readonly string[]): readonly string[] {
  if (given.length > 0) return given
  const { host } = new URL(url)
  return host === 'registry-1.docker.io' ? ['docker.io', 'index.docker.io'] : [host]
}

/** Images of running containers, by digest, of a pod as the API server has it. */
export function imagesOfPod(pod: unknown): readonly string[] {
  const status = fieldsOf(fieldsOf(pod)['status'])
  if (status['phase'] === 'Succeeded' || status['phase'] === 'Failed') return []
  const images = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].flatMap((list) => {
    const containers = status[list]
    return (Array.isArray(containers) ? (containers as unknown[]) : [])
      .filter(isRecord)
      .flatMap(({ imageID }) => (typeof imageID === 'string' && imageID.includes('@sha256:') ? [imageID] : []))
  })
  return [...new Set(images)]
}

/** Path of the next page of a `Link` header (RFC 8288); `foreign`: on another server. */
export function nextPage(link: string | undefined, from: string): string | undefined {
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '')?.[1]
  if (target === undefined) return undefined
  const base = 'http://registry.invalid'
  const url = URL.parse(target, `${base}${from}`)
  return url?.origin === base ? `${url.pathname}${url.search}` : 'foreign'
}
