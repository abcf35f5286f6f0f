import { describe, expect, test } from 'vitest'
import { environmentNumber, factsOf, problemsOf, Unreadable } from './direct.ts'

const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
const lenient = { strict: false }
const strict = { strict: true }

function refusal(act: () => unknown): readonly [number, string] | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof Unreadable) return [error.status, error.message]
    throw error
  }
}

describe('facts', () => {
  test('have the environment of the token, a source, and empty texts', () => {
    const given = [{ name: 'php', value: '8', environment: '1', projectName: 'other', keyFact: true }]
    const fact = {
      environment: '777',
      projectName: 'proj',
      environmentName: 'main',
      name: 'php',
      value: '8',
      source: 'InsightsRemoteWebService',
      description: '',
      type: '',
      category: '',
      service: '',
    }
    expect(factsOf(given, claims, lenient)).toEqual({ facts: [fact], type: 'direct.facts' })
    expect(factsOf({ facts: given }, claims, lenient)).toEqual({ facts: [fact], type: 'direct.facts' })
  })

  test('with the name of a secret lose their value', () => {
    const given = ['DB_PASSWORD', 'jwt', 'php'].map((name) => ({ name, value: 'letmein2026' }))
    expect(factsOf(given, claims, lenient).facts?.map(({ value }) => value)).toEqual([
      'redacted:',
      'redacted:',
      'letmein2026',
    ])
  })

  test('keep the type of the path; only strict takes that of the body', () => {
    const body = { facts: [], type: 'direct.delete.facts' }
    expect([factsOf(body, claims, lenient).type, factsOf(body, claims, strict).type]).toEqual([
      'direct.facts',
      'direct.delete.facts',
    ])
  })

  test.each([
    ['text', 400, 'neither a list'],
    [[1], 400, '/0: it must be an object'],
    [[{ value: 8 }], 400, '/0/value: it must be a text'],
    [[{ environment: 777 }], 400, '/0/environment: it must be a text'],
    [{ facts: {} }, 400, '/facts: it must be a list'],
    [{ environment: '1' }, 400, '/environment: it must be an integer'],
    [[{ name: 'x'.repeat(65_537) }], 422, '/0/name: it has more than 65536'],
    [Array.from({ length: 10_001 }, () => ({})), 422, 'more than 10000 items'],
  ])('%j are refused', (body, status, words) => {
    expect(refusal(() => factsOf(body, claims, lenient))).toEqual([status, expect.stringContaining(words)])
  })
})

describe('problems', () => {
  test('have the environment of the token, and names in any case', () => {
    const given = [{ Identifier: 'CVE-1', ENVIRONMENT: 4, FixedVersion: '2', severity: 'high', severityScore: 0.5 }]
    expect(problemsOf(given, 777, lenient)).toEqual([
      {
        environment: 777,
        identifier: 'CVE-1',
        fixedVersion: '2',
        source: 'InsightsRemoteWebService',
        data: '',
        severity: 'HIGH',
        severityScore: 0.5,
      },
    ])
  })

  test.each([
    ['critical', 'CRITICAL'],
    ['Important', 'HIGH'],
    ['moderate', 'MEDIUM'],
    ['LOW', 'LOW'],
    ['info', 'NEGLIGIBLE'],
    ['none', 'NONE'],
    ['1', 'UNKNOWN'],
    ['', 'UNKNOWN'],
  ])('of severity %j are %s', (severity, word) => {
    expect(problemsOf([{ severity }], 777, lenient)).toMatchObject([{ severity: word }])
  })

  test.each([
    [7.5, 0.75],
    [1, 1],
    [0.3, 0.3],
    [99, 1],
    [-1, undefined],
  ])('of score %d have %d', (severityScore, score) => {
    expect(problemsOf([{ severityScore }], 777, lenient)?.[0]?.severityScore).toBe(score)
  })

  test('with strict have the words and scores that were posted', () => {
    expect(problemsOf([{ severity: '1', severityScore: 7.5 }, {}], 777, strict)).toMatchObject([
      { severity: '1', severityScore: 7.5 },
      { environment: 777, identifier: '', data: '' },
    ])
    expect(problemsOf([{}], 777, strict)?.[0]).not.toHaveProperty('severity')
  })

  test.each([
    [{}, 'the body is no list'],
    [[{ environment: '4' }], '/0/environment: it must be an integer'],
    [[{ severityScore: '1' }], '/0/severityScore: it must be a number'],
  ])('%j are refused', (body, words) => {
    expect(refusal(() => problemsOf(body, 777, lenient))).toEqual([400, expect.stringContaining(words)])
  })

  test('null is no list, as in insights-remote', () => {
    expect(problemsOf(null, 777, lenient)).toBeNull()
  })
})

test.each([
  ['777', 777],
  ['-1', -1],
  ['2147483647', 2_147_483_647],
  ['2147483648', undefined],
  ['1e3', undefined],
  ['', undefined],
])('the environment id %j is %j', (id, number) => {
  expect(environmentNumber(id)).toBe(number)
})
