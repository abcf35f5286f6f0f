import type { z } from 'zod'
import type { ApiToken } from '../api/access/token-book.ts'
import { peerRules, roles } from '../api/access/principal.ts'
import type { OidcSettings } from '../api/access/oidc/settings.ts'
import { isLoopback } from '../api/access/guard.ts'
import {
  choice,
  Complaint,
  duration,
  group,
  leastToken,
  list,
  secret,
  text,
  urlText,
  type Secret,
} from '../schema/index.ts'

const namespaces = list(text({ description: 'Name of a namespace', required: true, example: 'shop' }), {
  description: 'Namespaces of the flows that a viewer may see. Unset: all namespaces',
  default: null,
  example: ['shop', 'shop-data'],
})
const peers = choice(peerRules, {
  description: 'Visibility of flows between an allowed namespace and another one: `hidden` or `shown`',
  default: 'hidden',
})

export const authGroup = group(
  {
    tokens: list(
      group(
        {
          name: text({
            description: 'Unique name of the client that uses this token',
            required: true,
            example: 'grafana',
          }),
          token: secret(
            { description: 'The token', required: true, example: 'env:WEIR_GRAFANA_TOKEN' },
            { least: leastToken },
          ),
          role: choice(roles, {
            description: '`admin` may do everything. `viewer` may read, but may not run SQL or change anything',
            default: 'admin',
          }),
          namespaces,
          peers,
        },
        {
          description: 'A client that may use the API',
          required: true,
          example: { name: 'grafana', token: 'env:WEIR_GRAFANA_TOKEN', role: 'viewer' },
        },
        ({ role, namespaces: limited }) =>
          role === 'admin' && limited !== null
            ? new Complaint('an admin is not limited to namespaces', 'write `role: viewer`', ['namespaces'])
            : null,
      ),
      {
        description:
          'Bearer tokens of the API; users may also sign in with them. Without tokens, loopback requires ' +
          'none, and any other address gets a generated token',
        default: [],
        example: [{ name: 'grafana', token: 'env:WEIR_GRAFANA_TOKEN', role: 'viewer' }],
      },
    ),
    oidc: group(
      {
        issuer: urlText(
          {
            description: 'Issuer URL, the parent of `/.well-known/openid-configuration`',
            required: true,
            example: 'https://id.example.com/realms/main',
          },
          { schemes: ['https', 'http'] },
        ),
        client_id: text({ description: 'Client id of this server at the provider', required: true, example: 'weir' }),
        client_secret: secret({
          description: 'Client secret. Unset: public client',
          default: null,
          example: 'env:WEIR_OIDC_SECRET',
        }),
        scopes: list(text({ description: 'A scope', required: true, example: 'groups' }), {
          description: 'Scopes to request',
          default: ['openid', 'profile', 'email'],
        }),
        url: urlText(
          {
            description: 'URL at which browsers reach this server. Unset: the URL of the request',
            default: null,
            example: 'https://weir.example.com',
          },
          { schemes: ['https', 'http'] },
        ),
        role: text({
          description:
            'JMESPath expression over the claims of the ID token and access token. It returns `admin` or ' +
            '`viewer`; any other result refuses the login',
          required: true,
          example:
            "contains(realm_access.roles, 'weir-admin') && 'admin' || contains(realm_access.roles, " +
            "'weir-viewer') && 'viewer'",
        }),
        namespaces: text({
          description:
            'JMESPath expression that returns the namespaces of the flows that a viewer may see; `*` means all. ' +
            'Unset: all namespaces',
          default: null,
          example: 'namespaces',
        }),
        peers,
        audience: text({
          description: 'Audience of access tokens that the API accepts as bearer tokens. Unset: none',
          default: null,
          example: 'weir-api',
        }),
        clock_tolerance: duration(
          { description: 'Permitted difference between the clocks of the provider and this machine', default: '30s' },
          { max: '5m' },
        ),
      },
      {
        description: 'Login through an OpenID Connect provider',
        default: null,
        example: { issuer: 'https://id.example.com/realms/main', client_id: 'weir', role: "'viewer'" },
      },
      ({ issuer, scopes }) => {
        if (issuer.startsWith('http:') && !isLoopback(new URL(issuer).hostname))
          return new Complaint('an issuer on another machine requires https://', 'write https://', ['issuer'])
        return scopes.includes('openid')
          ? null
          : new Complaint('`openid` is missing: without it the provider gives no ID token', undefined, ['scopes'])
      },
    ),
    session: duration({ description: 'Time after which a browser session ends', default: '12h' }, { min: '1m' }),
  },
  { description: 'Authentication of the API and console', default: {} },
  ({ tokens }) => {
    const twice = tokens.findIndex(({ name }, index) => tokens.findIndex((token) => token.name === name) !== index)
    return twice === -1
      ? null
      : new Complaint(`two tokens have the name ${tokens[twice]?.name ?? ''}`, 'give each its own', [
          'tokens',
          twice,
          'name',
        ])
  },
)

type AuthConfig = z.output<typeof authGroup>

export function apiTokens({ tokens }: AuthConfig, reveal: (secret: Secret) => string): ApiToken[] {
  return tokens.map(({ name, token, role, namespaces: limited, peers: rule }) => ({
    name,
    token: reveal(token),
    role,
    peers: rule,
    ...(limited === null ? {} : { namespaces: limited }),
  }))
}

export function oidcSettings({ oidc }: AuthConfig, reveal: (secret: Secret) => string): OidcSettings | undefined {
  if (oidc === null) return undefined
  const {
    issuer,
    client_id: clientId,
    client_secret: secretOf,
    scopes,
    url,
    role,
    namespaces: limits,
    peers: rule,
    audience,
    clock_tolerance: clockToleranceMs,
  } = oidc
  return {
    issuer,
    clientId,
    scopes,
    role,
    peers: rule,
    clockToleranceMs,
    ...(secretOf === null ? {} : { clientSecret: reveal(secretOf) }),
    ...(url === null ? {} : { url }),
    ...(limits === null ? {} : { namespaces: limits }),
    ...(audience === null ? {} : { audience }),
  }
}
