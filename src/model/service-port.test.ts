import { expect, it } from 'vitest'
import { initiatorOf, servicePortOf, type PortEvidence } from './service-port.ts'

const of = (src: number | undefined, dst: number | undefined, flags?: number, isAgent = false): unknown[] => {
  const evidence: PortEvidence = { src, dst, flags, isAgent }
  return [servicePortOf(evidence), initiatorOf(evidence)]
}

const learned = (src: number, dst: number, listening: number, flags?: number): unknown[] => {
  const evidence: PortEvidence = { src, dst, flags, isAgent: false, listening }
  return [servicePortOf(evidence), initiatorOf(evidence)]
}

it('a registered port is the service in both directions, also above the other port', () => {
  expect(of(40_000, 443)).toEqual([443, 'src'])
  expect(of(443, 40_000)).toEqual([443, 'dst'])
  expect(of(20_000, 27_017)).toEqual([27_017, 'src'])
  expect(of(50_051, 40_000)).toEqual([50_051, 'dst'])
  expect(of(8080, 443)).toEqual([443, 'src'])
})

it('of two registered ports the lower one is a guess, which a SYN or the listening side replaces', () => {
  expect(of(443, 8080, 0x02)).toEqual([8080, 'src'])
  expect(of(8080, 443, 0x112, true)).toEqual([8080, 'dst'])
  expect(learned(800, 2049, 2)).toEqual([2049, 'src'])
  expect(learned(800, 2049, 1)).toEqual([800, 'dst'])
})

it('a port that listened in earlier flows is the service, also a dynamic one, unless this flow shows another', () => {
  expect(learned(40_000, 50_000, 2)).toEqual([50_000, 'src'])
  expect(learned(40_000, 50_000, 1)).toEqual([40_000, 'dst'])
  expect(learned(2000, 20_000, 2)).toEqual([20_000, 'src'])
  expect(learned(53, 53, 1)).toEqual([53, 'dst'])
  expect(learned(40_000, 443, 1)).toEqual([443, 'src'])
  expect(learned(40_000, 50_000, 1, 0x02)).toEqual([undefined, 'src'])
  expect(learned(0, 0, 1)).toEqual([undefined, undefined])
  expect(learned(40_000, 50_000, 3)).toEqual([undefined, undefined])
})

it('a SYN shows the initiator where no port is registered', () => {
  expect(of(1500, 20_000, 0x02)).toEqual([20_000, 'src'])
  expect(of(20_000, 1500, 0x112, true)).toEqual([20_000, 'dst'])
  expect(of(1500, 20_000, 0x12, true)).toEqual([20_000, 'src'])
  // The flags of a whole NetFlow connection have SYN and ACK in both directions.
  expect(of(20_000, 40_000, 0x1b)).toEqual([20_000, 'dst'])
})

it('a dynamic port is no service by its number or a SYN, and the lower port is one below the dynamic range', () => {
  expect(of(40_000, 50_000)).toEqual([undefined, undefined])
  expect(of(40_000, 50_000, 0x02)).toEqual([undefined, 'src'])
  expect(of(40_000, 7777)).toEqual([7777, 'src'])
})

it('equal ports have a service and no initiator, and flows without ports have neither', () => {
  expect(of(53, 53)).toEqual([53, undefined])
  expect(of(undefined, undefined)).toEqual([undefined, undefined])
  expect(of(0, 0, 0x02)).toEqual([undefined, undefined])
})
