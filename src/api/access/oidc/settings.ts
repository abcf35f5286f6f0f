import type { PeerRule } from '../principal.ts'

export type OidcSettings = Readonly<{
  issuer: string
  clientId: string
  clientSecret?: string
  scopes: readonly string[]
  /** Base URL of this server for browsers; undefined: that of the request. */
  url?: string
  /** JMESPath over the claims: `admin`, `viewer`, or nothing. */
  role: string
  /** JMESPath over the claims: names, or `*` for all; undefined: viewers see all. */
  namespaces?: string
  peers: PeerRule
  /** Audience of access tokens for the API; undefined: such tokens are rejected. */
  audience?: string
  clockToleranceMs: number
}>
