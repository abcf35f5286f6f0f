import { createHash, timingSafeEqual } from 'node:crypto'
import { principal, type Grant, type Principal } from './principal.ts'

export interface ApiToken extends Partial<Grant> {
  readonly name: string
  readonly token: string
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1]
}

export class TokenBook {
  readonly #known: readonly Readonly<{ principal: Principal; digest: Buffer }>[]

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
    const presented = digest(token)
    let principal: Principal | undefined
    for (const { principal: client, digest: bytes } of this.#known)
      if (timingSafeEqual(presented, bytes)) principal = client
    return principal
  }
}
