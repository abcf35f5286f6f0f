import { expect, it } from 'vitest'
import { packetCount, packetsPart } from './packet-count.ts'

it('a sum of 0 packets over flows is unknown, and without flows it is 0', () => {
  expect(packetCount({ packets: 0, flows: 3 })).toBeUndefined()
  expect(packetCount({ packets: null, flows: '3' })).toBeUndefined()
  expect(packetCount({ packets: 1200, flows: 3 })).toBe('1,200')
  expect(packetCount({ packets: '9007199254740993', flows: 3 })).toBe('9,007,199,254,740,993')
  expect(packetCount({ packets: 0, flows: 0 })).toBe('0')
  expect([packetsPart({ packets: 0, flows: 3 }), packetsPart({ packets: 7, flows: 3 })]).toEqual(['', '7 packets · '])
})
