// A scripted API server over real HTTP: status, headers, cuts, pauses, resets.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Scene = (response: ServerResponse, query: URLSearchParams, request: IncomingMessage) => void | Promise<void>

export interface ReceivedRequest {
  readonly path: string
  readonly query: URLSearchParams
}

export class ScriptedApiServer {
  readonly received: ReceivedRequest[] = []
  readonly #server: Server
  readonly #scenes: Scene[]
  #problem: string | undefined

  private constructor(server: Server, scenes: Scene[]) {
    this.#server = server
    this.#scenes = scenes
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', 'http://scripted')
      this.received.push({ path: url.pathname, query: url.searchParams })
      const scene = this.#scenes.length > 1 ? this.#scenes.shift() : this.#scenes[0]
      Promise.resolve(scene?.(response, url.searchParams, request)).catch((error: unknown) => {
        this.#problem = String(error)
      })
    })
  }

  /** Each scene responds to one request, in order; the last one to all further ones. */
  static async start(...scenes: Scene[]): Promise<ScriptedApiServer> {
    const server = createServer()
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    return new ScriptedApiServer(server, scenes)
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    if (this.#problem !== undefined) throw new Error(this.#problem)
  }
}

export interface ObjectSpec {
  readonly name: string
  readonly version: number | string
  readonly uid?: string
  readonly more?: object
}

export function object({ name, version, uid = `uid-${name}`, more = {} }: ObjectSpec): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', uid, resourceVersion: String(version) },
    ...more,
  }
}

export function list(version: number | string, objects: readonly object[], next = ''): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMapList',
    metadata: { resourceVersion: String(version), ...(next === '' ? {} : { continue: next }) },
    items: objects.map((each) => ({ ...each, apiVersion: undefined, kind: undefined })),
  }
}

export function refusal(code: number, more: object = {}): object {
  return { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, message: `scripted ${code}`, ...more }
}

export const bookmark = (version: number | string, annotations?: Readonly<Record<string, string>>): object => ({
  type: 'BOOKMARK',
  object: {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(version), ...(annotations === undefined ? {} : { annotations }) },
  },
})
export const endMark = (version: number | string): object => bookmark(version, { 'k8s.io/initial-events-end': 'true' })

export function json(body: object, status = 200, headers: Readonly<Record<string, string>> = {}): Scene {
  return (response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

/** Watch events, one per line. `hold`: the watch stays open. `cut`: size of the chunks in bytes. */
export function watch(events: readonly (object | string)[], { hold = false, cut = 0 } = {}): Scene {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    const bytes = Buffer.from(
      events.map((event) => `${typeof event === 'string' ? event : JSON.stringify(event)}\n`).join(''),
    )
    for (let at = 0; at < bytes.length; at += cut === 0 ? bytes.length : cut) {
      await new Promise((resolve) => response.write(bytes.subarray(at, cut === 0 ? undefined : at + cut), resolve))
    }
    if (!hold) response.end()
  }
}
