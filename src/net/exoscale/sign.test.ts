import { expect, test } from 'vitest'
import { authorizationOf, expiresAt, stringToSign, type Signable } from './sign.ts'

const key = { key: 'EXOexampleKey', secret: 'exampleSecret' }
const expires = 1725449900

const vectors: readonly (readonly [string, Signable, string, string])[] = [
  [
    'without parameters',
    { method: 'GET', path: '/v2/organization', query: [] },
    'GET /v2/organization\n\n\n\n1725449900',
    `credential=EXOexampleKey,expires=1725449900,signature=8vv0Lg9kFOh832uDtYwO0CHx1H/F+s1QN9Z5a2tzK2Y=`,
  ],
  [
    'with parameters',
    {
      method: 'GET',
      path: '/v2/event',
      query: [
        ['to', '2024-09-02T00:00:00Z'],
        ['from', '2024-09-01T00:00:00Z'],
      ],
    },
    'GET /v2/event\n\n2024-09-01T00:00:00Z2024-09-02T00:00:00Z\n\n1725449900',
    `credential=EXOexampleKey,signed-query-args=from;to,expires=1725449900,signature=XwS72QzxbgrvuU785TMcXv8kjvgw9l0k2TXO6ULnOR0=`,
  ],
  [
    'with a body',
    { method: 'POST', path: '/v2/ssh-key', query: [], body: '{"name":"a"}' },
    'POST /v2/ssh-key\n{"name":"a"}\n\n\n1725449900',
    `credential=EXOexampleKey,expires=1725449900,signature=3GTr8R63ymMC+wHhoCoPkF8B/5lOBnoxVj63CdeUFFc=`,
  ],
]

test.each(vectors)(
  'case C1: a request %s has the signature of the reference client',
  (_name, request, text, header) => {
    expect(stringToSign(request, expires)).toBe(text)
    expect(authorizationOf(request, key, expires)).toBe(`EXO2-HMAC-SHA256 ${header}`)
  },
)

test('case C3: a repeated parameter is neither signed nor listed, and a signature is valid for ten minutes', () => {
  const request: Signable = {
    method: 'GET',
    path: '/v2/event',
    query: [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ],
  }
  expect(stringToSign(request, expires)).toBe('GET /v2/event\n\n2\n\n1725449900')
  expect(authorizationOf(request, key, expires)).toContain(',signed-query-args=b,')
  expect(expiresAt(1725449300_999)).toBe(expires)
})
