import { request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { selfSigned, type TestCertificate } from '../../test/kit/certificate.ts'
import { testContext } from '../../test/conformance/batches.ts'
import { startApi } from './index.ts'
import type { RunningApi } from './options.ts'
import { RecordingControl } from './testing/recording-control.ts'

async function start(tls: TestCertificate): Promise<RunningApi> {
  const { log, host } = testContext()
  const api = await startApi({
    control: new RecordingControl(),
    listen: { host: '127.0.0.1', port: 0 },
    eventsListen: [{ host: '127.0.0.1', port: 0 }],
    auth: { tokens: [] },
    httpAuth: 'api',
    log,
    host,
    version: '0.0.0-test',
    tls,
    limits: { closeMs: 300 },
  })
  onTestFinished(() => api.close())
  return api
}

function ask(
  url: string,
  ca: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly name: string }> {
  return new Promise((resolve, reject) => {
    const clientRequest = request(url, { ca, headers, agent: false }, (response) => {
      const { subject } = (response.socket as TLSSocket).getPeerCertificate()
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, name: String(subject.CN) }))
    })
    clientRequest.on('error', reject).end()
  })
}

test('with a certificate API and event listeners accept TLS only', async () => {
  const certificate = selfSigned('first')
  const api = await start(certificate)
  expect([api.url, ...api.eventsUrls].every((url) => url.startsWith('https://127.0.0.1:'))).toBe(true)
  expect(await ask(`${api.url}/api/v1/health`, certificate.cert)).toEqual({ status: 200, name: 'first' })
  expect((await ask(`${api.eventsUrls[0] ?? ''}/`, certificate.cert)).name).toBe('first')
  await expect(ask(`${api.url}/api/v1/health`, selfSigned('other').cert)).rejects.toThrow(/certificate/)
  await expect(fetch(`${api.url.replace('https:', 'http:')}/api/v1/health`)).rejects.toThrow()
})

test('over TLS the own origin is https', async () => {
  const certificate = selfSigned('first')
  const { url } = await start(certificate)
  expect((await ask(`${url}/api/v1/health`, certificate.cert, { origin: url })).status).toBe(200)
  expect((await ask(`${url}/api/v1/health`, certificate.cert, { origin: url.replace('https:', 'http:') })).status).toBe(
    403,
  )
})

test('new connections use a renewed certificate, and an invalid one changes nothing', async () => {
  const [first, second] = [selfSigned('first'), selfSigned('second')]
  const api = await start(first)
  expect(() => api.renew({ cert: 'none', key: 'none' })).toThrow()
  expect((await ask(`${api.url}/api/v1/health`, first.cert)).name).toBe('first')
  api.renew(second)
  expect((await ask(`${api.url}/api/v1/health`, second.cert)).name).toBe('second')
})
