/** Does the server want to know who asks? Its sessions are cookies that no script can read; here is only whether one is needed. */
const listeners = new Set<() => void>()
let needed = false

export function isLoginNeeded(): boolean {
  return needed
}

/** The server answered 401. */
export function loginNeeded(): void {
  say(true)
}

export function loggedIn(): void {
  say(false)
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

function say(is: boolean): void {
  if (is === needed) return
  needed = is
  for (const listener of listeners) listener()
}
