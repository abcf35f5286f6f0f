import type { StreamTarget } from '../../net/http/stream.ts'
import { authorization, revealSecret } from '../../net/secrets.ts'
import type { WebsocketConfig } from './config.ts'

export function streamTarget({ url, query, auth, protocols, subscribe }: WebsocketConfig): StreamTarget {
  const position = new URL(url)
  for (const [name, secret] of Object.entries(query)) position.searchParams.set(name, revealSecret(secret))
  const login = authorization(auth)
  return {
    url: position.href,
    protocols,
    first: subscribe,
    ...(login === undefined ? {} : { headers: { authorization: login } }),
  }
}
