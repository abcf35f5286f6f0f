import type { Listening, Sink, SinkBatch } from '../engine/contracts.ts'
import { realHost, type Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { frameHeader } from '../journal/frame-header.ts'
import { toEventBatch, type WeirEvent } from '../model/events.ts'
import { loadSink } from '../components/registry.ts'
import { sinkSchemas } from '../components/manifests.ts'
import type { Failure } from '../model/outcome.ts'
import { applyOverrides, formatProblems, parseYaml, validate, type AnyComponentSchema } from '../schema/index.ts'
import { CommandError } from './client.ts'
import { fail, ok, reason, warn, type Finding } from './doctor/finding.ts'
import { answerWithin } from './doctor/answer-within.ts'

type CheckedBus = Readonly<{
  type: string
  settings: unknown
  notes: readonly string[]
}>

type CheckOptions = Readonly<{
  write: boolean
  mayCreate: boolean
  stepMs: number
}>

const checkType = 'io.weir.bus.check'

export async function busOfUrl(url: string): Promise<CheckedBus> {
  const [{ busOf }, { PresetProblem }] = await Promise.all([
    import('../presets/kollect/bus.ts'),
    import('../presets/given.ts'),
  ])
  try {
    const { secrets } = busOf({ url, env: self.env }, (name) => name)
    const {
      sink: { type, ...settings },
      notes,
    } = busOf({ url, env: self.env }, (name) => secrets[name] ?? name)
    return { type: String(type), settings: validated(String(type), settings), notes }
  } catch (error) {
    if (error instanceof PresetProblem)
      throw new CommandError(error.message, ['`weir bus check --help` has examples.'], 2)
    throw error
  }
}

export async function busOfSink(files: readonly string[], id: string): Promise<CheckedBus> {
  const { loadConfig } = await import('../app/load-config.ts')
  const { config } = await loadConfig(realHost(), files.length > 0 ? files : [self.env['WEIR_CONFIG'] ?? []].flat(), [])
  const entry = config.sinks[id]
  if (entry === undefined)
    throw new CommandError(
      `There is no sink \`${id}\` in the configuration.`,
      [`Configured sinks: ${Object.keys(config.sinks).join(', ') || 'none; name the file with --config'}.`],
      2,
    )
  return { type: entry.type, settings: entry.settings, notes: [] }
}

function validated(type: string, settings: Readonly<Record<string, unknown>>): unknown {
  const schema: AnyComponentSchema | undefined = Object.entries(sinkSchemas).find(([name]) => name === type)?.[1]
  if (schema === undefined) throw new CommandError(`There is no sink of type ${type}.`, [], 2)
  const result = validate(schema, applyOverrides(parseYaml('', type), [{ path: [], value: settings, origin: type }]))
  if (result.problems !== undefined) throw new CommandError(formatProblems(result.problems, ''), [], 2)
  return result.value
}

/** A failed connection skips the other steps. */
export async function checkBus(
  { type, settings, notes }: CheckedBus,
  options: CheckOptions,
): Promise<readonly Finding[]> {
  const host = realHost()
  const silent = (): void => undefined
  const findings = notes.map((note) => warn('url', note, 'See `weir help guide/kollect`.'))
  let sink: Sink
  try {
    const definition = await loadSink(type)
    sink = await definition.build(settings, {
      id: 'check',
      host,
      log: { debug: silent, info: silent, warn: silent, error: silent },
      metrics: { count: silent, set: silent },
    })
  } catch (error) {
    return [...findings, fail('connect', reason(error), 'Correct the settings.')]
  }
  try {
    await steps(sink, type, host, options, findings)
  } finally {
    await Promise.race([sink.close(), host.timers.sleep(1000)])
  }
  return findings
}

async function steps(sink: Sink, type: string, host: Host, options: CheckOptions, findings: Finding[]) {
  const { write, stepMs } = options
  const answer = await answerWithin(
    host,
    stepMs,
    (signal) =>
      sink.probe?.(signal) ??
      Promise.resolve({ is: 'warn' as const, message: `a sink of type ${type} cannot be tested without sending` }),
  )
  findings.push(
    answer === undefined
      ? late('connect', stepMs)
      : answer.is === 'ok'
        ? ok('connect', answer.message)
        : answer.is === 'warn'
          ? warn('connect', answer.message, 'Send a message to test more.')
          : fail('connect', answer.message, 'Nothing was sent.'),
  )
  if (answer?.is === 'fail' || answer === undefined || !write) return
  const id = Buffer.from(host.random.bytes(12)).toString('hex')
  const batch = batchOf(
    {
      id,
      source: '/weir/bus/check',
      type: checkType,
      subject: 'check',
      key: 'check',
      time: host.clock.now(),
      datacontenttype: 'application/json',
      encoding: 'json',
      data: Buffer.from(JSON.stringify({ check: id })),
    },
    host.clock.now(),
  )
  const unobservable = `messages of a sink of type ${type} cannot be observed without taking them from their readers`
  let listening: Listening | string | undefined
  let subscribeError: string | undefined
  try {
    listening = await answerWithin(host, stepMs, async (signal) => {
      const made = (await sink.listen?.(signal, { batch, mayCreate: options.mayCreate })) ?? unobservable
      if (signal.aborted && typeof made === 'object') await made.close()
      return made
    })
    if (listening === undefined) subscribeError = `subscribing failed within ${stepMs / 1000} s`
  } catch (error) {
    subscribeError = reason(error)
  }
  try {
    const began = host.clock.monotonic()
    const failures = await answerWithin(host, 3 * stepMs, (signal) => sink.send(batch, signal))
    const [failure] = failures ?? []
    const [shown] = sink.preview?.(batch) ?? []
    const where = shown !== undefined && 'body' in shown ? ` to ${shown.to ?? type}, ${shown.body.length} bytes` : ''
    if (failures === undefined) findings.push(late('write', 3 * stepMs))
    else if (failure !== undefined)
      findings.push(
        fail(
          'write',
          failure.reason,
          failure.is === 'retry'
            ? 'Weir would retain the rows and retry.'
            : 'Weir would turn such a row into a dead letter.',
        ),
      )
    else
      findings.push(
        ok(
          'write',
          `a message was sent${where}, and acknowledged after ${Math.round(host.clock.monotonic() - began)} ms`,
        ),
      )
    if (failures === undefined || failure !== undefined) return
    if (listening === undefined)
      findings.push(
        warn(
          'read',
          subscribeError ?? unobservable,
          'Consumers need that permission; Weir, which only writes, does not.',
        ),
      )
    else if (typeof listening === 'string') findings.push(warn('read', listening, 'Check the message at the consumer.'))
    else findings.push(await readBack(listening, id, { host, stepMs, again: (signal) => sink.send(batch, signal) }))
  } finally {
    if (typeof listening === 'object') await listening.close()
  }
}

type ReadBack = Readonly<{
  host: Host
  stepMs: number
  again: (signal: AbortSignal) => Promise<readonly Failure[]>
}>

const graceMs = 8000

async function readBack(listening: Listening, id: string, { host, stepMs, again }: ReadBack): Promise<Finding> {
  try {
    let sent = host.clock.monotonic()
    if (listening.begin !== undefined) {
      await answerWithin(host, stepMs, () => listening.begin?.() ?? Promise.resolve())
      sent = host.clock.monotonic()
      const failures = await answerWithin(host, stepMs, again)
      if (failures?.length !== 0)
        return fail(
          'read',
          `the second send with the same id was rejected (${failures?.[0]?.reason ?? 'no response'})`,
          'The first send succeeded: try again.',
        )
    }
    const over = new AbortController()
    const timer = host.timers.after(stepMs, () => {
      over.abort()
    })
    const came = await answerWithin(host, stepMs + graceMs, () => listening.received(id, over.signal)).finally(() => {
      timer.cancel()
    })
    if (typeof came === 'string') return warn('read', came, 'Check the message at the consumer.')
    if (came !== true)
      return fail(
        'read',
        `the message was not received within ${stepMs / 1000} s`,
        'It was acknowledged: check the routing to the consumer.',
      )
    return ok(
      'read',
      `the message was received ${Math.round(host.clock.monotonic() - sent)} ms after the ` +
        `send${listening.begin === undefined ? '' : ', twice with the same id'}`,
    )
  } catch (error) {
    return warn('read', reason(error), 'Consumers need that permission; Weir, which only writes, does not.')
  }
}

function late(check: string, ms: number) {
  return fail(
    check,
    `no response within ${ms / 1000} s`,
    'Check the address and firewalls. A slow bus may need a longer --timeout.',
  )
}

function batchOf(event: WeirEvent, received: number): SinkBatch {
  const header = frameHeader({
    sequence: 1,
    kind: 'events',
    source: 'check',
    count: 1,
    received,
    timeMin: received,
    timeMax: received,
  })
  return {
    token: event.id,
    count: 1,
    retried: false,
    pieces: [{ header, batch: toEventBatch([event]), rows: Uint32Array.of(0), firstRow: 0 }],
  }
}
