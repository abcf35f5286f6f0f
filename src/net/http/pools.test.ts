import { execFile } from 'node:child_process'
import { createServer, request as forward } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { serveHttp } from '../../../test/kit/http-server.ts'
import { realHost } from '../../host/index.ts'
import type { TlsOptions } from '../tls.ts'
import { HttpClient, type HttpClientOptions } from './client.ts'

const { timers } = realHost()

interface Options {
  readonly redirects?: number
  readonly headers?: Readonly<Record<string, string>>
}

async function got(url: string, options: Partial<HttpClientOptions> = {}, request: Options = {}): Promise<string> {
  const client = new HttpClient({ url, connections: 1, timeoutMs: 20_000, timers, tls: undefined, ...options })
  try {
    const { status, body } = await client.request({ limit: 1000, signal: new AbortController().signal, ...request })
    return `${status} ${Buffer.from(body).toString()}`
  } catch (error) {
    return (error as Error).message
  } finally {
    client.close()
  }
}

const authority = selfSigned('authority')
const [serverCertificate, clientCertificate] = [selfSigned('server', authority), selfSigned('weir', authority)]
const mutual = { ...serverCertificate, ca: authority.cert, requestCert: true, rejectUnauthorized: true }
const trusting: TlsOptions = { rejectUnauthorized: true, ca: authority.cert }
const identified: TlsOptions = { ...trusting, cert: clientCertificate.cert, key: clientCertificate.key }

test('a private authority is trusted when it is named, and a client certificate is presented', async () => {
  const { url, seen } = await serveHttp((response) => response.end('in'), mutual)
  expect(await got(url, { tls: identified })).toBe('200 in')
  expect(seen.map(({ client }) => client)).toEqual(['weir'])
  expect(await got(url, { tls: { ...identified, ca: selfSigned('another').cert } })).toMatch(/certificate|self.signed/)
  expect(await got(url)).toMatch(/certificate|self.signed/)
  expect(await got(url, { tls: trusting })).toMatch(/certificate required|closed|reset|alert|ECONNRESET/)
  expect(seen).toHaveLength(1)
})

test('the configured server name is verified, also if a header `host` names another', async () => {
  const { url, seen } = await serveHttp((response) => response.end('in'), { ...serverCertificate })
  expect(await got(url, { tls: trusting }, { headers: { host: 'signed.example' } })).toMatch(/altnames/)
  const wrong = await got(url, { tls: { ...trusting, servername: 'db.example' } })
  expect(wrong).toMatch(/altnames/)
  const named = { ...trusting, servername: 'db.example' }
  expect(await got(url, { tls: named }, { headers: { host: '127.0.0.1' } })).toMatch(/db\.example/)
  expect(seen).toHaveLength(0)
  expect(await got(url, { tls: { rejectUnauthorized: false } })).toBe('200 in')
})

test('another origin does not get the client certificate', async () => {
  const asking = { ...mutual, rejectUnauthorized: false }
  const other = await serveHttp((response) => response.end('other'), asking)
  const own = await serveHttp((response) => response.writeHead(302, { location: other.url }).end(), asking)
  expect(await got(own.url, { tls: identified }, { redirects: 1 })).toBe('200 other')
  expect([own.seen[0]?.client, other.seen[0]?.client]).toEqual(['weir', undefined])
})

test('a redirect from https to http is refused', async () => {
  const plain = await serveHttp((response) => response.end('plain'))
  const { url } = await serveHttp((response) => response.writeHead(302, { location: plain.url }).end(), {
    ...serverCertificate,
  })
  expect(await got(url, { tls: trusting }, { redirects: 1 })).toMatch(/redirects to an address that is not followed/)
  expect(plain.seen).toHaveLength(0)
})

test('https goes through a tunnel of HTTPS_PROXY, with its credentials and the client’s own TLS', async () => {
  const { url, port, seen } = await serveHttp((response) => response.end('in'), mutual)
  const proxy = await proxyServer()
  const proxyEnv = { HTTPS_PROXY: `http://user:pass@127.0.0.1:${proxy.port}` }
  expect(await got(url, { tls: identified, proxyEnv })).toBe('200 in')
  expect(proxy.seen).toEqual([`CONNECT 127.0.0.1:${port} Basic ${btoa('user:pass')}`])
  expect(await got(url, { proxyEnv })).toMatch(/certificate|self.signed/)
  expect(seen).toHaveLength(1)
})

test('http goes through HTTP_PROXY by its absolute address, and https never does', async () => {
  const plain = await serveHttp((response) => response.end('plain'))
  const secure = await serveHttp((response) => response.end('secure'), { ...serverCertificate })
  const proxy = await proxyServer()
  const proxyEnv = { http_proxy: `127.0.0.1:${proxy.port}` }
  expect(await got(plain.url, { proxyEnv })).toBe('200 plain')
  expect(await got(secure.url, { proxyEnv, tls: trusting })).toBe('200 secure')
  expect(proxy.seen).toEqual([`GET ${plain.url}/ undefined`])
})

test.each(['*', '127.0.0.1', 'example.com, 127.0.0.1'])('with NO_PROXY=%s no proxy is used', async (noProxy) => {
  const { url } = await serveHttp((response) => response.end('direct'))
  const proxyEnv = { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: noProxy }
  expect(await got(url, { proxyEnv })).toBe('200 direct')
})

test('a proxy that refuses or is away is named as the reason, without its password', async () => {
  const { url, seen } = await serveHttp((response) => response.end('in'), { ...serverCertificate })
  const proxy = await proxyServer(407)
  const through = (address: string): Promise<string> => got(url, { tls: trusting, proxyEnv: { HTTPS_PROXY: address } })
  expect(await through(`http://user:SECRET@127.0.0.1:${proxy.port}`)).toMatch(/^Proxy response \(407\)/)
  expect(await through('http://user:SECRET@127.0.0.1:1')).toMatch(/^(?!.*SECRET).*ECONNREFUSED/)
  expect(await through('http://user:SECRET@[')).toBe('the variable HTTPS_PROXY is not the URL of a proxy')
  expect(seen).toHaveLength(0)
})

test('undici is loaded with the first request, not with the client', async () => {
  const script = `
    const { createRequire } = await import('node:module')
    const { HttpClient } = await import(${JSON.stringify(new URL('client.ts', import.meta.url).href)})
    const client = new HttpClient({ url: 'http://127.0.0.1:1', connections: 1, timeoutMs: 1000, tls: undefined,
      timers: { after: () => ({ cancel() {} }) } })
    const isLoaded = () => Object.keys(createRequire('/').cache).some((path) => path.includes('undici'))
    const before = isLoaded()
    await client.request({ limit: 1, signal: new AbortController().signal }).catch(() => undefined)
    console.log(before, isLoaded())
    client.close()
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  expect(stdout).toBe('false true\n')
})

async function proxyServer(refusal?: number): Promise<{ readonly port: number; readonly seen: string[] }> {
  const seen: string[] = []
  const proxy = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''} ${String(request.headers['proxy-authorization'])}`)
    forward(request.url ?? '', (answer) => answer.pipe(response)).end()
  })
  proxy.on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url ?? ''} ${String(request.headers['proxy-authorization'])}`)
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`)
    const { hostname, port } = new URL(`http://${request.url ?? ''}`)
    const there = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    for (const one of [socket, there]) one.on('error', () => [socket, there].forEach((each) => each.destroy()))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return { port: (proxy.address() as AddressInfo).port, seen }
}
