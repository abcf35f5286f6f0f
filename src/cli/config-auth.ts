/** The part of the configuration that says who may use the API and the console. */
import type { ApiToken } from '../api/access/token-book.ts'
import { peerRules, roles } from '../api/access/principal.ts'
import { choice, Complaint, duration, group, list, secret, text, type Secret } from '../schema/index.ts'

const namespaces = list(text({ description: 'Name of a namespace', required: true, example: 'shop' }), {
  description: 'The only namespaces whose flows a viewer is shown; left out, all', default: null, example: ['shop', 'shop-data'],
})
const peers = choice(peerRules, {
  description: 'Flows between one of these namespaces and another one: `hidden`, or `shown`', default: 'hidden',
})

export const authGroup = group({
  tokens: list(group({
    name: text({ description: 'Who it is, for people; no other token has this name', required: true, example: 'grafana' }),
    token: secret({ description: 'The token', required: true, example: 'env:WEIR_GRAFANA_TOKEN' }),
    role: choice(roles, { description: '`admin` may do everything; `viewer` may look, but neither ask in SQL nor change anything', default: 'admin' }),
    namespaces,
    peers,
  }, { description: 'A client that may use the API', required: true, example: { name: 'grafana', token: 'env:WEIR_GRAFANA_TOKEN', role: 'viewer' } }, ({ role, namespaces: limited }) => (
    role === 'admin' && limited !== null ? new Complaint('an admin is not limited to namespaces', 'write `role: viewer`', ['namespaces']) : null
  )), {
    description: 'Bearer tokens of the API, which people may also log in with. Without any, loopback needs none, and for another address one is made', default: [],
    example: [{ name: 'grafana', token: 'env:WEIR_GRAFANA_TOKEN', role: 'viewer' }],
  }),
  session: duration({ description: 'A browser has to log in again after this time', default: '12h' }, { min: '1m' }),
}, { description: 'Who may use the API and console', default: {} }, ({ tokens }) => {
  const twice = tokens.findIndex(({ name }, index) => tokens.findIndex((other) => other.name === name) !== index)
  return twice === -1 ? null : new Complaint(`two tokens have the name ${tokens[twice]?.name ?? ''}`, 'give each its own', ['tokens', twice, 'name'])
})

interface TokenConfig {
  readonly name: string
  readonly token: Secret
  readonly role: 'admin' | 'viewer'
  readonly namespaces: readonly string[] | null
  readonly peers: 'hidden' | 'shown'
}

/** Tokens with their secrets, which `reveal` knows. */
export function apiTokens(tokens: readonly TokenConfig[], reveal: (secret: Secret) => string): ApiToken[] {
  return tokens.map(({ name, token, role, namespaces: limited, peers: rule }) => ({ name, token: reveal(token), role, peers: rule, ...(limited === null ? {} : { namespaces: limited }) }))
}
