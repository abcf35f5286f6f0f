// A server of Leases: each object has a version, and a conflicting write is refused.
import { createServer, type Server } from 'node:http'
import { endAtOnce, listenHere } from './loopback.ts'

interface Lease {
  readonly metadata: {
    readonly name: string
    readonly resourceVersion: string
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: Readonly<Record<string, unknown>>
}

export class LeaseServer {
  readonly leases = new Map<string, Lease>()
  url = ''
  /** It receives requests and never responds. */
  isSilent = false
  /** Forbidden verbs in access reviews. */
  readonly refused = new Set<string>()
  #version = 0
  readonly #server: Server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request
      .on('data', (piece: Buffer) => pieces.push(piece))
      .on('end', () => {
        if (this.isSilent) return
        const [status, body] = this.#answer(request.method ?? '', request.url ?? '', Buffer.concat(pieces).toString())
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      })
  })

  async start(): Promise<this> {
    this.url = await listenHere(this.#server)
    return this
  }

  stop(): Promise<void> {
    return endAtOnce(this.#server)
  }

  #answer(method: string, url: string, text: string): [number, object] {
    const [, namespace = '', named] =
      /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/?]+)\/leases(?:\/([^?]+))?/.exec(url) ?? []
    if (url === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') {
      const {
        spec: {
          resourceAttributes: { verb },
        },
      } = JSON.parse(text) as { readonly spec: { readonly resourceAttributes: { readonly verb: string } } }
      return [201, { status: { allowed: !this.refused.has(verb) } }]
    }
    const refuse = (code: number, message: string): [number, object] => [code, { kind: 'Status', code, message }]
    const given = text === '' ? undefined : (JSON.parse(text) as Lease)
    const key = `${namespace}/${named ?? given?.metadata.name ?? ''}`
    const held = this.leases.get(key)
    if (method === 'GET') return held === undefined ? refuse(404, 'not found') : [200, held]
    if (
      given === undefined ||
      (method === 'POST' ? held !== undefined : held?.metadata.resourceVersion !== given.metadata.resourceVersion)
    )
      return refuse(409, 'the object has been modified')
    if (![given.spec?.['acquireTime'], given.spec?.['renewTime']].every((time) => /\.\d{6}Z$/.test(String(time))))
      return refuse(400, 'a time has microseconds')
    const kept = { ...given, metadata: { ...given.metadata, resourceVersion: String(++this.#version) } }
    this.leases.set(key, kept)
    return [method === 'POST' ? 201 : 200, kept]
  }
}
