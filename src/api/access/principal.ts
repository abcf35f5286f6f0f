export const roles = ['admin', 'viewer'] as const
type Role = (typeof roles)[number]

export const peerRules = ['hidden', 'shown'] as const
export type PeerRule = (typeof peerRules)[number]

export type Grant = Readonly<{
  role: Role
  /** Undefined: all. Admins are never limited. */
  namespaces: readonly string[] | undefined
  peers: PeerRule
}>

export interface Principal extends Grant {
  /** Unique across all ways to sign in; key of the user's stored data. */
  readonly id: string
  readonly name: string
  readonly login: 'none' | 'token' | 'oidc'
}

export const local: Principal = {
  id: 'local',
  name: 'local',
  role: 'admin',
  namespaces: undefined,
  peers: 'hidden',
  login: 'none',
}

/** For operations without authentication on a server that has it: sees no rows. */
export const anonymous: Principal = { id: '', name: '', role: 'viewer', namespaces: [], peers: 'hidden', login: 'none' }

/** Ignores limits of admins. */
export function principal(
  identity: Pick<Principal, 'id' | 'name' | 'login'>,
  { role, namespaces, peers }: Grant,
): Principal {
  return { ...identity, role, namespaces: role === 'admin' ? undefined : namespaces, peers }
}
