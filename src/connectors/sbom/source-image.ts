/** Reads the documents about one image, and about its platforms. */
import type { SourceContext } from '../../engine/contracts.ts'
import { fieldsOf, withoutUndefined, textOf } from '../../model/json.ts'
import type { Registry } from './client-registry.ts'
import { Failed } from './map-failure.ts'
import {
  cosignTags,
  descriptorOf,
  documentsOf,
  mayHaveDocuments,
  partsOf,
  type Descriptor,
  type Place,
} from './map-registry.ts'
import { readDocument, rejected, type KnownImage } from './map.ts'
import { emitDocument } from './source-emit.ts'
import type { RegistryState } from './source-registry-state.ts'

const maxPlatforms = 32

type ImageOptions = Readonly<{
  config: Readonly<{ cosign: boolean; max_size: number }>
  context: SourceContext
  registry: Registry
  state: RegistryState
  /** Host of the registry in names of images. */
  host: string
}>

/** The manifest of an image never changes. */
type Known = Readonly<{
  name: string
  digest: string
  platforms: readonly string[]
  /** Digest of the configuration, which some runtimes report as that of the image. */
  config: string | undefined
  attestations: readonly (readonly [image: string, manifest: Descriptor])[]
}>

export class ImageReader {
  readonly #options: ImageOptions
  readonly #known = new Map<string, Known>()

  constructor(options: ImageOptions) {
    this.#options = options
  }

  /** Forgets images of other repositories. */
  keep(names: ReadonlySet<string>): void {
    for (const [key, { name }] of this.#known) if (!names.has(name)) this.#known.delete(key)
  }

  /** Emits each document once. Rejects with Failed, and for the journal. */
  async read(location: Place, signal: AbortSignal): Promise<void> {
    const { state, config, registry } = this.#options
    const image = await this.#image(location, signal)
    const { name, digest, platforms, attestations } = image
    try {
      await all([
        ...[digest, ...platforms].map((target) => () => this.#referrers(image, target, signal)),
        ...attestations
          .filter(([target]) => platforms.includes(target))
          .map(
            ([target, manifest]) =>
              () =>
                this.#manifest(image, target, manifest.digest, signal),
          ),
        ...(config.cosign ? cosignTags(digest) : []).map((reference) => async () => {
          const manifest = await registry.manifest({ name, reference }, signal)
          if (manifest !== undefined) await this.#manifest(image, digest, manifest.digest, signal)
        }),
      ])
    } finally {
      await state.save()
    }
  }

  async #image({ name, reference }: Place, signal: AbortSignal): Promise<Known> {
    const before = this.#known.get(`${name}@${reference}`)
    if (before !== undefined) return before
    const manifest = await this.#options.registry.manifest({ name, reference }, signal)
    if (manifest === undefined) throw new Failed('not_found', `the image ${name}:${reference} does not exist`)
    const { platforms, attestations } = partsOf(manifest.body)
    const image = {
      name,
      digest: manifest.digest,
      platforms: platforms.slice(0, maxPlatforms),
      config: descriptorOf(manifest.body['config'])?.digest,
      attestations,
    }
    this.#known.set(`${name}@${manifest.digest}`, image)
    return image
  }

  async #referrers(image: Known, target: string, signal: AbortSignal): Promise<void> {
    const { context, registry, state } = this.#options
    const list = `${image.name}@${target}`
    const since = this.#since
    const referrers = await registry.referrers(image.name, target, state.etag(list, since), signal)
    if (referrers === undefined) return
    const descriptors = referrers.list
      .map(descriptorOf)
      .filter((descriptor) => descriptor !== undefined && mayHaveDocuments(descriptor))
    await all(descriptors.map((descriptor) => () => this.#manifest(image, target, descriptor?.digest ?? '', signal)))
    state.recordList(list, referrers.etag, context.host.clock.now())
  }

  /** The store forgets a report after its retention, also if the image still runs. */
  get #since(): number {
    const { host, storeRetentionMs = Infinity } = this.#options.context
    return host.clock.now() - storeRetentionMs / 2
  }

  async #manifest(image: Known, target: string, digest: string, signal: AbortSignal): Promise<void> {
    const { context, registry, state } = this.#options
    const key = `${image.name}@${target}/${digest}`
    if (state.isEmitted(key, this.#since)) return
    const manifest = await registry.manifest({ name: image.name, reference: digest }, signal)
    if (manifest === undefined) throw new Failed('not_found', `the manifest ${image.name}@${digest} does not exist`)
    const documents = documentsOf(manifest.body)
    const createdAt = Date.parse(
      textOf(fieldsOf(manifest.body['annotations'])['org.opencontainers.image.created']) ?? '',
    )
    let refusedCount = 0
    for (const layer of documents)
      if (!(await this.#document(image, target, { digest, layer, created: createdAt }, signal))) refusedCount++
    const now = context.host.clock.now()
    state.record(key, { emitted: now, documents: documents.length, rejected: refusedCount })
  }

  /** Emits a document of a manifest. False: it is rejected. */
  async #document(
    image: Known,
    target: string,
    { digest, layer, created }: Readonly<{ digest: string; layer: Descriptor; created: number }>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { config, context, host } = this.#options
    const now = context.host.clock.now()
    const path = `${host}/${image.name}@${digest}`
    const bytes = layer.size > config.max_size ? undefined : await this.#bytes(image.name, layer.digest, signal)
    const read =
      bytes === undefined
        ? rejected(
            { path, bytes: new TextEncoder().encode(`${path} ${layer.digest}`), now },
            'too_large',
            `The document has more than ${config.max_size} bytes.`,
          )
        : await readDocument(
            {
              path,
              bytes,
              modified: Number.isNaN(created) ? now : created,
              now,
              image: this.#about(image, target),
            },
            config.max_size,
            context.host.memory,
          )
    await emitDocument(context, read, path, signal)
    return read.outcome === 'accepted'
  }

  /** Bytes of a document. Undefined: it is larger than its descriptor states, and than the limit. */
  async #bytes(name: string, digest: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { config, registry } = this.#options
    try {
      return await registry.blob(name, digest, config.max_size, signal)
    } catch (error) {
      if (error instanceof Failed && error.reason === 'too_large') return undefined
      throw error
    }
  }

  #about({ name, digest, platforms, config }: Known, target: string): KnownImage {
    const { host } = this.#options
    const aliases = [...(target === digest ? [] : [digest]), ...(config === undefined ? [] : [config])]
    return {
      image: withoutUndefined<KnownImage['image']>({
        digest: target,
        name: `${host}/${name}`,
        aliases: aliases.length === 0 ? undefined : aliases,
      }),
      digests: new Set([digest, ...platforms, ...aliases]),
    }
  }
}

/** Runs all acts: one unreadable document delays no other. Rejects with the first failure of the registry. */
async function all(acts: readonly (() => Promise<void>)[]): Promise<void> {
  let first: Failed | undefined
  for (const act of acts)
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Failed) || error.isGeneral) throw error
      first ??= error
    }
  if (first !== undefined) throw first
}
