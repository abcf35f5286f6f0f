import { createSocket } from 'node:dgram'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import {
  datagram,
  ethernet,
  flowSample,
  ipv6,
  rawHeader,
  shorts,
  tagged,
  tcp,
  vectorG,
  words,
} from '../../src/codecs/sflow5/testing/datagrams.ts'
import { freePorts } from '../kit/free-port.ts'
import { buildMmdb } from '../kit/mmdb.ts'
import { startWeir } from '../kit/weir-process.ts'

const netflow5 = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8' +
    '000900b0000923d89c4001bb001b06000000000018100000',
  'hex',
)

it('flows of NetFlow and sFlow get systems and countries from databases where their exporter names none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-geo-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [asn, country] = [join(folder, 'asn.mmdb'), join(folder, 'country.mmdb')]
  await writeFile(
    asn,
    buildMmdb({
      '10.0.0.0/31': { autonomous_system_number: 64_500 },
      '2001:db8::/32': { autonomous_system_number: 64_501 },
    }),
  )
  await writeFile(
    country,
    buildMmdb({ '10.0.0.0/8': { country: { iso_code: 'NO' } }, '2001:db8::2/128': { country: { iso_code: 'CH' } } }),
  )
  const [port = 0] = await freePorts(1)
  await using weir = await startWeir({
    folder,
    config: { sources: { sflow: { listen: `127.0.0.1:${port}` } }, geo: { asn, country } },
  })

  const gateway = tagged(1003, words(0, 1, 65_000, 2, 1, 2, 1, 65_001, 0, 100))
  const v6 = datagram([flowSample([rawHeader(ethernet(shorts(0x86dd), ipv6(6, tcp))), gateway])])
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  for (const [bytes, to] of [
    [netflow5, weir.ports.netflow],
    [vectorG, port],
    [v6, port],
  ] as const) {
    await new Promise((resolve) => socket.send(bytes, to, '127.0.0.1', resolve))
  }
  const rows = (): Promise<Record<string, unknown>[]> =>
    weir.sql(
      'SELECT protocol, src_addr, src_as, dst_as, src_country, dst_country FROM flows ORDER BY protocol, src_addr',
    )
  await expect.poll(async () => (await rows()).length, { timeout: 20_000 }).toBe(3)
  const v4 = { src_addr: '10.0.0.1', src_as: 64_500, src_country: 'NO', dst_country: 'NO' }
  expect(await rows()).toMatchObject([
    { protocol: 'netflow5', ...v4, dst_as: 0 },
    { protocol: 'sflow5', ...v4, dst_as: null },
    {
      protocol: 'sflow5',
      src_addr: '2001:db8::1',
      src_as: 65_000,
      dst_as: 65_001,
      src_country: null,
      dst_country: 'CH',
    },
  ])
})
