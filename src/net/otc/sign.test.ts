import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { authorizationOf, canonicalRequest, sdkDate, encodeQuery, type Signable } from './sign.ts'

const published: Signable = {
  method: 'GET',
  path: '/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs',
  query: [
    ['limit', '2'],
    ['marker', '13551d6b-755d-4757-b956-536f674975c0'],
  ],
  headers: { 'content-type': 'application/json', host: 'service.region.example.com', 'x-sdk-date': '20191115T033655Z' },
}
const publishedKeys = { access: 'QTWAOYTTINDUT2QVKYUC', secret: 'MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc' }
const project = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const traces: Signable = {
  method: 'GET',
  path: `/v3/${project}/traces`,
  query: [
    ['user', 'jane doe+ops'],
    ['trace_type', 'system'],
    ['from', '1710845940000'],
    ['limit', '200'],
    ['next', '808e2c21-e5e1-11ee-9a5b-0255ac100101'],
    ['to', '1710846300000'],
  ],
  headers: {
    'content-type': 'application/json',
    host: 'cts.eu-de.otc.t-systems.com',
    'x-project-id': project,
    'x-sdk-date': sdkDate(1710846300000),
  },
}
const keys = { access: 'AKEXAMPLE0000000TEST', secret: 'SKexample/0000000000000000000000000TEST' }
const hashOf = (request: Signable): string => createHash('sha256').update(canonicalRequest(request)).digest('hex')
const signature = (header: string): string | undefined => /Signature=(\w+)$/.exec(header)?.[1]

test("the vendor's published example has the published signature", () => {
  expect(hashOf(published)).toBe('b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a')
  expect(authorizationOf(published, publishedKeys, 'access')).toBe(
    'SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, ' +
      'Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe',
  )
})

test('a request for traces has the reference signatures of both styles', () => {
  expect(encodeQuery(traces.query)).toMatch(/&user=jane%20doe%2Bops$/)
  expect(hashOf(traces)).toBe('e26014484b1bcaac046f313e60eb95d1c66382b9caba733d7a25302eb419c514')
  expect(signature(authorizationOf(traces, keys, 'access'))).toBe(
    'c877cb4886a720befc3a1b0fc0b056720d8a974daa9c9e0a144ee9571825b163',
  )
  expect(authorizationOf(traces, keys, 'credential')).toContain(
    'Credential=AKEXAMPLE0000000TEST/20240319///sdk_request, SignedHeaders=content-type;host;x-project-id;x-sdk-date, ',
  )
  expect(signature(authorizationOf(traces, keys, 'credential'))).toBe(
    'edebee0884566587d5f8b7b2a595ac2d4a8f3b6827250ebe7a9848b6ad9eac75',
  )
  expect(signature(authorizationOf(traces, keys, 'credential', { region: 'eu-de', service: 'cts' }))).toBe(
    '1f46498541cbb6e5d1b2703c8898a9e814363aeed9dab5f1fb9f80db73aaa426',
  )
})

test('a key without a value keeps its equals sign, and keys are in byte order', () => {
  expect(
    encodeQuery([
      ['b', ''],
      ['a', '/'],
      ['B', '*'],
    ]),
  ).toBe('B=%2A&a=%2F&b=')
})
