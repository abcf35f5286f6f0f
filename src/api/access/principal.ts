export const roles = ['admin', 'viewer'] as const
export type Role = (typeof roles)[number]

/** Whether a viewer sees flows between its namespaces and others. */
export const peerRules = ['hidden', 'shown'] as const
export type PeerRule = (typeof peerRules)[number]

export interface Grant {
  readonly role: Role
  /** Undefined: all. Admins are never limited. */
  readonly namespaces: readonly string[] | undefined
  readonly peers: PeerRule
}

export interface Principal extends Grant {
  /** Unique across all ways to sign in. */
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

/** Sees no rows. */
export const anonymous: Principal = { id: '', name: '', role: 'viewer', namespaces: [], peers: 'hidden', login: 'none' }

export function principal(
  identity: Pick<Principal, 'id' | 'name' | 'login'>,
  { role, namespaces, peers }: Grant,
): Principal {
  return { ...identity, role, namespaces: role === 'admin' ? undefined : namespaces, peers }
}
