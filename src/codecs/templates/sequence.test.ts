import { describe, expect, test } from 'vitest'
import { Bench, ip4, ipfix, netflow9, optionsTemplate, set, template, u32 } from './testing/datagrams.ts'

const announce = set(2, template(300, [[8, 4]]))
const options = set(
  3,
  optionsTemplate(400, 1, [
    [149, 4],
    [34, 4],
  ]),
)
const flows = (count: number): Buffer => set(300, ...Array.from({ length: count }, () => ip4('10.0.0.1')))

interface Message {
  readonly sequence: number
  readonly count: number
  readonly time?: number
  readonly domain?: number
  readonly options?: boolean
}

/** Sends messages of so many flows; the first also announces the template. */
function ipfixLosses(messages: readonly Message[]): object {
  const bench = new Bench()
  const seen = new Set<number>()
  for (const { sequence, count, time = 1_700_000_000, domain = 9, options: onlyOptions = false } of messages) {
    const first = seen.has(domain) ? [] : [announce, options]
    seen.add(domain)
    bench.take(ipfix({ sequence, time, domain }, ...first, ...(onlyOptions ? [set(400, u32(9, 1))] : []), flows(count)))
  }
  const { missing, late, restarts } = bench.exporter()
  return { missing, late, restarts }
}

function v9Losses(
  datagrams: readonly { readonly sequence: number; readonly uptime?: number; readonly domain?: number }[],
): object {
  const bench = new Bench()
  for (const datagram of datagrams) bench.take(netflow9(datagram))
  const { missingDatagrams, late, restarts } = bench.exporter()
  return { missingDatagrams, late, restarts }
}

describe('IPFIX counts data records', () => {
  test('case 23: a hole is counted, for its domain only', () => {
    expect(
      ipfixLosses([
        { sequence: 0, count: 2 },
        { domain: 10, sequence: 500, count: 1 },
        { sequence: 2, count: 1 },
        { domain: 10, sequence: 501, count: 1 },
        { sequence: 7, count: 1 },
      ]),
    ).toEqual({ missing: 4, late: 0, restarts: 0 })
  })

  test('case 24: the counter wraps without loss', () => {
    expect(
      ipfixLosses([
        { sequence: 2 ** 32 - 1, count: 1 },
        { sequence: 0, count: 1 },
      ]),
    ).toEqual({ missing: 0, late: 0, restarts: 0 })
  })

  test('case 24: a jump back in a later message is a restart', () => {
    expect(
      ipfixLosses([
        { sequence: 100, count: 1 },
        { sequence: 0, count: 1, time: 1_700_000_002 },
        { sequence: 1, count: 2, time: 1_700_000_003 },
      ]),
    ).toEqual({ missing: 0, late: 0, restarts: 1 })
    expect(
      ipfixLosses([
        { sequence: 1_000_000, count: 1 },
        { sequence: 0, count: 1 },
      ]),
    ).toEqual({ missing: 0, late: 0, restarts: 1 })
  })

  test('a message that was overtaken is late, not lost', () => {
    expect(
      ipfixLosses([
        { sequence: 0, count: 2 },
        { sequence: 5, count: 2 },
        { sequence: 2, count: 3 },
        { sequence: 7, count: 1 },
      ]),
    ).toEqual({ missing: 3, late: 3, restarts: 0 })
  })

  test('case 25: softflowd counts after, and without options; 64 of its messages lose nothing', () => {
    let sequence = 0
    const messages = Array.from({ length: 64 }, (_, i) => {
      const count = 1 + ((i * 7) % 5)
      sequence += count
      return { sequence, count, options: i % 16 === 0 }
    })
    expect(ipfixLosses(messages)).toEqual({ missing: 0, late: 0, restarts: 0 })
    // Once its style has shown, a message that is not there is missed.
    expect(ipfixLosses([...messages.slice(0, 40), ...messages.slice(41)])).toMatchObject({
      missing: messages[40]?.count,
    })
  })

  test('options records count for exporters that follow the standard', () => {
    expect(
      ipfixLosses([
        { sequence: 0, count: 2 },
        { sequence: 2, count: 3, options: true },
        { sequence: 6, count: 1 },
        { sequence: 7, count: 5 },
      ]),
    ).toEqual({ missing: 0, late: 0, restarts: 0 })
  })

  test('after a message with uncountable records nothing is missing', () => {
    const bench = new Bench()
    bench.take(ipfix({ sequence: 0 }, announce, flows(1), set(999, Buffer.alloc(12))))
    bench.take(ipfix({ sequence: 4 }, flows(1)))
    bench.take(ipfix({ sequence: 5 }, flows(1)))
    bench.take(ipfix({ sequence: 9 }, flows(1)))
    expect(bench.exporter()).toMatchObject({ missing: 3, late: 0 })
  })
})

describe('v9 counts datagrams', () => {
  test('per source id, with holes, late ones and a wrap', () => {
    expect(
      v9Losses([
        { sequence: 2 ** 32 - 2 },
        { sequence: 2 ** 32 - 1 },
        { sequence: 0 },
        { sequence: 4 },
        { sequence: 2 },
        { domain: 6, sequence: 77 },
        { domain: 6, sequence: 78 },
      ]),
    ).toEqual({ missingDatagrams: 3, late: 1, restarts: 0 })
  })

  test('case 24: a jump with a new boot time is a restart, however small', () => {
    expect(
      v9Losses([
        { sequence: 10, uptime: 600_000 },
        { sequence: 0, uptime: 1000 },
        { sequence: 1, uptime: 1000 },
      ]),
    ).toEqual({ missingDatagrams: 0, late: 0, restarts: 1 })
    expect(v9Losses([{ sequence: 100_000 }, { sequence: 0 }])).toEqual({ missingDatagrams: 0, late: 0, restarts: 1 })
  })
})
