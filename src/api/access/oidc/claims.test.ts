import { describe, expect, test } from 'vitest'
import { claimsReader, NotAllowed } from './claims.ts'

const role =
  "contains(realm_access.roles, 'weir-admin') && 'admin' || contains(realm_access.roles, 'weir-viewer') && 'viewer'"
const namespaces = "contains(groups, 'everything') && '*' || groups[?starts_with(@, 'ns-')].replace(@, 'ns-', '')"
const read = claimsReader({ role, namespaces, peers: 'shown' })
const claims = (roles: readonly string[], groups: unknown, more: object = {}): Record<string, unknown> => ({
  sub: 'u-1',
  preferred_username: 'ada',
  realm_access: { roles },
  groups,
  ...more,
})

function refusal(given: Record<string, unknown>, reader = read): NotAllowed {
  try {
    reader(given)
  } catch (error) {
    if (error instanceof NotAllowed) return error
  }
  throw new Error('it was allowed')
}

describe('claims', () => {
  test('give a role, and namespaces to a viewer', () => {
    expect(read(claims(['weir-admin', 'weir-viewer'], ['ns-shop']))).toEqual({
      id: 'oidc:u-1',
      name: 'ada',
      login: 'oidc',
      role: 'admin',
      namespaces: undefined,
      peers: 'shown',
    })
    expect(read(claims(['weir-viewer'], ['ns-shop', 'lunch', 'ns-data', 'ns-shop']))).toMatchObject({
      role: 'viewer',
      namespaces: ['shop', 'data'],
      peers: 'shown',
    })
    expect(read(claims(['weir-viewer'], ['everything', 'ns-shop']))).toMatchObject({
      role: 'viewer',
      namespaces: undefined,
    })
    expect(
      claimsReader({ role: "'viewer'", namespaces: 'team', peers: 'hidden' })({ sub: 'a', team: 'shop' }),
    ).toMatchObject({ namespaces: ['shop'] })
    expect(claimsReader({ role: "'viewer'", peers: 'hidden' })({ sub: 'a' })).toMatchObject({
      role: 'viewer',
      namespaces: undefined,
    })
  })

  test('without a role give no access, with a reason', () => {
    for (const given of [claims([], []), claims(['weir-admins'], []), { sub: 'a', realm_access: { roles: null } }])
      expect(refusal(given).message).toMatch(/has no role here|could not be determined/)
    expect(refusal(claims([], [])).hint).toContain('auth.oidc.role')
    for (const odd of ["'root'", '`true`', '`["admin"]`', '`{"admin":1}`', "''", 'missing', '`1`'])
      expect(refusal(claims([], []), claimsReader({ role: odd, peers: 'hidden' })).message).toBe(
        'ada has no role here.',
      )
    expect(refusal(claims([], []), claimsReader({ role: "'root'", peers: 'hidden' })).hint).toContain('returns "root"')
  })

  test('without namespaces give a viewer none', () => {
    for (const groups of [[], ['lunch'], [''], ['ns-']])
      expect(refusal(claims(['weir-viewer'], groups)).message).toBe('ada may see no namespace here.')
    for (const odd of ['missing', '`null`', '`[]`', '`[1, true, null]`', '`{"shop":true}`', "''"]) {
      expect(
        refusal({ sub: 'a' }, claimsReader({ role: "'viewer'", namespaces: odd, peers: 'hidden' })).hint,
        odd,
      ).toContain('auth.oidc.namespaces')
    }
    // Unreadable claims must not extend access.
    for (const groups of ['ns-shop', [null], 7]) expect(() => read(claims(['weir-viewer'], groups))).toThrow(NotAllowed)
  })

  test('identify the user by a readable name, and stored data by the subject', () => {
    const whoever = claimsReader({ role: "'admin'", peers: 'hidden' })
    expect(whoever({ sub: 'u-1', email: 'ada@example.com' })).toMatchObject({ id: 'oidc:u-1', name: 'ada@example.com' })
    expect(whoever({ client_id: 'robot' })).toMatchObject({ id: 'oidc:robot', name: 'robot' })
    expect(refusal({}, whoever).message).toBe('The provider did not identify the user.')
  })

  test('with a name, an identifier or namespaces beyond the limits give no access, and are shown cut', () => {
    const viewer = claimsReader({ role: "'viewer'", namespaces: 'groups', peers: 'hidden' })
    const long = 'x'.repeat(100_000)
    const many = Array.from({ length: 1001 }, (_, index) => `ns-${index}`)
    for (const [given, reason] of [
      [{ sub: 'a', name: long, groups: ['a'] }, 'a user name of 100000 characters; at most 256'],
      [{ sub: long, name: 'ada', groups: ['a'] }, 'a user identifier of 100000 characters; at most 256'],
      [{ sub: 'a', groups: many }, 'a has too many namespaces: 1001, and at most 1000'],
      [{ sub: 'a', groups: [long] }, 'a has a namespace of 100000 characters; at most 256'],
    ] as const) {
      const { message, hint } = refusal(given, viewer)
      expect(message).toContain(reason)
      expect(message.length + hint.length).toBeLessThan(300)
    }
    expect(viewer({ sub: 'a'.repeat(256), groups: many.slice(1) }).namespaces).toHaveLength(1000)
  })

  test('are read by expressions that are compiled at the start', () => {
    expect(() => claimsReader({ role: 'contains(', peers: 'hidden' })).toThrow(
      'auth.oidc.role is not a JMESPath expression',
    )
    expect(() => claimsReader({ role: "'viewer'", namespaces: '][', peers: 'hidden' })).toThrow(
      'auth.oidc.namespaces is not a JMESPath expression',
    )
  })
})
