import { self } from '../host/process.ts'
import type { Auth, Secret } from '../schema/index.ts'

/** The value of a secret; never log it. Throws a SecretError with the reference and the action to take. */
export function revealSecret(secret: Secret): string {
  return secret.reveal(self.env, (path) => self.readTextFile(path))
}

export function authorization(auth: Auth): string | undefined {
  switch (auth.type) {
    case 'none':
      return undefined
    case 'bearer':
      return `Bearer ${revealSecret(auth.token)}`
    case 'basic':
      return `Basic ${Buffer.from(`${auth.user}:${revealSecret(auth.password)}`).toString('base64')}`
  }
}
