import { self } from '../host/process.ts'
import type { Auth, Secret } from '../schema/index.ts'

/** The value of a secret; never log it. Throws a SecretError that names the reference and says what to do. */
export function revealSecret(secret: Secret): string {
  return secret.reveal(self.env, (path) => self.readTextFile(path))
}

/** Value of the Authorization header; undefined when there is none to send. */
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
