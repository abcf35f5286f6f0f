// flowlogs-pipeline reads the flows that sink `kafka` writes, as JSON and as the agent's protobuf.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { kafkaSchema } from '../../src/connectors/kafka/config.ts'
import { sink as kafkaSink } from '../../src/connectors/kafka/sink.ts'
import { configFrom } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
import { flowSinkBatch } from '../kit/metric-flows.ts'
import { findFlowlogsPipeline } from './install/flowlogs-pipeline.ts'
import { startPipeline, type PipelineFlow } from './kit/flowlogs-pipeline.ts'
import { useKafka } from './kit/kafka-source.ts'

const never = new AbortController().signal
const program = findFlowlogsPipeline()
const stage = useKafka(() => Promise.resolve(program))
const count = 3000

/** What an agent reports. */
function reported(n: number): object {
  const v6 = n % 3 === 0
  return {
    Etype: v6 ? 34_525 : 2048,
    SrcMac: '02:00:00:00:00:01',
    DstMac: '02:00:00:00:00:02',
    SrcAddr: v6 ? `2001:db8::${(n + 1).toString(16)}` : `10.1.${n >> 8}.${n & 255}`,
    DstAddr: v6 ? 'fe80::1' : '10.9.8.7',
    Proto: n % 5 === 0 ? 1 : 6,
    ...(n % 5 === 0 ? { IcmpType: 8, IcmpCode: 0 } : { SrcPort: 1024 + n, DstPort: 443, Flags: 0x112 }),
    Dscp: n % 64,
    Bytes: n % 11 === 0 ? 5_000_000_000 + n : 1 + n,
    Packets: 1 + n,
    Sampling: 50,
    TimeFlowStartMs: 1_700_000_000_000 + n,
    TimeFlowEndMs: 1_700_000_005_000 + n,
    AgentIP: '192.0.2.1',
    Interfaces: ['eth0', 'br-ex'],
    IfDirections: [1, 0],
    ...(n % 2 === 0 ? { TimeFlowRttNs: 1_000_000 + n } : {}),
    ...(n % 7 === 0 ? { DnsId: 4711, DnsFlags: 0x8183, DnsFlagsResponseCode: 'NXDomain', DnsLatencyMs: 12 } : {}),
    ...(n % 7 === 1 && n % 5 !== 0
      ? {
          // The agent's own decoder has 16 bits.
          PktDropBytes: 7000,
          PktDropPackets: 3,
          PktDropLatestFlags: 16,
          PktDropLatestState: 'TCP_ESTABLISHED',
          PktDropLatestDropCause: 'SKB_DROP_REASON_NETFILTER_DROP',
        }
      : {}),
    ...(n % 7 === 2 ? { XlatSrcAddr: '10.2.0.1', XlatDstAddr: '10.2.0.2', XlatSrcPort: 5, ZoneId: 7 } : {}),
  }
}

/** What enrichment adds. */
const named = {
  SrcK8S_Namespace: 'shop',
  SrcK8S_Name: 'größe',
  SrcK8S_Type: 'Pod',
  SrcK8S_OwnerName: 'web',
  SrcK8S_OwnerType: 'Deployment',
  DstSubnetLabel: 'dc',
  FlowDirection: 1,
  K8S_FlowLayer: 'app',
}

describe('flowlogs-pipeline', () => {
  test.each([
    ['netobserv-json', 'json', named],
    ['pbflow', 'protobuf', {}],
  ] as const)('reads each flow that is exported as %s, with every field', async (codec, decoder, more) => {
    const topic = stage.topic()
    await stage.observer.create(topic, { partitions: 3 })
    const sink = await kafkaSink.build(
      configFrom(kafkaSchema, { brokers: [stage.address], topic, codec, mode: 'raw', flow_key: 'addresses' }),
      testContext(),
    )
    onTestFinished(() => sink.close())
    const flows = Array.from({ length: count }, (_, n) => ({ ...reported(n), ...more }))
    for (let from = 0; from < count; from += 1000)
      expect(await sink.send(flowSinkBatch(flows.slice(from, from + 1000), `t${from}`), never)).toEqual([])
    const folder = await mkdtemp(join(tmpdir(), 'weir-pipeline-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await using pipeline = await startPipeline(program.path ?? '', folder, {
      type: 'kafka',
      kafka: {
        brokers: [stage.address],
        topic,
        groupid: `flp-${topic}`,
        startOffset: 'FirstOffset',
        decoder: { type: decoder },
      },
    })
    await expect.poll(() => pipeline.flows.length, { timeout: 60_000 }).toBe(count)
    const numberOf = (flow: PipelineFlow): number => Number(flow['Packets'])
    const found = pipeline.flows.toSorted((a, b) => numberOf(a) - numberOf(b))
    flows.forEach((flow, n) => expect(found[n]).toMatchObject(flow))
  })
})
