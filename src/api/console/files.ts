import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Object as ObjectOf, String as Text } from 'typebox'
import { acceptsCoding } from '../answer.ts'
import { scriptsOf, type Manifest } from './scripts.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { typed } from '../request/typed.ts'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const AssetParameters = ObjectOf({ name: Text() })

const isWorker = /worker[^/]*$/
const policies = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}

type Served = Readonly<{
  type: string
  plain: Buffer
  gzip: Buffer
  /** Written by the build of the console. */
  brotli?: Buffer | undefined
  etag: string
}>

export const builtConsole = fileURLToPath(new URL('../../../console/dist/', import.meta.url))

const notBuilt = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Weir</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><h1>The console is not built</h1>
<p>Weir runs. <code>npm run build:console</code> in its folder builds the console
(<code>npm ci</code> does so, too); then restart Weir.</p>
<p><a href="/api/v1/openapi.json">The API</a> is available.</p></body></html>
`

export function consoleRoutes(app: FastifyInstance, { host, log }: ApiContext, folder: string = builtConsole): void {
  const cached = new Map<string, Served>()
  let manifest: Promise<Manifest> | undefined
  const load = async (name: string) => {
    const existing = cached.get(name)
    if (existing !== undefined) return existing
    try {
      const plain = Buffer.from(await host.disk.readFile(folder + name))
      const brotli = await host.disk.readFile(`${folder}${name}.br`).then(
        (bytes) => Buffer.from(bytes),
        () => undefined,
      )
      const file = { ...served(name, plain), brotli }
      cached.set(name, file)
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      log.error('A file of the console cannot be read.', { name, error })
      throw error
    }
  }
  const loadPage = async (url: string) => {
    manifest ??= host.disk.readFile(`${folder}manifest.json`).then(
      (text) => JSON.parse(Buffer.from(text).toString()) as Manifest,
      () => ({}),
    )
    const scripts = scriptsOf(await manifest, url)
    const plain = await load('index.html')
    if (plain === undefined || scripts.length === 0) return plain
    const key = `index.html with ${scripts.join(' ')}`
    const links = scripts.map((script) => `  <link rel="modulepreload" crossorigin href="/${script}">\n`).join('')
    const page =
      cached.get(key) ?? served('index.html', Buffer.from(plain.plain.toString().replace('</head>', `${links}</head>`)))
    cached.set(key, page)
    return page
  }
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (/^\/(?:api|assets)(?:[/?]|$)/.test(request.url)) throw nothingAt(request)
    return send(request, reply, (await loadPage(request.url)) ?? served('index.html', Buffer.from(notBuilt)))
  }
  const methods = ['GET', 'HEAD']
  app.addConstraintStrategy({
    name: 'navigation',
    storage: () => {
      const stores = new Map<unknown, never>()
      return { get: (key) => stores.get(key) ?? null, set: (key, store) => void stores.set(key, store as never) }
    },
    deriveConstraint: (request: IncomingMessage) =>
      /\btext\/html\b/.test(request.headers.accept ?? '') ? 'page' : undefined,
  })
  app.route({ method: methods, url: '/', config: { open: true }, handler: page })
  app.route({ method: methods, url: '/*', config: { open: true }, constraints: { navigation: 'page' }, handler: page })
  const sendFile = async (request: FastifyRequest, reply: FastifyReply, name: string, caching?: string) => {
    const file = await load(name)
    if (file === undefined) throw nothingAt(request)
    return send(request, reply, file, caching)
  }
  app.route({
    method: methods,
    url: '/icon.svg',
    config: { open: true },
    handler: (request, reply) => sendFile(request, reply, 'icon.svg'),
  })
  typed(app).route({
    method: methods,
    url: '/assets/:name',
    schema: { params: AssetParameters },
    config: { open: true },
    handler: async (request, reply) => {
      const { name } = request.params
      if (!/^[\w-]+(?:\.[\w-]+)+$/.test(name)) throw nothingAt(request)
      return sendFile(request, reply, `assets/${name}`, 'public, max-age=31536000, immutable')
    },
  })
}

function nothingAt(request: FastifyRequest) {
  return new ApiError('WEIR_API_NOT_FOUND', `There is nothing at ${request.url.split('?')[0] ?? '/'}.`, {
    hints: ['GET /api/v1/openapi.json describes the API.'],
  })
}

function served(name: string, plain: Buffer): Served {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 11)}"`
  return {
    type: types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    plain,
    gzip: gzipSync(plain, { level: 9 }),
    etag,
  }
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, plain, gzip, brotli, etag }: Served,
  cache = 'no-cache',
): FastifyReply {
  reply.headers({
    etag,
    vary: 'accept, accept-encoding',
    'cache-control': cache,
    // A script obeys the policy of its page; a worker has a policy.
    ...(type === types['js'] && !isWorker.test(request.url) ? {} : policies),
  })
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  reply.type(type)
  if (brotli !== undefined && acceptsCoding(request, 'br')) return reply.header('content-encoding', 'br').send(brotli)
  return acceptsCoding(request, 'gzip') ? reply.header('content-encoding', 'gzip').send(gzip) : reply.send(plain)
}
