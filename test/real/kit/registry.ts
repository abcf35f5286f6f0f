// A real OCI registry, and a client that pushes images with their referrers.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Pushed {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly artifactType?: string
}

export const imageManifest = 'application/vnd.oci.image.manifest.v1+json'
export const imageIndex = 'application/vnd.oci.image.index.v1+json'

export interface RealRegistry {
  readonly url: string
  /** Name in images. */
  readonly host: string
  /** One line for each request. */
  readonly log: string
  [Symbol.asyncDispose](): Promise<void>
}

/** Resolves when it answers. */
export async function startRegistry(program: string, args: readonly string[], port: number): Promise<RealRegistry> {
  const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit')
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text))
  const host = `127.0.0.1:${port}`
  for (let waited = 0; ; waited += 50) {
    if (child.exitCode !== null || waited > 30_000) throw new Error(`the registry does not start: ${log}`)
    if ((await fetch(`http://${host}/v2/`).catch(() => undefined)) !== undefined) break
    await sleep(50)
  }
  return {
    url: `http://${host}`,
    host,
    get log() {
      return log
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', kill)
      child.kill('SIGKILL')
      await exited
    },
  }
}

export const digestOf = (bytes: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Pushes to one repository. */
export class Pusher {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(url: string, name: string, token?: string) {
    this.#base = `${url}/v2/${name}`
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  }

  async blob(content: Uint8Array | string, mediaType: string): Promise<Pushed> {
    const digest = digestOf(content)
    const started = await fetch(`${this.#base}/blobs/uploads/`, { method: 'POST', headers: this.#headers })
    const location = new URL(started.headers.get('location') ?? '', this.#base)
    location.searchParams.set('digest', digest)
    await this.#done(fetch(location, { method: 'PUT', headers: this.#headers, body: Buffer.from(content) }))
    return { mediaType, digest, size: Buffer.byteLength(content) }
  }

  async manifest(content: object, reference?: string): Promise<Pushed> {
    const text = JSON.stringify(content)
    const { mediaType = imageManifest } = content as { readonly mediaType?: string }
    const digest = digestOf(text)
    const to = `${this.#base}/manifests/${reference ?? digest}`
    const headers = { ...this.#headers, 'content-type': mediaType }
    await this.#done(fetch(to, { method: 'PUT', headers, body: text }))
    return { mediaType, digest, size: text.length }
  }

  /** An image without layers. */
  async image(name: string, tag?: string): Promise<Pushed> {
    const config = await this.blob(JSON.stringify({ name }), 'application/vnd.oci.image.config.v1+json')
    return this.manifest({ schemaVersion: 2, mediaType: imageManifest, config, layers: [] }, tag)
  }

  /** A manifest with one document about the subject. */
  async referrer(subject: Pushed, artifactType: string, content: Uint8Array | string, layerType = artifactType) {
    const [config, layer] = [
      await this.blob('{}', 'application/vnd.oci.empty.v1+json'),
      await this.blob(content, layerType),
    ]
    const { mediaType, digest, size } = subject
    const pushed = await this.manifest({
      schemaVersion: 2,
      mediaType: imageManifest,
      artifactType,
      config,
      layers: [layer],
      subject: { mediaType, digest, size },
    })
    return { ...pushed, artifactType }
  }

  async #done(request: Promise<Response>): Promise<void> {
    const response = await request
    if (!response.ok) throw new Error(`${response.url}: status ${response.status}: ${await response.text()}`)
  }
}
