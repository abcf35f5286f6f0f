// Stored rows are compared with the capture, summed by a separate reader: exact to the byte without sampling.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { sumCapture, type CaptureSum } from '../../test/kit/pcap-sum.ts'
import { buildCapture, type CaptureOptions } from '../../test/kit/pcap.ts'
import { install } from '../../test/real/install/apt.ts'
import { pmacct } from '../../test/real/install/pmacct.ts'
import { exporterCases, runCase, type CaptureKind } from '../../test/real/kit/exporter-cases.ts'

interface Made {
  readonly file: string
  readonly sum: CaptureSum
}

/** With more, pmacctd loses packets between its processes on a busy machine. */
const pmacctConversations = 1500

export default {
  name: 'real-exporters',
  issue: '3.1',
  title:
    'Stored flows equal the capture that softflowd and pmacctd exported, or are within 5 % if sampled. Times ' +
    'are within a second.',
  async run(context) {
    for (const { program } of exporterCases) {
      const installed = await install(program)
      if (installed.path === undefined) context.skip(installed.reason)
    }
    const captures = new Map<CaptureKind | 'small', Made>()
    const conversations = context.size(28_000, 2000)
    captures.set('exact', await make(context, 'exact', { conversations }))
    captures.set('sampled', await make(context, 'sampled', { conversations: context.size(28_000, 4000) }))
    captures.set('sampled v4', await make(context, 'sampled-v4', { conversations: context.size(28_000, 4000), v6: 0 }))
    captures.set('small', await make(context, 'small', { conversations: Math.min(conversations, pmacctConversations) }))
    const exact = captures.get('exact')?.sum
    if (exact !== undefined) {
      context.figure('capture: addresses, flows', `${exact.addresses}, ${exact.flows.size}`)
      context.figure('capture: packets', exact.all.packets)
      context.figure('capture: bytes', exact.all.bytes)
      if (context.scale === 'full')
        context.expect(exact.addresses >= 50_000, 'the capture has at least 50,000 addresses')
    }
    for (const [index, one] of exporterCases.entries()) {
      // At CI scale the real tests run every case.
      if (context.scale === 'ci' && index % 4 !== 0) continue
      const capture = captures.get(one.program === pmacct && one.capture === 'exact' ? 'small' : one.capture)
      if (capture === undefined) throw new Error('no such capture')
      const differences = await runCase(one, { ...capture, folder: join(context.folder, String(index)) }).catch(
        (error: unknown) => [String(error)],
      )
      context.expect(
        differences.length === 0,
        `${one.program.name} ${one.name}${differences.length === 0 ? '' : `: ${differences.join('; ')}`}`,
      )
    }
  },
} satisfies AcceptanceRun

async function make(context: AcceptanceContext, name: string, options: Omit<CaptureOptions, 'seed'>): Promise<Made> {
  const pcap = buildCapture({ seed: context.seed, vlan: 0.1, tail: 16, ...options })
  const file = join(context.folder, `${name}.pcap`)
  await writeFile(file, pcap)
  return { file, sum: sumCapture(pcap) }
}
