const listeners = new Set<() => void>()
let needed = false

export function isLoginNeeded(): boolean {
  return needed
}

export function loginNeeded(): void {
  publish('needed')
}

export function loggedIn(): void {
  publish('done')
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Takes a token from the URL (#token=…) and removes it there; empty: none. */
export function takeToken(): string {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? ''
  if (token !== '') history.replaceState(null, '', location.pathname + location.search)
  return token
}

function publish(login: 'needed' | 'done') {
  const isNeeded = login === 'needed'
  if (isNeeded === needed) return
  needed = isNeeded
  for (const listener of listeners) listener()
}
