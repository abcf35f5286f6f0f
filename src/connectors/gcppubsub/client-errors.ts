import type { Attempt } from '../../engine/in-order.ts'

/** Codes of gRPC. */
const [invalid, deadline, notFound, denied, exhausted, precondition, unavailable, stranger] = [3, 4, 5, 7, 8, 9, 14, 16]

export interface Trouble {
  readonly attempt: Extract<Attempt, { readonly is: 'retry' }>
  /** Credentials are to be read again. */
  readonly login: boolean
  /** One message of the request may be to blame. */
  readonly blame: boolean
}

export function troubleOf(error: unknown, topic: string): Trouble {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const text = says(error)
  const retry = (reason: string, more: { readonly login?: true; readonly blame?: true; readonly afterMs?: number } = {}): Trouble => ({
    attempt: { is: 'retry', reason, away: true, ...(more.afterMs === undefined ? {} : { afterMs: more.afterMs }) }, login: more.login === true, blame: more.blame === true,
  })
  if (code === stranger || /invalid_grant|invalid_client|PEM|DECODER|unregistered|Could not (?:load the default credentials|refresh access token)/i.test(text)) return retry(`Google does not take our login (${text}); correct \`auth\``, { login: true })
  switch (code) {
    case invalid: return retry(`${topic} does not take it (${text})`, { blame: true })
    case deadline: return retry(`${topic} did not answer in time (${text})`)
    case notFound: return retry(`${topic} does not exist; create it, or correct \`topic\``)
    case denied: return retry(`Google does not let us publish to ${topic} (${text}); give us the role roles/pubsub.publisher there`, { login: true })
    case exhausted: return retry(`Pub/Sub asks to be slower (${text})`, { afterMs: 1000 })
    case precondition: return retry(`${topic} can't be published to as it is (${text}); is its key, or a policy of its regions, in the way?`)
    case unavailable: return retry(`Pub/Sub can't be reached (${text})`)
    default: return retry(`${topic}: ${text}`)
  }
}

export function says(error: unknown): string {
  return error instanceof Error ? (error.message === '' ? error.name : error.message) : String(error)
}
