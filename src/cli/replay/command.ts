import { realHost, type Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { CommandError } from '../client.ts'
import { printData, type Data } from '../output.ts'
import { Progress } from '../progress.ts'
import { sizeText } from '../../model/size-text.ts'
import type { ReplayFlags } from '../replay.ts'
import { textTable } from '../text-table.ts'
import { emptyCounts, readCapture, type CaptureCounts } from './capture.ts'
import { CaptureDecoder, type FlowCounts } from './decode.ts'
import { Pace } from './pace.ts'
import { ReplaySender } from './sender.ts'
import { protocolOf, Tally } from './tally.ts'

const settleMs = 50

export async function replayCommand(file: string, flags: ReplayFlags): Promise<void> {
  if (file !== '-') return replayFile(file, flags)
  const stdin = await self.stdinAsFile()
  try {
    await replayFile(stdin.path, flags)
  } finally {
    await stdin.remove()
  }
}

async function replayFile(file: string, flags: ReplayFlags): Promise<void> {
  const host = realHost()
  const size = (await host.disk.stat(file))?.size
  if (size === undefined) throw new CommandError(`There is no file ${file}.`)
  const progress = new Progress(
    flags.countOnly === true ? 'counting' : 'sending',
    size * (flags.countOnly === true ? 1 : flags.loop),
  )
  const stopped = new AbortController()
  self.onSignal('SIGINT', () => stopped.abort())
  self.onSignal('SIGTERM', () => stopped.abort())
  try {
    if (flags.countOnly === true) await count(host, file, flags, progress)
    else await send(host, file, flags, progress, stopped.signal)
  } finally {
    progress.end()
  }
}

async function count(host: Host, file: string, flags: ReplayFlags, progress: Progress) {
  const counts = emptyCounts()
  const tally = new Tally()
  const decoder = new CaptureDecoder()
  for await (const datagrams of readCapture(host, file, flags.ports, counts, (bytes) => progress.add(bytes))) {
    for (const datagram of datagrams) {
      tally.add(datagram)
      decoder.take(datagram, protocolOf(datagram.payload))
    }
  }
  progress.end()
  await printData(flags, reportData({ file, counts, tally, decoder }))
}

async function send(host: Host, file: string, flags: ReplayFlags, progress: Progress, signal: AbortSignal) {
  const sender = await ReplaySender.open(flags.to)
  const pace = new Pace(host, flags.speed, signal)
  const tally = new Tally()
  let counts = emptyCounts()
  for (let round = 0; round < flags.loop && !signal.aborted; round++) {
    counts = emptyCounts()
    pace.round()
    for await (const datagrams of readCapture(host, file, flags.ports, counts, (bytes) => progress.add(bytes))) {
      for (const datagram of datagrams) {
        if (round === 0) tally.add(datagram)
        await pace.wait(datagram.time)
        if (signal.aborted) break
        await sender.send(datagram)
      }
      if (signal.aborted) break
    }
  }
  const seconds = pace.seconds()
  await sender.close(() => host.timers.sleep(settleMs))
  progress.end()
  const { sent, refused, failed } = sender
  await printData(flags, reportData({ file, counts, tally, sent: { sent, refused, failed, seconds } }))
  if (sender.refused > 0 || sender.failed > 0) {
    const { host: name, port } = flags.to
    throw new CommandError(
      sender.failed > 0
        ? `${sender.failed} datagrams could not be sent: ${sender.lastError?.message ?? ''}.`
        : `No process listens at ${name}${port === undefined ? ', at least on some of the ports' : ` port ${port}`}.`,
      ['Check that the collector runs on these ports. --to HOST:PORT sends everything to one port.'],
    )
  }
}

type Sent = Readonly<{
  sent: number
  refused: number
  failed: number
  seconds: number
}>

const names = {
  netflow5: 'NetFlow v5',
  netflow9: 'NetFlow v9',
  ipfix: 'IPFIX',
  sflow5: 'sFlow v5',
  unknown: 'unknown',
} as const

type Report = Readonly<{
  file: string
  counts: CaptureCounts
  tally: Tally
  sent?: Sent
  decoder?: CaptureDecoder
}>

function reportData(report: Report): Data {
  const { file, counts, tally, sent, decoder } = report
  const { format, packets, leftOut, tail } = counts
  const { datagrams, bytes, exporters, ports } = tally
  const protocols = [...tally.protocols].map(
    ([protocol, protocolCounts]) => [protocol, { ...protocolCounts, ...plain(decoder?.counts.get(protocol)) }] as const,
  )
  return {
    whole: {
      file,
      format,
      packets,
      datagrams,
      bytes,
      exporters,
      seconds: spanOf(tally),
      protocols: Object.fromEntries(protocols),
      ports: Object.fromEntries(ports),
      left_out: leftOut,
      tail_bytes: tail,
      ...(decoder === undefined ? {} : { sets_without_template: decoder.waiting }),
      ...(sent === undefined ? {} : { sent }),
    },
    rows: protocols.map(([protocol, counts]) => ({ protocol, ...counts })),
    columns: [
      'protocol',
      'datagrams',
      'bytes',
      ...(decoder === undefined ? [] : ['flows', 'flow_packets', 'flow_bytes', 'malformed']),
    ],
    table: () => reportText(report),
  }
}

function spanOf({ firstTime, lastTime }: Tally) {
  return lastTime >= firstTime ? (lastTime - firstTime) / 1000 : 0
}

function reportText({ file, counts, tally, sent, decoder }: Report): string {
  const { format, packets, leftOut, tail } = counts
  const number = (value: number) => value.toLocaleString('en-US')
  const lines = [
    `${file} (${format ?? '?'}): ${number(packets)} packets`,
    `  ${number(tally.datagrams)} datagrams, ${sizeText(tally.bytes)}, of ${number(tally.exporters)} ` +
      `exporter${tally.exporters === 1 ? '' : 's'}, over ${spanOf(tally).toFixed(1)} s`,
  ]
  const left = Object.entries(leftOut)
    .filter(([, count]) => count > 0)
    .map(([why, count]) => `${number(count)} ${leftOutNames[why as keyof typeof leftOutNames]}`)
  if (left.length > 0) lines.push(`  skipped: ${left.join(', ')}`)
  if (tail > 0) lines.push(`  the file ends within a packet: ${number(tail)} bytes remain`)
  const table = textTable(
    [
      'protocol',
      'datagrams',
      'bytes',
      ...(decoder === undefined ? [] : ['flows', 'flow packets', 'flow bytes', 'malformed']),
    ],
    [...tally.protocols].map(([protocol, { datagrams, bytes }]) => [
      names[protocol],
      datagrams,
      bytes,
      ...flowCells(decoder?.counts.get(protocol)),
    ]),
  )
  if (tally.protocols.size > 0) lines.push('', table.trimEnd())
  if (decoder !== undefined && decoder.waiting > 0)
    lines.push('', `${number(decoder.waiting)} data sets cannot be decoded: their template is not in the capture`)
  if (sent !== undefined) {
    const rate = sent.seconds > 0 ? sent.sent / sent.seconds : 0
    lines.push(
      '',
      `sent ${number(sent.sent)} datagrams in ${sent.seconds.toFixed(1)} s (${number(Math.round(rate))}/s)` +
        `${sent.refused > 0 ? `, ${number(sent.refused)} refused` : ''}`,
    )
  }
  return `${lines.join('\n')}\n`
}

function flowCells(counts: FlowCounts | undefined): string[] {
  if (counts === undefined) return []
  return [counts.flows, counts.packets, counts.bytes, counts.malformed].map(String)
}

/** JSON numbers cannot hold large sums. */
function plain(counts: FlowCounts | undefined): object {
  if (counts === undefined) return {}
  const safe = (value: bigint) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value))
  return {
    flows: counts.flows,
    flow_packets: safe(counts.packets),
    flow_bytes: safe(counts.bytes),
    malformed: counts.malformed,
  }
}

const leftOutNames = {
  other: 'of other protocols',
  port: 'to other ports',
  fragment: 'fragments',
  cut: 'truncated by the capture',
  link: 'of an unknown link layer',
} as const
