// The cost of each step of a flow, one at a time in this process, with the code of a running Weir.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { realHost } from '../../src/host/index.ts'
import { decodeBatch, openJournal, openReader, type Frame, type Unit } from '../../src/journal/index.ts'
import type { Batch } from '../../src/model/batches.ts'
import { nowhere } from '../../src/model/positions.ts'
import { listenUdp } from '../../src/net/udp.ts'
import { Endpoints } from '../../src/store/flows/endpoints.ts'
import { openStore } from '../../src/store/index.ts'
import { Rollup } from '../../src/store/rollup/rollup.ts'
import { flowRows, StringDictionary } from '../../src/store/flows/rows.ts'
import { recordingLog, recordingMetrics, resolver } from '../../src/store/testing/frames.ts'
import type { FlowRows } from '../../src/store/table-writer.ts'
import { netflowIntake, sflowIntake, type Intake } from '../../test/attacks/flow-fuzz/intake.ts'
import type { SendOptions } from '../../test/kit/flow-load/send.ts'
import { ExportLoad, type LoadProtocol } from '../../test/kit/flow-load/exports.ts'

interface StepCase {
  readonly protocol: LoadProtocol
  readonly perDatagram: number
  readonly addresses: number
  readonly seed: number
  readonly flows: number
}

/** Microseconds of CPU per flow, user and system time of all threads. */
export type StepCosts = Readonly<
  Record<'receive' | 'decode' | 'journal' | 'read' | 'resolve' | 'rollup' | 'store', number>
>

const host = realHost()
const limits = { maxBytes: Number.MAX_SAFE_INTEGER, keepBytes: Number.MAX_SAFE_INTEGER }
const underWay = 32
const readBytes = 2 * 1024 * 1024

export async function measureSteps(folder: string, one: StepCase): Promise<StepCosts> {
  const load = new ExportLoad(one)
  const datagrams: Buffer[] = []
  const now = host.clock.now()
  while (load.flows < one.flows) datagrams.push(load.next(now))
  const perFlow = (cpuMicros: number) => cpuMicros / load.flows

  const units: Unit[] = []
  const intake = (one.protocol === 'sflow5' ? sflowIntake : netflowIntake)((unit) =>
    // The buffer is reused when the unit is synced.
    units.push({ ...unit, raw: new Uint8Array(unit.raw), source: 'bench' }),
  )
  const decode = perFlow(await cpu(() => decodeAll(intake, datagrams, now)))
  if (intake.rows !== load.flows) throw new Error(`${intake.rows} rows of ${load.flows} flows`)

  const directory = `${folder}/journal`
  const journal = await openJournal({ host, directory, epoch: 1, limits })
  const journalled = perFlow(await cpu(() => appendAll((unit) => journal.append(unit), units)))
  const reader = openReader({ host, directory, after: nowhere, tail: journal.tail, onUnreadable: () => {} })
  const frames: Frame[] = []
  for (let more = await reader.ready(readBytes); more.length > 0; more = await reader.ready(readBytes))
    frames.push(...more.filter(({ header }) => header.kind === 'flows'))

  const batches: { frame: Frame; batch: Batch }[] = []
  const read = perFlow(
    await cpu(() => frames.forEach((frame) => batches.push({ frame, batch: decodeBatch('flows', frame.body()) }))),
  )
  const endpoints = new Endpoints({ resolver, next: 1 })
  const words = new StringDictionary([''])
  const rows: FlowRows[] = []
  const resolve = perFlow(
    await cpu(() => {
      for (const { frame, batch } of batches)
        if (batch.kind === 'flows') rows.push(flowRows(batch, frame, { day: 0, source: 0 }, endpoints, words))
    }),
  )
  const sums = new Rollup()
  const rollup = perFlow(await cpu(() => rows.forEach((each) => sums.add(each, endpoints))))

  const store = await openStore({
    host,
    directory: `${folder}/store`,
    resolver,
    log: recordingLog(),
    metrics: recordingMetrics(),
  })
  const whole = perFlow(
    await cpu(async () => {
      for (const frame of frames) {
        await store.projection.apply([frame])
        if (store.projection.wantsCommit()) await store.projection.commit()
      }
      await store.projection.commit()
    }),
  )
  await store.close()
  await reader.close()
  await journal.close()
  return {
    receive: await receive(one),
    decode,
    journal: journalled,
    read,
    resolve,
    rollup,
    store: whole - read - resolve - rollup,
  }
}

async function decodeAll(intake: Intake, datagrams: readonly Buffer[], now: number) {
  for (const [index, datagram] of datagrams.entries()) {
    intake.take(datagram, '192.0.2.1', 50_000, now)
    if (index % 500 === 499) await host.timers.yield()
  }
  intake.housekeeping(now)
}

async function appendAll(append: (unit: Unit) => Promise<unknown>, units: readonly Unit[]) {
  const waiting = new Set<Promise<unknown>>()
  for (const unit of units) {
    const appending = append(unit).finally(() => waiting.delete(appending))
    waiting.add(appending)
    if (waiting.size >= underWay) await Promise.race(waiting)
  }
  await Promise.all(waiting)
}

/** A socket that discards the datagrams of another process. */
async function receive(one: StepCase): Promise<number> {
  let received = 0
  const udp = await listenUdp({
    host: '127.0.0.1',
    port: 0,
    receiveBuffer: 8 * 1024 * 1024,
    environment: host,
    onDatagrams: ({ bytes }) => {
      received += bytes.length
    },
    onError: () => {},
  })
  const options: SendOptions = { ...one, port: udp.port, rate: 200_000 }
  const sender = fileURLToPath(new URL('../../test/kit/flow-load/send.ts', import.meta.url))
  const cost = await cpu(async () => {
    const child = spawn(process.execPath, [sender, JSON.stringify(options)], { stdio: 'ignore' })
    await once(child, 'exit')
    await host.timers.sleep(100)
  })
  await udp.close()
  return cost / (received * one.perDatagram)
}

async function cpu(act: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(before)
  return user + system
}
