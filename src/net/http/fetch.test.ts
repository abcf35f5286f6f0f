import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { serveHttp } from '../../../test/kit/http-server.ts'
import { realHost } from '../../host/index.ts'
import { fetchWith } from './fetch.ts'

const fetchIt = fetchWith({ timers: realHost().timers, timeoutMs: 20_000, limit: 1000, proxyEnv: {} })

test('a form is posted, and a coded response is read as JSON', async () => {
  const { url, seen } = await serveHttp((response) => {
    response.writeHead(201, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(gzipSync('{"token":"t"}'))
  })
  const response = await fetchIt(`${url}/token?x=1`, {
    method: 'POST',
    headers: new Headers({ 'Content-Type': 'application/x-www-form-urlencoded' }),
    body: new URLSearchParams({ code: 'a b' }),
  })
  expect([response.status, await response.json(), response.headers.get('content-encoding')]).toEqual([
    201,
    { token: 't' },
    null,
  ])
  expect(seen).toMatchObject([
    {
      method: 'POST',
      path: '/token?x=1',
      body: 'code=a+b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  ])
})

test('a redirect is a response, and statuses without a body have none', async () => {
  const { url } = await serveHttp((response, { path }) => {
    response.writeHead(path === '/' ? 302 : 204, { location: '/there' }).end()
  })
  const response = await fetchIt(url)
  expect([response.status, response.headers.get('location')]).toEqual([302, '/there'])
  expect((await fetchIt(`${url}/empty`)).body).toBe(null)
})

test('failures have the form of fetch: the cause of the network, the limit, or the reason of the signal', async () => {
  await expect(fetchIt('http://127.0.0.1:1/')).rejects.toMatchObject({
    name: 'TypeError',
    message: 'fetch failed',
    cause: { code: 'ECONNREFUSED' },
  })
  const { url } = await serveHttp((response) => response.end('x'.repeat(1001)))
  await expect(fetchIt(url)).rejects.toMatchObject({ cause: { code: 'WEIR_HTTP_TOO_LARGE' } })
  const silent = await serveHttp(() => undefined)
  await expect(fetchIt(silent.url, { signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ name: 'TimeoutError' })
})
