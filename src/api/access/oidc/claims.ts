import { compile, TreeInterpreter, type JSONValue } from '@jmespath-community/jmespath'
import { messageOf, WeirError } from '../../../model/errors.ts'
import { principal, roles, type Principal } from '../principal.ts'
import type { OidcSettings } from './settings.ts'

export type Claims = Readonly<Record<string, unknown>>

/** A sentence for the user, and a hint for the admin. */
export class NotAllowed extends Error {
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.name = 'NotAllowed'
    this.hint = hint
  }
}

/** Maximum length of names, in characters. */
const maxLength = 256
const maxNamespaces = 1000

type Ask = (claims: Claims) => JSONValue

function expression(written: string, setting: string): Ask {
  const problem = expressionProblem(written)
  if (problem !== undefined)
    throw new WeirError('WEIR_CONFIG_INVALID', `auth.oidc.${setting} is not a JMESPath expression: ${problem}`)
  const tree = compile(written)
  return (claims) => TreeInterpreter.search(tree, claims as JSONValue)
}

/** Why a text is no JMESPath expression. */
export function expressionProblem(written: string): string | undefined {
  try {
    compile(written)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Missing claims never extend access. Throws {@link NotAllowed} without a role, or without namespaces for a viewer. */
export function claimsReader({
  role,
  namespaces,
  peers,
}: Pick<OidcSettings, 'role' | 'namespaces' | 'peers'>): (claims: Claims) => Principal {
  const roleOf = expression(role, 'role')
  const namespacesOf = namespaces === undefined ? undefined : expression(namespaces, 'namespaces')
  return (claims) => {
    const name = nameOf(claims)
    const role = evaluate(roleOf, claims, 'role')
    const given = roles.find((candidate) => candidate === role)
    if (given === undefined) {
      throw new NotAllowed(
        `${name} has no role here.`,
        'auth.oidc.role returns ' +
          `${role === null || role === '' ? 'nothing' : JSON.stringify(role).slice(0, 100)} for the claims of ` +
          'this user; it must return "admin" or "viewer".',
      )
    }
    const identity = { id: `oidc:${idOf(claims)}`, name, login: 'oidc' } as const
    if (given === 'admin' || namespacesOf === undefined)
      return principal(identity, { role: given, namespaces: undefined, peers })
    const listed = [evaluate(namespacesOf, claims, 'namespaces')].flat()
    if (listed.includes('*')) return principal(identity, { role: given, namespaces: undefined, peers })
    if (listed.length > maxNamespaces)
      throw new NotAllowed(
        `${name} has too many namespaces: ${listed.length}, and at most ${maxNamespaces} are accepted.`,
        'auth.oidc.namespaces must return fewer names, or "*" for all.',
      )
    const names = [...new Set(listed.filter((value): value is string => typeof value === 'string' && value !== ''))]
    const longest = Math.max(0, ...names.map(({ length }) => length))
    if (longest > maxLength)
      throw new NotAllowed(
        `${name} has a namespace of ${longest} characters; at most ${maxLength} are accepted.`,
        'auth.oidc.namespaces must return the names of namespaces.',
      )
    if (names.length === 0)
      throw new NotAllowed(
        `${name} may see no namespace here.`,
        'auth.oidc.namespaces returns no name for the claims of this user; it must return a list of names, ' +
          'or "*" for all.',
      )
    return principal(identity, { role: given, namespaces: names, peers })
  }
}

function evaluate(expression: Ask, claims: Claims, setting: string): JSONValue {
  try {
    return expression(claims)
  } catch (error) {
    throw new NotAllowed(
      'The role of this user could not be determined.',
      `auth.oidc.${setting} fails for the claims of this user: ${messageOf(error)}`,
    )
  }
}

function text(value: unknown) {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function idOf(claims: Claims) {
  const id = text(claims['sub']) ?? text(claims['client_id']) ?? text(claims['azp'])
  if (id === undefined) throw new NotAllowed('The provider did not identify the user.', 'The claim `sub` is missing.')
  return bounded(id, 'identifier')
}

function nameOf(claims: Claims) {
  const name = ['preferred_username', 'email', 'name', 'client_id', 'sub']
    .map((claim) => text(claims[claim]))
    .find((value) => value !== undefined)
  return bounded(name ?? 'Somebody', 'name')
}

/** The text is logged and in every answer about the user. */
function bounded(value: string, what: string) {
  if (value.length <= maxLength) return value
  throw new NotAllowed(
    `The provider sent a user ${what} of ${value.length} characters; at most ${maxLength} are accepted.`,
    `It begins with ${JSON.stringify(value.slice(0, 40))}.`,
  )
}
