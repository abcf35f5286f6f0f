import type { PeerRule } from '../principal.ts'

/** Settings of sign-in with an identity provider (OpenID Connect). */
export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string
  readonly scopes: readonly string[]
  /** Base URL of this server for browsers; undefined: that of the request. */
  readonly url?: string
  /** JMESPath over the claims: gives `admin`, `viewer`, or nothing. */
  readonly role: string
  /** JMESPath over the claims: gives names of namespaces, or `*` for all; undefined: viewers see all. */
  readonly namespaces?: string
  readonly peers: PeerRule
  /** Required audience of access tokens for the API; undefined: access tokens are rejected. */
  readonly audience?: string
  /** Tolerated clock difference to the provider, in ms. */
  readonly clockToleranceMs: number
}
