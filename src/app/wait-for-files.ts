import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { discardRest } from '../host/discard.ts'
import type { Host } from '../host/index.ts'
import { listening } from '../host/listen.ts'
import { TlsFiles } from '../net/tls-files.ts'
import { startOps } from '../telemetry/ops.ts'
import type { Log } from '../telemetry/ports.ts'
import type { WeirConfig } from './config.ts'
import { refuseHeld } from './lock.ts'
import { existing } from './volume.ts'

/** A first start creates some 30 files and folders. */
const neededFiles = 64
const lookMs = 1000

type Waiting = Pick<WeirConfig, 'data' | 'listen' | 'ops' | 'tls' | 'http'>

/**
 * While the volume has no room for new files, nothing can be locked or written. Until it has, health is live and not
 * ready, and everything else is a 503.
 */
export async function waitForFiles(host: Host, config: Waiting, log: Log): Promise<void> {
  let why = await lackOf(host, config.data)
  if (why === undefined) return
  refuseHeld(config.data)
  log.error('Weir starts as soon as the volume of the data folder can hold new files.', { reason: why })
  const closing = await serveReason(host, config, () => why ?? '')
  const began = host.clock.monotonic()
  try {
    while (why !== undefined) {
      await host.timers.sleep(lookMs)
      why = await lackOf(host, config.data)
    }
  } finally {
    await Promise.all(closing.map((close) => close()))
  }
  log.info('The volume of the data folder can hold new files.', {
    seconds: Math.round((host.clock.monotonic() - began) / 1000),
  })
}

async function lackOf({ disk }: Host, data: string): Promise<string | undefined> {
  const free = await disk.freeFiles(await existing(disk, data))
  return free === undefined || free >= neededFiles
    ? undefined
    : `only ${free} inodes are free on the volume of ${data}, and a start needs ${neededFiles}`
}

async function serveReason(host: Host, config: Waiting, why: () => string): Promise<(() => Promise<void>)[]> {
  const health = () => ({
    live: true,
    ready: false,
    accepting: false,
    draining: false,
    reasons: [`weir is starting: ${why()}`],
    warnings: [],
  })
  const metrics = () =>
    Promise.resolve({ contentType: 'text/plain; version=0.0.4; charset=utf-8', body: Buffer.alloc(0) })
  const ops = await Promise.all(
    config.ops.map((address) => startOps({ ...address, timers: host.timers, metrics, health })),
  )
  const certificate = config.tls === null ? undefined : (await TlsFiles.open(config.tls, host.disk)).certificate
  const servers = await Promise.all(
    [config.listen, ...config.http.listen].map(async (address) => {
      const server = refusing(certificate, why, host)
      await listening(server, address)
      return server
    }),
  )
  return [...ops.map((server) => () => server.close()), ...servers.map((server) => () => closed(server))]
}

function refusing(
  certificate: TlsFiles['certificate'] | undefined,
  why: () => string,
  { timers }: Pick<Host, 'timers'>,
): Server {
  const refuse = (response: ServerResponse) => {
    const detail = `Weir is starting: ${why()}.`
    const body = JSON.stringify({ status: 503, title: 'Service Unavailable', code: 'WEIR_DATA_UNUSABLE', detail })
    response.writeHead(503, {
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      'retry-after': '1',
      'cache-control': 'no-store',
      connection: 'close',
    })
    response.end(body)
  }
  const answer: RequestListener = (request, response) => {
    discardRest(request, timers).then(
      () => refuse(response),
      () => response.destroy(),
    )
  }
  return certificate === undefined ? createServer(answer) : createTlsServer(certificate, answer)
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
