/**
 * Ids signed with a configured token; every server with that token accepts them, also after a restart. Layout,
 * base64url: 1 byte version · 8 bytes hash of the token's name · 6 bytes begun, Unix s · 16 bytes random · 32 bytes
 * HMAC-SHA-256
 */
import { createHash, createHmac, scrypt, timingSafeEqual } from 'node:crypto'
import type { Host } from '../../host/index.ts'
import type { ApiToken } from './token-book.ts'

const version = 1
const [marked, signed, length] = [9, 31, 63]
const skewMs = 60_000

type SignedSession = Readonly<{
  token: string
  begun: number
}>

export class SignedSessions {
  readonly #host: Pick<Host, 'clock' | 'random'>
  readonly #tokens: ReadonlyMap<string, string>
  readonly #keys = new Map<string, Promise<Buffer>>()

  constructor(host: Pick<Host, 'clock' | 'random'>, tokens: readonly ApiToken[]) {
    this.#host = host
    this.#tokens = new Map(tokens.map(({ name, token }) => [markOf(name), token]))
  }

  async make(name: string): Promise<string> {
    const token = this.#tokens.get(markOf(name))
    if (token === undefined) throw new Error(`there is no token named ${name}`)
    const head = Buffer.alloc(signed)
    head.writeUInt8(version, 0)
    head.write(markOf(name), 1, 'base64url')
    head.writeUIntBE(Math.floor(this.#host.clock.now() / 1000), marked, 6)
    head.set(this.#host.random.bytes(16), marked + 6)
    return Buffer.concat([head, macOf(await this.#key(token), head)]).toString('base64url')
  }

  async read(id: string): Promise<SignedSession | undefined> {
    const bytes = Buffer.from(id, 'base64url')
    const token =
      bytes.length === length && bytes[0] === version
        ? this.#tokens.get(bytes.subarray(1, marked).toString('base64url'))
        : undefined
    if (token === undefined) return undefined
    const [head, mac] = [bytes.subarray(0, signed), bytes.subarray(signed)]
    if (!timingSafeEqual(macOf(await this.#key(token), head), mac)) return undefined
    const begun = head.readUIntBE(marked, 6) * 1000
    return begun > this.#host.clock.now() + skewMs ? undefined : { token, begun }
  }

  /** Slow, so that a cookie does not reveal a short token to brute force. */
  #key(token: string): Promise<Buffer> {
    const existing =
      this.#keys.get(token) ??
      new Promise<Buffer>((resolve, reject) => {
        scrypt(token, 'weir session', 32, (error, key) => {
          if (error === null) resolve(key)
          else reject(error)
        })
      })
    this.#keys.set(token, existing)
    return existing
  }
}

const markOf = (name: string) =>
  createHash('sha256')
    .update(name)
    .digest()
    .subarray(0, marked - 1)
    .toString('base64url')
const macOf = (key: Buffer, head: Buffer): Buffer => createHmac('sha256', key).update(head).digest()
