// What the provider `opentelekomcloud` 1.36.23 reads for a plan: a token, its catalog, and the types of volumes.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

export type OtcPlanServer = Readonly<{ url: string; tokens: readonly string[]; close(): Promise<void> }>

const services: readonly (readonly [type: string, path: string])[] = [
  ['identity', '/v3'],
  ['network', '/vpc'],
  ['vpc', '/v1/project'],
  ['cce', '/cce'],
  ['volumev3', '/v3/project'],
]

export async function startOtcPlanServer(): Promise<OtcPlanServer> {
  const tokens: string[] = []
  const server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    const token = request.headers['x-subject-token']
    if (typeof token === 'string') tokens.push(token)
    response.setHeader('content-type', 'application/json')
    response.setHeader('x-subject-token', 'issued')
    if (path === '/v3/auth/tokens') response.end(JSON.stringify({ token: issued(urlOf(server)) }))
    else if (path === '/v3/project/types') response.end(JSON.stringify({ volume_types: [volumes] }))
    else response.writeHead(404).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `${urlOf(server)}/v3`,
    tokens,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const volumes = {
  id: 'ssd',
  name: 'SSD',
  extra_specs: { 'RESKEY:availability_zones': 'eu-de-01,eu-de-02,eu-de-03' },
}

const issued = (url: string): object => ({
  issued_at: '2026-01-01T00:00:00.000000Z',
  expires_at: '2126-01-01T00:00:00.000000Z',
  methods: ['token'],
  roles: [],
  user: { id: 'user', name: 'user', domain: { id: 'domain', name: 'domain' } },
  project: { id: 'project', name: 'eu-de', domain: { id: 'domain', name: 'domain' } },
  catalog: services.map(([type, path]) => ({
    id: type,
    type,
    name: type,
    endpoints: [{ id: type, interface: 'public', region: 'eu-de', region_id: 'eu-de', url: `${url}${path}` }],
  })),
})
