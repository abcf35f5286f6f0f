// A stand-in of the REST API of OWASP Dependency-Track: projects, BOM uploads and their tokens, with the status codes
// and problem documents (RFC 9457) of version 4.11.
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TrackProject {
  readonly uuid: string
  readonly name: string
  readonly version?: string
  readonly parent?: { readonly uuid: string }
  readonly collectionLogic?: string
  readonly tags?: readonly { readonly name: string }[]
}

export interface TrackServer {
  readonly url: string
  readonly projects: TrackProject[]
  /** BOMs by the id of their project, in order. */
  readonly boms: Map<string, Buffer[]>
  /** Calls as `METHOD path`, without ids and queries. */
  readonly calls: string[]
  /** Status of the next calls instead; undefined: none. */
  status: number | undefined
  /** Polls until an upload is processed. */
  polls: number
  [Symbol.asyncDispose](): Promise<void>
}

interface Upload {
  readonly projectName: string
  readonly projectVersion: string
  readonly projectTags?: readonly { readonly name: string }[]
  readonly parentUUID?: string
  readonly autoCreate?: boolean
  readonly bom: string
}

export async function startTrackServer(key: string): Promise<TrackServer> {
  const tokens = new Map<string, number>()
  const answer = (response: ServerResponse, status: number, body?: object): void => {
    response.writeHead(status, { 'content-type': status < 300 ? 'application/json' : 'application/problem+json' })
    response.end(body === undefined ? '' : JSON.stringify(body))
  }
  const upload = (response: ServerResponse, given: Upload): void => {
    const bom = Buffer.from(given.bom, 'base64')
    const errors = /"specVersion"/.test(bom.toString()) ? [] : ['$.specVersion: is missing but it is required']
    if (errors.length > 0)
      return answer(response, 400, {
        status: 400,
        title: 'The uploaded BOM is invalid',
        detail: 'Schema validation failed',
        errors,
      })
    if (given.parentUUID !== undefined && !it.projects.some(({ uuid }) => uuid === given.parentUUID))
      return answer(response, 404)
    let project = it.projects.find(
      ({ name, version }) => name === given.projectName && version === given.projectVersion,
    )
    if (project === undefined) {
      if (given.autoCreate !== true) return answer(response, 404)
      project = {
        uuid: randomUUID(),
        name: given.projectName,
        version: given.projectVersion,
        ...(given.parentUUID === undefined ? {} : { parent: { uuid: given.parentUUID } }),
        tags: given.projectTags ?? [],
      }
      it.projects.push(project)
    }
    it.boms.set(project.uuid, [...(it.boms.get(project.uuid) ?? []), bom])
    const token = randomUUID()
    tokens.set(token, it.polls)
    answer(response, 200, { token })
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
    const body = await bodyOf(request)
    const [, , , kind = '', id = '', token = ''] = pathname.split('/')
    it.calls.push(`${request.method} ${kind}${id === '' ? '' : '/…'}`)
    if (request.headers['x-api-key'] !== key) return answer(response, 401)
    if (it.status !== undefined) return answer(response, it.status)
    if (kind === 'event') {
      const left = tokens.get(token) ?? 0
      tokens.set(token, left - 1)
      return answer(response, 200, { processing: left > 0 })
    }
    if (kind === 'bom' && request.method === 'PUT') return upload(response, JSON.parse(body) as Upload)
    if (kind !== 'project') return answer(response, 404)
    if (request.method === 'PUT') {
      const project = { ...(JSON.parse(body) as TrackProject), uuid: randomUUID() }
      if (it.projects.some(({ name, version }) => name === project.name && version === project.version))
        return answer(response, 409)
      it.projects.push(project)
      return answer(response, 201, project)
    }
    if (id !== '') {
      const project = it.projects.find(({ uuid }) => uuid === id)
      return answer(response, project === undefined ? 404 : 200, project)
    }
    const name = searchParams.get('name')
    // The list has no parents.
    const found = it.projects.filter((project) => name === null || project.name === name)
    return answer(
      response,
      200,
      found.map(({ parent: _, ...project }) => project),
    )
  }
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const it: TrackServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    projects: [],
    boms: new Map(),
    calls: [],
    status: undefined,
    polls: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return it
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
