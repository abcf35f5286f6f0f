import type { PeerRule } from '../principal.ts'

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** Base URL of this server for browsers; undefined: that of the request. */
  readonly url?: string
  /** JMESPath over the claims: `admin`, `viewer`, or nothing. */
  readonly role: string
  /** JMESPath over the claims: names, or `*` for all; undefined: viewers see all. */
  readonly namespaces?: string
  readonly peers: PeerRule
  /** Of access tokens for the API; undefined: they are rejected. */
  readonly audience?: string
  readonly clockToleranceMs: number
}
