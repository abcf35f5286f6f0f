/** Does the server want to know who asks? Its sessions are cookies that no script can read; here is only whether one is needed. */
const listeners = new Set<() => void>()
let refused = ''

/** Why a login is needed; empty as long as none is. */
export function whyRefused(): string {
  return refused
}

/** The server answered 401. */
export function loginNeeded(why: string): void {
  say(why)
}

export function loggedIn(): void {
  say('')
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** A token that came in the address (#token=…), which it leaves at once; empty: none. */
export function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
  if (token !== '') history.replaceState(null, '', location.pathname + location.search)
  return token
}

function say(why: string): void {
  if (why === refused) return
  refused = why
  for (const listener of listeners) listener()
}
