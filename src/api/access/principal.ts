/** Somebody who asks, and what may be shown to him. */
export const roles = ['admin', 'viewer'] as const
export type Role = (typeof roles)[number]

/** Flows between a namespace that may be seen and one that may not: left out, or shown as they are. */
export const peerRules = ['hidden', 'shown'] as const
export type PeerRule = (typeof peerRules)[number]

/** What a token or a claim gives. */
export interface Grant {
  readonly role: Role
  /** The only namespaces whose flows are shown; undefined: all. An admin is never limited. */
  readonly namespaces: readonly string[] | undefined
  readonly peers: PeerRule
}

export interface Principal extends Grant {
  /** Unique over all ways of logging in: what belongs to somebody is kept under it. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** How he came in; `none` where no login is needed. */
  readonly login: 'none' | 'token' | 'oidc'
}

/** Whoever asks where no login is needed: a process of this machine. */
export const local: Principal = {
  id: 'local',
  name: 'local',
  role: 'admin',
  namespaces: undefined,
  peers: 'hidden',
  login: 'none',
}

/** Whoever asks what needs no login where others do: sees no row. */
export const nobody: Principal = { id: '', name: '', role: 'viewer', namespaces: [], peers: 'hidden', login: 'none' }

/** An admin is never limited, whatever else is written. */
export function principal(
  who: Pick<Principal, 'id' | 'name' | 'login'>,
  { role, namespaces, peers }: Grant,
): Principal {
  return { ...who, role, namespaces: role === 'admin' ? undefined : namespaces, peers }
}
