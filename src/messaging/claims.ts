/** For bodies above the bus's limit: a folder, or objects below a URL, named by SHA-256. */
import { makeDurableDirectory, replaceFile, type Host } from '../host/index.ts'
import { HttpClient } from '../net/http/client.ts'
import { readTls } from '../net/tls.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { messageOf } from '../model/errors.ts'

export interface ClaimStore {
  /** Resolves with the URL once durable; rejects with a reason. Idempotent. */
  put(sha256: string, body: Uint8Array, signal: AbortSignal): Promise<string>
  /** At most `size` + 1 bytes; undefined if missing. Rejects with a reason when the store is unreachable. */
  get(sha256: string, size: number, signal: AbortSignal): Promise<Uint8Array | undefined>
  close(): void
}

/** `keepMs`: retention in a folder; undefined: forever. Objects below a URL are never removed. */
export async function openClaims(
  location: ClaimPlace,
  host: Host,
  { timeoutMs, keepMs }: { timeoutMs: number; keepMs?: number },
): Promise<ClaimStore> {
  return /^https?:/.test(location.store)
    ? openUrl(location, host, timeoutMs)
    : new Folder(location.store.replace(/(.)\/+$/, '$1'), host, keepMs)
}

const sweepEveryMs = 3_600_000

class Folder implements ClaimStore {
  readonly #folder: string
  readonly #host: Host
  readonly #keepMs: number | undefined
  #swept = Number.NEGATIVE_INFINITY

  constructor(folder: string, host: Host, keepMs: number | undefined) {
    this.#folder = folder
    this.#host = host
    this.#keepMs = keepMs
  }

  async put(sha256: string, body: Uint8Array): Promise<string> {
    const { disk, random } = this.#host
    await makeDurableDirectory(disk, this.#folder)
    await replaceFile(disk, this.#folder, sha256, [body], `${Buffer.from(random.bytes(6)).toString('hex')}.new`)
    await this.#sweep()
    return `${this.#folder}/${sha256}`
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const { disk } = this.#host
    const path = `${this.#folder}/${sha256}`
    if ((await disk.stat(path)) !== undefined) return disk.readFile(path)
    if ((await disk.stat(this.#folder)) === undefined) throw new Error(`folder ${this.#folder} not found`)
    return undefined
  }

  close(): void {}

  async #sweep() {
    const { disk, clock } = this.#host
    if (this.#keepMs === undefined || clock.monotonic() - this.#swept < sweepEveryMs) return
    this.#swept = clock.monotonic()
    for (const name of await disk.list(this.#folder)) {
      if (!/^[0-9a-f]{64}(?:\.[0-9a-f]+\.new)?$/.test(name)) continue
      const stat = await disk.stat(`${this.#folder}/${name}`)
      if (stat !== undefined && clock.now() - stat.modified > this.#keepMs) await disk.remove(`${this.#folder}/${name}`)
    }
  }
}

const connections = 8
const shownBytes = 200

async function openUrl(
  { store, auth, headers, tls }: ClaimPlace,
  { timers, disk, clock }: Host,
  timeoutMs: number,
): Promise<ClaimStore> {
  const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const url = new URL(store)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  const { href } = url
  const files = await readTls(tls, disk)
  const client = new HttpClient({ url: href, connections, timeoutMs, timers, tls: files, login: { auth, clock } })
  const refusal = (objectUrl: string, status: number, body: Uint8Array) =>
    new Error(
      `${objectUrl}: HTTP ${status} ` +
        Buffer.from(body.subarray(0, shownBytes)).toString().trim() +
        (status === 401 || status === 403 ? '; correct `claims.auth`' : ''),
    )
  const withPlace = async <T>(objectUrl: string, request: Promise<T>) =>
    request.catch((error: unknown) => {
      throw new Error(`${objectUrl}: ${messageOf(error)}`, { cause: error })
    })
  return {
    async put(sha256, body, signal) {
      const objectUrl = `${href}${sha256}`
      const answer = await withPlace(
        objectUrl,
        client.request({
          method: 'PUT',
          to: sha256,
          headers: { ...all, 'content-type': 'application/octet-stream' },
          body,
          limit: shownBytes,
          truncate: true,
          signal,
        }),
      )
      if (answer.status < 200 || answer.status > 299) throw refusal(objectUrl, answer.status, answer.body)
      return objectUrl
    },
    async get(sha256, size, signal) {
      const objectUrl = `${href}${sha256}`
      const { status, body } = await withPlace(
        objectUrl,
        client.request({ to: sha256, headers: all, limit: size + 1, truncate: true, signal }),
      )
      if (status === 404 || status === 410) return undefined
      if (status !== 200) throw refusal(objectUrl, status, body)
      return body
    },
    close: () => {
      client.close()
    },
  }
}
