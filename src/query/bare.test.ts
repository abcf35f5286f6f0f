import { expect, test } from 'vitest'
import { meaningsOf, socketOf, writtenFilter } from './bare.ts'
import { auditNames, changeNames, eventNames, flowNames, inventoryNames, resourceNames } from './names.ts'
import { readFilter, validate } from './index.ts'

const flows = (text: string): string => writtenFilter(text, flowNames)

test('addresses, networks, ports and protocols become tests of a flow', () => {
  expect(flows('10.20.1.21')).toBe('any.addr = 10.20.1.21')
  expect(flows('fd00::1')).toBe('any.addr = fd00::1')
  expect(flows('[fd00::1]')).toBe('any.addr = fd00::1')
  expect(flows('10.20.0.0/16')).toBe('any.addr = 10.20.0.0/16')
  expect(flows('10.20.1.21:5432')).toBe('either(addr = 10.20.1.21 and port = 5432)')
  expect(flows('[fd00::1]:443')).toBe('either(addr = fd00::1 and port = 443)')
  expect(flows('5432')).toBe('any.port = 5432')
  expect(flows(':53')).toBe('any.port = 53')
  expect(flows('udp')).toBe('proto = udp')
})

test('other words are searched in the names, and several words must all occur', () => {
  expect(flows('checkout')).toBe('text ~ "(?i)checkout"')
  expect(flows('redis')).toBe('text ~ "(?i)redis"')
  expect(flows('checkout shop')).toBe('text ~ "(?i)checkout" and text ~ "(?i)shop"')
  expect(flows('"two words"')).toBe('text ~ "(?i)two words"')
  expect(flows('a.b*c')).toBe('text ~ "(?i)a\\.b\\*c"')
  expect(flows('70000')).toBe('text ~ "70000"')
  expect(flows('10.20.1.300')).toBe('text ~ "10\\.20\\.1\\.300"')
})

test('bare terms stand beside tests, with and, or, not and parentheses', () => {
  expect(flows('checkout and bytes > 1k')).toBe('text ~ "(?i)checkout" and bytes > 1k')
  expect(flows('src.ns = shop 10.0.0.1')).toBe('src.ns = shop and any.addr = 10.0.0.1')
  expect(flows('10.0.0.1 dst_port in (80, 443) udp')).toBe(
    'any.addr = 10.0.0.1 and dst_port in (80, 443) and proto = udp',
  )
  expect(flows('not 10.0.0.1')).toBe('not any.addr = 10.0.0.1')
  expect(flows('web not (db or 5432)')).toBe('text ~ "(?i)web" and not ( text ~ "(?i)db" or any.port = 5432 )')
  expect(flows('exists(dst_name) web')).toBe('exists(dst_name) and text ~ "(?i)web"')
  for (const text of ['checkout shop', 'web not (db or 5432)', '10.0.0.1 dst_port in (80, 443) udp'])
    expect(validate(flows(text), flowNames), text).toEqual([])
})

test('a filter, an unfinished one and a wrong one stay as they are', () => {
  for (const text of [
    '',
    'dst_port = 443',
    'src.ns=a AND NOT proto=UDP',
    'dst_port',
    'any.port',
    'dst_port =',
    'a = 1 b',
  ])
    expect(flows(text)).toBe(text)
  expect(flows('nosuch = 1 web')).toBe('nosuch = 1 web')
  expect(flows('dst_port = 443 src_port = 1')).toBe('dst_port = 443 src_port = 1')
  expect(flows('( web')).toBe('( web')
})

test('every view has its own meaning of an address and of a word', () => {
  expect(writtenFilter('10.20.1.21', auditNames)).toBe('address = "10.20.1.21"')
  expect(writtenFilter('10.20.1.21', inventoryNames)).toBe('addresses = "10.20.1.21"')
  expect(writtenFilter('10.20.1.21:5432', resourceNames)).toBe('text ~ "\\b10\\.20\\.1\\.21\\b"')
  expect(writtenFilter('Replicas 3', changeNames)).toBe('text ~ "(?i)Replicas" and text ~ "3"')
  expect(writtenFilter('東京', changeNames)).toBe('text ~ "東京"')
  expect(writtenFilter('order.created', eventNames)).toBe('text ~ "(?i)order\\.created"')
  for (const names of [flowNames, eventNames, auditNames, changeNames, resourceNames, inventoryNames])
    expect(() => readFilter(writtenFilter('10.0.0.0/8 web (x "y z")', names), names), names.view).not.toThrow()
})

test('the meanings of a word name its parts', () => {
  expect(meaningsOf('10.0.0.1:80', flowNames)).toEqual([
    { is: 'socket', end: 'any', value: '10.0.0.1', port: 80, filter: 'either(addr = 10.0.0.1 and port = 80)' },
    { is: 'socket', end: 'src', value: '10.0.0.1', port: 80, filter: 'src.addr = 10.0.0.1 and src.port = 80' },
    { is: 'socket', end: 'dst', value: '10.0.0.1', port: 80, filter: 'dst.addr = 10.0.0.1 and dst.port = 80' },
  ])
  expect(meaningsOf('redis', flowNames).map(({ is, port }) => [is, port])).toEqual([
    ['text', undefined],
    ['port', 6379],
    ['port', 6379],
    ['port', 6379],
  ])
  expect(socketOf('fd00::1')).toEqual({ address: 'fd00::1' })
  expect(socketOf('10.0.0.1:70000')).toEqual({ address: '10.0.0.1:70000' })
})
