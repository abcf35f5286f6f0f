// The preset's configuration, and the preset itself between a stand-in for the cloud and a plain HTTP server.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { CtsServer } from '../../test/kit/cts.ts'
import { freePorts } from '../../test/kit/free-port.ts'
import { temporaryFolder, weir } from './testing/command.ts'

interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly path: string | undefined
  readonly body: string
}

/** Takes what is posted, and refuses the first few. */
async function receiver(refused: number): Promise<{ readonly url: string; readonly posted: Posted[] }> {
  const posted: Posted[] = []
  let left = refused
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
      if (left-- > 0) return void response.writeHead(503).end()
      posted.push({ headers: request.headers, path: request.url, body: Buffer.concat(pieces).toString() })
      response.writeHead(202).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/default/broker`, posted }
}

const bare = Object.fromEntries(['OS_CLOUD', 'OS_DEBUG', 'CTS_TRACKER', 'CTS_FROM', 'CTS_X_PNP', 'CTS_STREAMS', 'K_SINK', 'K_CE_OVERRIDES', 'K_CA_CERTS', 'WEIR_DATA'].map((name) => [name, '']))

test('what --print-config prints is a whole configuration, which variables of Weir change further', async () => {
  const folder = await temporaryFolder()
  const env = { ...bare, OS_CLOUD: 'otc', K_SINK: 'https://me:hidden@broker.example/in', K_CE_OVERRIDES: '{"extensions":{"env":"prod"}}', K_CA_CERTS: 'PEM' }
  const printed = await weir(['cts-exporter', '-from', '60', '--print-config', '--data', folder], { env })
  expect([printed.code, printed.out.includes('backfill: 60m'), (printed.out + printed.err).includes('hidden')]).toEqual([0, true, false])
  await writeFile(join(folder, 'cts-exporter.yaml'), printed.out)
  const { code, out, err } = await weir(['check', '--config', join(folder, 'cts-exporter.yaml')], { env: { ...bare, WEIR_SOURCES_CTS_API: 'v3', WEIR_SINKS_KNATIVE_MODE: 'structured', WEIR_STORE_ENABLED: 'parquet' } })
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/sink knative +http: https:\/\/broker\.example\/in, from cts/)
})

test('every trace arrives once, in binary mode, with what Knative overrides; after a restart none again', async () => {
  const folder = await temporaryFolder()
  const cloud = await new CtsServer().start()
  onTestFinished(() => cloud.stop())
  const project = cloud.project('eu-de_prod')
  const { url, posted } = await receiver(5)
  await writeFile(join(folder, 'clouds.yaml'), JSON.stringify({ clouds: { otc: { auth: { auth_url: `${cloud.url}/v3`, username: cloud.user.name, password: cloud.user.password, user_domain_name: cloud.domain.name, project_name: project.name } } } }), { mode: 0o600 })
  const [api, ops] = await freePorts(2)
  const env = {
    ...process.env, OS_CLIENT_CONFIG_FILE: join(folder, 'clouds.yaml'), OS_CLOUD: 'otc', CTS_FROM: '30', CTS_X_PNP: '', CTS_STREAMS: 'true', K_SINK: url, K_CE_OVERRIDES: '{"extensions":{"env":"prod","region":"ours"}}',
    WEIR_SOURCES_CTS_EVERY: '1s', WEIR_DATA: join(folder, 'data'),
  }
  const wanted: string[] = []
  const put = (count: number, agoMs: number, visible = 0): void => {
    const traces = Array.from({ length: count }, (_, number) => ({ trace_id: `t-${wanted.length + number}`, time: Date.now() - agoMs - number, service_type: 'ECS', resource_type: 'ecs', resource_name: 'Büro-web 01', resource_id: `r-${number % 7}`, trace_name: 'startServer', trace_type: 'ApiCall', trace_status: 'normal', code: 200, user: { id: 'u', name: 'jdoe' } }))
    cloud.put(project, traces, { visible })
    wanted.push(...traces.map(({ trace_id: id }) => id))
  }
  put(120, 20 * 60_000)
  put(40, 60_000, Date.now() + 2000)
  const start = async (): Promise<() => Promise<unknown>> => {
    const child = spawn(process.execPath, ['src/main.ts', 'cts-exporter', '--listen', `127.0.0.1:${api}`, '--ops', `127.0.0.1:${ops}`], { cwd: new URL('../../', import.meta.url), env, stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = once(child, 'close')
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await ended
    })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece))
    await expect.poll(() => (child.exitCode === null ? said : `ended: ${said}`), { timeout: 60_000 }).toMatch(/^(?!ended)[^]*weir is ready/)
    return async () => {
      child.kill('SIGTERM')
      return (await ended as [number | null])[0]
    }
  }
  const idsOf = (): string[] => posted.map(({ headers }) => String(headers['ce-id'])).sort()
  const stop = await start()
  await expect.poll(() => idsOf().length, { timeout: 60_000 }).toBe(wanted.length)
  expect(await stop()).toBe(0)
  put(10, 1000)
  const again = await start()
  await expect.poll(() => idsOf().length, { timeout: 60_000 }).toBe(wanted.length)
  const asked = cloud.requests(/trace$/).length
  await expect.poll(() => cloud.requests(/trace$/).length, { timeout: 60_000 }).toBeGreaterThan(asked + 2)
  expect(await again()).toBe(0)
  expect(idsOf()).toEqual([...wanted].sort())
  const [first] = posted
  expect(first).toMatchObject({
    path: '/default/broker',
    headers: {
      'ce-specversion': '1.0', 'ce-source': `${cloud.url}/v2.0/${project.id}/`, 'ce-type': 'ecs.apicall.ecs.startserver', 'ce-subject': 'B%C3%BCro-web%2001', 'content-type': 'application/json',
      'ce-status': 'normal', 'ce-code': '200', 'ce-region': 'ours', 'ce-env': 'prod', 'ce-tenant': project.id, 'ce-domain': cloud.domain.id, 'ce-actor': 'jdoe',
    },
  })
  expect(JSON.parse(first?.body ?? '')).toMatchObject({ trace_id: first?.headers['ce-id'], trace_status: 'normal', code: '200', resource_name: 'Büro-web 01', user: { id: 'u', name: 'jdoe' } })
})
