import { asFlows, flowNamespace } from '../../../../test/conformance/as-flows.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import { tcpCollector, udpCollector } from '../../../../test/kit/ipfix-collector.ts'
import { IpfixReader } from '../../../../test/kit/ipfix-reader.ts'
import { configFrom } from '../../../schema/index.ts'
import { ipfixSchema } from '../config.ts'
import { sink as ipfix } from '../sink.ts'

const listen = { udp: udpCollector, tcp: tcpCollector } as const

async function start(transport: 'udp' | 'tcp'): Promise<OtherSide> {
  // A UDP collector stores templates across its restarts, as Weir's own source does.
  const reader = new IpfixReader()
  let collector = await listen[transport]({ reader })
  const { port } = collector
  const before: string[] = []
  let isOpen = true
  const names = (): string[] => {
    if (collector.problems.length > 0) throw new Error(collector.problems.join('\n'))
    return collector.records().map(({ fields }) => fields.get('2:7734')?.toString() ?? '')
  }
  const stop = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await collector.close()
    before.push(...names())
  }
  const restart = async (): Promise<void> => {
    collector = await listen[transport]({ port, reader })
    isOpen = true
  }
  return {
    build: async (context, timeoutMs) =>
      asFlows(
        await ipfix.build(
          configFrom(ipfixSchema, {
            elements: 'netobserv',
            target: `127.0.0.1:${port}`,
            transport,
            timeout: `${timeoutMs}ms`,
          }),
          context,
        ),
      ),
    // The messages are in the collector's socket.
    received: async () => {
      let known = -1
      while (isOpen && names().length !== known) {
        known = names().length
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      }
      return [...before, ...(isOpen ? names() : [])]
    },
    shows: flowNamespace,
    refuse: (on) => (on ? stop() : restart()),
    async restart() {
      await stop()
      await restart()
    },
    stop,
  }
}

export const rig: Rig = {
  sinks: (['udp', 'tcp'] as const).map((transport) => ({
    name: `ipfix ${transport}`,
    harness: { accepts: ipfix.accepts, idempotency: ipfix.idempotency, start: () => start(transport) },
    against: {
      system: 'ipfix',
      server: 'a reader of RFC 7011',
      standIn: true,
      part: transport.toUpperCase(),
    },
  })),
}
