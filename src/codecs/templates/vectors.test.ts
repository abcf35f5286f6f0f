import { describe, expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { Bench, sumOf } from './testing/datagrams.ts'
import { vectorB, vectorC, vectorD, vectorE, vectorF } from './testing/vectors.ts'

const flow = {
  src_addr: '10.0.0.1',
  dst_addr: '10.0.0.2',
  src_port: 40_000,
  dst_port: 443,
  proto: 6,
  tcp_flags: 0x1b,
  bytes: 1000,
  packets: 10,
  etype: 2048,
}

function decode(...datagrams: Uint8Array[]): { rows: ReturnType<typeof flowRows>; bench: Bench } {
  const bench = new Bench()
  for (const datagram of datagrams) expect(bench.take(datagram)).toBeUndefined()
  expect(sumOf(bench.totals)).toBe(bench.received)
  return { rows: flowRows(bench.flows.batch()), bench }
}

describe('golden vectors', () => {
  test('B: NetFlow v9 becomes a row with times from the uptime', () => {
    const { rows, bench } = decode(vectorB)
    expect(rows).toEqual([
      {
        ...flow,
        time_start: 1_699_999_990_000,
        time_end: 1_699_999_999_000,
        time_received: bench.now,
        time_skewed: 0,
        exporter_addr: '192.0.2.7',
        protocol: 'netflow9',
        protocol_version: 9,
        observation_domain: 5,
      },
    ])
    // Header, two set headers; the template; the record; two bytes of padding.
    expect(bench.totals).toEqual({
      header: 28,
      template: 44,
      decoded: 30,
      padding: 2,
      skipped: 0,
      malformed: 0,
      parked: 0,
    })
  })

  test('C, then B: the sampling of the domain holds for its flows', () => {
    expect(decode(vectorC, vectorB).rows).toMatchObject([{ ...flow, sampling: 100 }])
  })

  test('D: IPFIX with names of variable length and an enterprise number', () => {
    const { rows } = decode(vectorD)
    expect(rows).toMatchObject([
      {
        ...flow,
        time_start: 1_699_999_990_500,
        time_end: 1_699_999_999_500,
        in_if_name: 'eth0',
        interfaces: ['eth0'],
        src_name: 'pod-a',
        protocol: 'ipfix',
        protocol_version: 10,
        observation_domain: 9,
        time_skewed: 0,
      },
    ])
    expect(rows[0]).not.toHaveProperty('sampling')
  })

  test('E: IPFIX with IPv6, counters of reduced size and NTP times', () => {
    expect(decode(vectorE).rows).toMatchObject([
      {
        src_addr: '2001:db8::1',
        dst_addr: '2001:db8::2',
        src_port: 5353,
        dst_port: 53,
        proto: 17,
        bytes: 120,
        packets: 2,
        etype: 34_525,
        time_start: 1_699_999_999_250,
        time_end: 1_699_999_999_500,
        time_skewed: 0,
      },
    ])
  })

  test('F, then D: one packet taken and nine skipped is one in ten', () => {
    expect(decode(vectorF, vectorD).rows).toMatchObject([{ ...flow, sampling: 10 }])
  })
})
