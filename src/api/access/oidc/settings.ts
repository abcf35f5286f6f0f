import type { PeerRule } from '../principal.ts'

/** How people log in with a provider of identities (OpenID Connect), as the configuration has it. */
export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** Under which address browsers know this server; undefined: under that of the request. */
  readonly url?: string
  /** JMESPath over the claims: gives `admin`, `viewer`, or nothing. */
  readonly role: string
  /** JMESPath over the claims: gives names of namespaces, or `*` for all; undefined: viewers see all. */
  readonly namespaces?: string
  readonly peers: PeerRule
  /** What access tokens have to be meant for to be taken by the API; undefined: none is taken. */
  readonly audience?: string
  /** How far the clocks of the provider and of this machine may differ, in ms. */
  readonly clockToleranceMs: number
}
