import type { PeerRule } from '../principal.ts'

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** Base URL for browsers; undefined: that of the request. */
  readonly url?: string
  /** JMESPath over the claims: `admin`, `viewer`, or nothing. */
  readonly role: string
  /** JMESPath: names, or `*` for all; undefined: viewers see all. */
  readonly namespaces?: string
  readonly peers: PeerRule
  /** Of access tokens; undefined: they are rejected. */
  readonly audience?: string
  readonly clockToleranceMs: number
}
