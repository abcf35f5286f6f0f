import { expect, it } from 'vitest'
import { flowNames, readFilter } from '../../../src/query/index.ts'
import { portNames, portText } from './port-names.ts'

it('every name of a port is one that filters accept for the same number', () => {
  for (const [port, name] of Object.entries(portNames))
    expect(readFilter(`dst_port = ${name}`, flowNames).bound).toEqual(readFilter(`dst_port = ${port}`, flowNames).bound)
})

it('shows a name beside its number, and other ports as numbers', () => {
  expect([portText(443), portText(7777)]).toEqual(['443 https', '7777'])
})
