import { createSocket } from 'node:dgram'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { startWeir } from '../kit/weir-process.ts'

/** NetFlow v5: one TCP flow of 10.0.0.1 and 10.0.0.2 without a SYN. Offsets of the record are those of the datagram. */
const datagram = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8' +
    '000900b0000923d89c4001bb001006000000000018100000',
  'hex',
)
const [srcPort, dstPort] = [56, 58]

function flow(src: number, dst: number): Buffer {
  const copy = Buffer.from(datagram)
  copy.writeUInt16BE(src, srcPort)
  copy.writeUInt16BE(dst, dstPort)
  return copy
}

it('the server of one flow is that of a later one with two registered ports, also after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-listening-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  const columns = 'src_port, dst_port, listening_side, service_port, initiator'
  const expected = [
    { src_port: 800, dst_port: 2049, listening_side: 2, service_port: 2049, initiator: 'src' },
    { src_port: 40_000, dst_port: 2049, listening_side: null, service_port: 2049, initiator: 'src' },
  ]
  {
    await using weir = await startWeir({ folder })
    for (const bytes of [flow(40_000, 2049), flow(800, 2049)]) {
      await new Promise((resolve) => socket.send(bytes, weir.ports.netflow, '127.0.0.1', resolve))
    }
    const stored = (): Promise<unknown[]> => weir.sql(`SELECT ${columns} FROM flows ORDER BY src_port`)
    await expect.poll(async () => (await stored()).length, { timeout: 60_000 }).toBe(2)
    expect(await stored()).toEqual(expected)
    const query = new URLSearchParams({
      filter: 'service_port = 2049',
      columns: columns.replaceAll(' ', ''),
      sort: 'src_port',
    })
    const answer = await fetch(`${weir.url}/api/v1/flows?${query.toString()}`)
    const { rows } = (await answer.json()) as { rows: unknown[][] }
    expect(rows.map((row) => row.slice(0, 5))).toEqual(expected.map((row) => Object.values(row)))
  }
  await using again = await startWeir({ folder })
  expect(await again.sql(`SELECT ${columns} FROM flows ORDER BY src_port`)).toEqual(expected)
})
