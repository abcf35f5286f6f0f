import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { takesGzip } from './answer.ts'
import type { ApiContext } from './options.ts'

/** Every file that is served; nothing else of the folder can be reached. */
export const consoleFiles = [
  'index.html', 'style.css', 'icon.svg', 'main.js', 'format.js', 'live.js', 'live-table.js', 'columns.js', 'pipeline.js', 'footer.js', 'session.js', 'dom.js',
] as const

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml',
}

export const contentSecurityPolicy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ')

interface Served {
  readonly plain: Buffer
  readonly gzip: Buffer
  readonly etag: string
}

const folder = fileURLToPath(new URL('../../console/', import.meta.url))

/** The page. Files are read when first asked for, then kept: they are small and belong to this version. */
export function consoleRoutes(app: FastifyInstance, { host, log }: ApiContext): void {
  const kept = new Map<string, Promise<Served>>()
  const load = async (name: string): Promise<Served> => {
    const plain = Buffer.from(await host.disk.readFile(folder + name))
    return { plain, gzip: gzipSync(plain), etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"` }
  }
  for (const name of consoleFiles) {
    app.route({
      method: ['GET', 'HEAD'], url: name === 'index.html' ? '/' : `/${name}`, config: { open: true },
      handler: async (request, reply) => {
        let file = kept.get(name)
        if (file === undefined) kept.set(name, (file = load(name)))
        const { plain, gzip, etag } = await file.catch((error: unknown) => {
          kept.delete(name)
          log.error('A file of the console cannot be read.', { name, error })
          throw error
        })
        reply.headers({
          etag, vary: 'accept-encoding', 'cache-control': 'no-cache', 'content-security-policy': contentSecurityPolicy,
          'cross-origin-opener-policy': 'same-origin', 'permissions-policy': 'camera=(), microphone=(), geolocation=()',
        })
        if (request.headers['if-none-match'] === etag) return reply.code(304).send()
        reply.type(types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream')
        return takesGzip(request) ? reply.header('content-encoding', 'gzip').send(gzip) : reply.send(plain)
      },
    })
  }
}
