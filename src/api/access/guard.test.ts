import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { isLoopback } from './guard.ts'
import { startApi } from '../index.ts'
import { log, post, sendRaw, start } from '../testing/kit.ts'
import { RecordingControl } from '../testing/recording-control.ts'
import { realHost } from '../../host/index.ts'

function status(
  port: number,
  path: string,
  headers: Record<string, string | string[]>,
  method = 'GET',
  body?: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, method, headers, setHost: false, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.on('error', reject).end(body)
  })
}

const event = '{"specversion":"1.0","id":"1","source":"/a","type":"t"}'
const eventHeaders = { 'content-type': 'application/cloudevents+json', 'content-length': String(event.length) }

describe('on a loopback address without tokens', () => {
  test('accepts localhost, 127.0.0.1 and [::1], with or without a port', async () => {
    const { port } = await start()
    for (const host of ['localhost', 'LocalHost', '127.0.0.1', '[::1]']) {
      expect(await status(port, '/api/v1/ledger', { host }), host).toBe(200)
      expect(await status(port, '/api/v1/ledger', { host: `${host}:${port}` }), host).toBe(200)
    }
  })

  test('rejects another Host everywhere: API, console, events and unknown paths', async () => {
    const { port } = await start()
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'localhost.',
      '127.1',
      '2130706433',
      'localhost@evil.example',
      '[::ffff:127.0.0.1]',
      '',
    ]) {
      for (const path of ['/', '/main.js', '/api/v1/ledger', '/api/v1/live', '/nothing'])
        expect(await status(port, path, { host }), `${host} ${path}`).toBe(403)
      expect(await status(port, '/events', { host, ...eventHeaders }, 'POST', event), host).toBe(403)
      expect(
        await status(port, '/api/v1/sql', { host, 'content-type': 'application/json' }, 'POST', '{"sql":"SELECT 1"}'),
        host,
      ).toBe(403)
    }
  })

  test('a rejected Host gets the reason and a hint', async () => {
    const { port } = await start()
    const answer = await sendRaw(port, 'GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).toContain('application/problem+json')
    expect(answer).toContain('WEIR_API_HOST')
    expect(answer).toContain('auth.tokens')
  })

  test('a missing or double Host, or a host in the request line, does not bypass the check', async () => {
    const { port } = await start()
    const first = async (text: string): Promise<string> => (await sendRaw(port, text)).split('\r\n')[0] ?? ''
    expect(await first('GET / HTTP/1.0\r\n\r\n')).toContain(' 403 ')
    expect(await first('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toContain(' 400 ')
    expect(await first('GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n')).toMatch(
      / 40[03] /,
    )
    expect(await first('GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      / 40[03] /,
    )
    expect(
      await first('GET http://evil.example/api/v1/ledger HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    ).toContain(' 400 ')
    expect(
      await first('GET //evil.example/api/v1/ledger HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
    ).toContain(' 403 ')
  })

  test('a page of another site can neither post nor read', async () => {
    const { port, control } = await start()
    const host = `localhost:${port}`
    const origins = [
      'http://evil.example',
      `http://localhost:${port + 1}`,
      `https://localhost:${port}`,
      `http://127.0.0.1:${port}`,
      'http://localhost',
      'null',
      '',
      `http://localhost:${port}.evil.example`,
    ]
    for (const origin of origins) {
      expect(await status(port, '/api/v1/ledger', { host, origin }), origin).toBe(403)
      expect(await status(port, '/events', { host, origin, ...eventHeaders }, 'POST', event), origin).toBe(403)
      expect(await status(port, '/api/v1/reload', { host, origin }, 'POST'), origin).toBe(403)
      expect(await status(port, '/', { host, origin }), origin).toBe(403)
    }
    expect(control.ingested).toEqual([])
    expect(await status(port, '/events', { host, origin: `http://${host}`, ...eventHeaders }, 'POST', event)).toBe(200)
  })

  test('rejects two Origin headers even when one is correct', async () => {
    const { port } = await start()
    expect(
      await sendRaw(
        port,
        `GET /api/v1/ledger HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: ` +
          `http://localhost:${port}\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 403 /)
  })

  test('rejects cross-site fetches without Origin, but accepts followed links', async () => {
    const { port } = await start()
    const host = `localhost:${port}`
    expect(
      await status(port, '/api/v1/live', { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }),
    ).toBe(403)
    expect(
      await status(port, '/api/v1/ledger', { host, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }),
    ).toBe(403)
    expect(
      await status(
        port,
        '/api/v1/reload',
        { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
        'POST',
      ),
    ).toBe(403)
    expect(
      await status(port, '/api/v1/ledger', { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }),
    ).toBe(200)
    expect(
      await status(port, '/api/v1/ledger', { host, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }),
    ).toBe(200)
  })

  test('no response has a CORS header', async () => {
    const { api } = await start()
    for (const path of ['/', '/api/v1/ledger', '/nothing']) {
      const { headers } = await fetch(api.url + path)
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describe('another address', () => {
  test('the API refuses an exposed address without tokens and names the remedy', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      const started = startApi({
        control: new RecordingControl(),
        listen: { host, port: 0 },
        auth: { tokens: [] },
        httpAuth: 'none',
        log,
        host: realHost(),
        version: '0',
      })
      await expect(started, host).rejects.toMatchObject({
        code: 'WEIR_LISTEN_EXPOSED',
        message: expect.stringContaining('auth: {tokens:') as string,
      })
    }
  })

  test('with tokens any address and any Host is accepted', async () => {
    const { port, api } = await start({
      listen: { host: '0.0.0.0', port: 0 },
      auth: { tokens: [{ name: 'me', token: 'secret-1' }] },
    })
    expect(api.url).toBe(`http://127.0.0.1:${port}`)
    expect(await status(port, '/api/v1/ledger', { host: 'weir.example', authorization: 'Bearer secret-1' })).toBe(200)
    expect(await status(port, '/api/v1/ledger', { host: 'weir.example' })).toBe(401)
  })

  test('loopback is 127.0.0.0/8, ::1 and localhost', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost', 'LOCALHOST'].map(isLoopback)).not.toContain(false)
    expect(['0.0.0.0', '::', '10.0.0.1', 'localhost.example', '127.0.0.1.example', ''].map(isLoopback)).not.toContain(
      true,
    )
  })
})

describe('with tokens', () => {
  const auth = {
    tokens: [
      { name: 'one', token: 'secret-1' },
      { name: 'two', token: 'secret-2' },
    ],
  }

  test('every API path requires a token, also unknown paths; the page does not', async () => {
    const { api } = await start({ auth })
    for (const path of ['/api/v1/ledger', '/api/v1/live', '/api/v1/openapi.json', '/nothing']) {
      const answer = await fetch(api.url + path)
      expect(answer.status, path).toBe(401)
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="weir"')
    }
    expect((await post(`${api.url}/api/v1/sql`, { sql: 'SELECT 1' })).status).toBe(401)
    expect((await fetch(`${api.url}/`)).status).toBe(200)
  })

  test('accepts each token, and reports a wrong one', async () => {
    const { api } = await start({ auth })
    const ask = (authorization: string): Promise<Response> =>
      fetch(`${api.url}/api/v1/ledger`, { headers: { authorization } })
    expect((await ask('Bearer secret-1')).status).toBe(200)
    expect((await ask('bearer secret-2')).status).toBe(200)
    for (const wrong of [
      'Bearer secret-3',
      'Bearer',
      'Bearer secret-1x',
      'Basic c2VjcmV0LTE=',
      'Bearer secret-1, secret-2',
    ]) {
      const answer = await ask(wrong)
      expect(answer.status, wrong).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('invalid_token')
    }
  })

  test('POST /events follows the rule of the API unless it is open, and opening it opens nothing else', async () => {
    const send = (url: string): Promise<Response> =>
      fetch(`${url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json' },
        body: event,
      })
    const closed = await start({ auth })
    expect((await send(closed.api.url)).status).toBe(401)
    const open = await start({ auth, httpAuth: 'none' })
    expect((await send(open.api.url)).status).toBe(200)
    expect((await fetch(`${open.api.url}/api/v1/ledger`)).status).toBe(401)
    expect(await status(open.port, '/events', { host: 'evil.example', ...eventHeaders }, 'POST', event)).toBe(403)
  })
})

test('reports a port in use', async () => {
  const { port } = await start()
  const again = startApi({
    control: new RecordingControl(),
    listen: { host: '127.0.0.1', port },
    auth: { tokens: [] },
    httpAuth: 'api',
    log,
    host: realHost(),
    version: '0',
  })
  await expect(again).rejects.toMatchObject({
    code: 'WEIR_LISTEN_IN_USE',
    message: expect.stringContaining(String(port)) as string,
  })
})
