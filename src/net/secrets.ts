import { self } from '../host/process.ts'
import type { Auth, Secret } from '../schema/index.ts'

/** Never log it. Throws a SecretError. */
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
