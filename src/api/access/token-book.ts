import { createHash, timingSafeEqual } from 'node:crypto'
import { principal, type Grant, type Principal } from './principal.ts'

/** A client that may use the API. `name` is for the program log; `token` is the secret it sends as a bearer. */
export interface ApiToken extends Partial<Grant> {
  readonly name: string
  readonly token: string
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The secret of `Authorization: Bearer …`; undefined when there is none of that form. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1]
}

/** Finds the client of a token. Every token is compared, each in constant time, so that timing tells nothing. */
export class TokenBook {
  readonly #known: readonly { readonly principal: Principal; readonly digest: Buffer }[]

  constructor(tokens: readonly ApiToken[]) {
    this.#known = tokens.map(({ name, token, role = 'admin', namespaces, peers = 'hidden' }) => ({
      principal: principal({ id: `token:${name}`, name, login: 'token' }, { role, namespaces, peers }),
      digest: digest(token),
    }))
  }

  get empty(): boolean {
    return this.#known.length === 0
  }

  find(token: string): Principal | undefined {
    const mine = digest(token)
    let found: Principal | undefined
    for (const { principal: client, digest: theirs } of this.#known) if (timingSafeEqual(mine, theirs)) found = client
    return found
  }
}
