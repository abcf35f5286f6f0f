/** A store for bodies that are larger than a bus takes: a folder, or what is below a URL. Each lies there by the SHA-256 of what it is. */
import { makeDurableDirectory, replaceFile, type Host } from '../host/index.ts'
import { HttpClient } from '../net/http/client.ts'
import { readTls } from '../net/tls.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { messageOf } from '../model/errors.ts'

export interface ClaimStore {
  /** Durable when it resolves, with where it lies; rejects, in words. Putting it twice leaves one. */
  put(sha256: string, body: Uint8Array, signal: AbortSignal): Promise<string>
  /** At most `size` bytes and one more. Undefined: there is no such body. Rejects, in words, when the store is away. */
  get(sha256: string, size: number, signal: AbortSignal): Promise<Uint8Array | undefined>
  close(): void
}

/** `keepMs`: so long a body stays in a folder; undefined: nothing is removed. Whatever is below a URL is removed by who owns that. */
export async function openClaims(
  place: ClaimPlace,
  host: Host,
  { timeoutMs, keepMs }: { readonly timeoutMs: number; readonly keepMs?: number },
): Promise<ClaimStore> {
  return /^https?:/.test(place.store)
    ? openUrl(place, host, timeoutMs)
    : new Folder(place.store.replace(/(.)\/+$/, '$1'), host, keepMs)
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

  /** One that is there is written again: its time is that of the last message that needs it. */
  async put(sha256: string, body: Uint8Array): Promise<string> {
    const { disk, random } = this.#host
    await makeDurableDirectory(disk, this.#folder)
    // Another Weir may write the same body just now.
    await replaceFile(disk, this.#folder, sha256, [body], `${Buffer.from(random.bytes(6)).toString('hex')}.new`)
    await this.#sweep()
    return `${this.#folder}/${sha256}`
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const { disk } = this.#host
    const path = `${this.#folder}/${sha256}`
    if ((await disk.stat(path)) !== undefined) return disk.readFile(path)
    // A folder that is not mounted is no folder without that body.
    if ((await disk.stat(this.#folder)) === undefined) throw new Error(`there is no folder ${this.#folder}`)
    return undefined
  }

  close(): void {
    // Nothing is open.
  }

  async #sweep(): Promise<void> {
    const { disk, clock } = this.#host
    if (this.#keepMs === undefined || clock.monotonic() - this.#swept < sweepEveryMs) return
    this.#swept = clock.monotonic()
    for (const name of await disk.list(this.#folder)) {
      if (!/^[0-9a-f]{64}(?:\.[0-9a-f]+\.new)?$/.test(name)) continue
      const found = await disk.stat(`${this.#folder}/${name}`)
      if (found !== undefined && clock.now() - found.modified > this.#keepMs)
        await disk.remove(`${this.#folder}/${name}`)
    }
  }
}

/** Connections to the store at once. */
const connections = 8
/** How much of a refusal is shown. */
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
  const refusal = (place: string, status: number, body: Uint8Array): Error =>
    new Error(
      `${place}: HTTP ${status} ${Buffer.from(body.subarray(0, shownBytes)).toString().trim()}${status === 401 || status === 403 ? '; correct `claims.auth`' : ''}`,
    )
  const named = async <T>(place: string, asked: Promise<T>): Promise<T> =>
    asked.catch((error: unknown) => {
      throw new Error(`${place}: ${messageOf(error)}`, { cause: error })
    })
  return {
    async put(sha256, body, signal) {
      const place = `${href}${sha256}`
      const answer = await named(
        place,
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
      if (answer.status < 200 || answer.status > 299) throw refusal(place, answer.status, answer.body)
      return place
    },
    async get(sha256, size, signal) {
      const place = `${href}${sha256}`
      const { status, body } = await named(
        place,
        client.request({ to: sha256, headers: all, limit: size + 1, truncate: true, signal }),
      )
      if (status === 404 || status === 410) return undefined
      if (status !== 200) throw refusal(place, status, body)
      return body
    },
    close: () => {
      client.close()
    },
  }
}
